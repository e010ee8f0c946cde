"""What an RDS instance class has: its memory, and the connections that PostgreSQL takes with it."""

import re
from collections.abc import Mapping

_GIB = 1024**3  # bytes
_CLASS = re.compile(r"^db\.(?P<family>([a-z]+)\d[a-z-]*)\.(?P<size>[a-z0-9]+)$")
#: GiB of memory of the burstable families' sizes.
_BURSTABLE: Mapping[str, float] = {"micro": 1, "small": 2, "medium": 4, "large": 8, "xlarge": 16, "2xlarge": 32}
#: GiB of memory for each vCPU of the others; the longest name that a family begins with counts.
#: Source: Amazon RDS User Guide, "Hardware specifications for DB instance classes".
_GIB_OF_VCPU: Mapping[str, float] = {
    "c": 2,
    "m": 4,
    "r": 8,
    "r3": 7.625,
    "r4": 7.625,
    "x1": 15.25,
    "x1e": 30.5,
    "x2g": 16,
    "x2idn": 16,
    "x2iedn": 32,
    "x2iezn": 32,
    "x8g": 16,
    "z1d": 8,
}
_VCPUS: Mapping[str, int] = {"medium": 1, "large": 2, "xlarge": 4}
#: What RDS keeps of the memory for system and agents, and PostgreSQL is not given: a tenth, and GiB beside it. AWS
#: tells no figure. Seen elsewhere: 181 connections on a db.t4g.small and 832 on a db.m7g.large, of 225 and 901 by
#: the full memory (github.com/kirill-markin/flashcards-open-source-app/pull/1657, mitodl/ol-infrastructure/pull/5427).
_KEPT_SHARE, _KEPT_GIB = 0.1, 0.2


def memory_gib(instance_class: str) -> float:
    """GiB of memory of a class, all of it.

    Raises:
        ValueError: the class is of a family or a size that stands not in this file.
    """
    found = _CLASS.match(instance_class)
    family, size = (found["family"], found["size"]) if found else ("", "")
    if family.startswith("t"):
        memory = _BURSTABLE.get(size)
    else:
        times = size.removesuffix("xlarge")
        vcpus = _VCPUS["xlarge"] * int(times) if times.isdigit() else _VCPUS.get(size)
        ratio = max((known for known in _GIB_OF_VCPU if family.startswith(known)), key=len, default=None)
        memory = None if vcpus is None or ratio is None else _GIB_OF_VCPU[ratio] * vcpus
    if memory is None:
        raise ValueError(f"the memory of {instance_class} is not known (infra/database_class.py)")
    return memory


def max_connections(instance_class: str) -> int:
    """Connections that RDS's default parameter group gives a class: LEAST(memory in bytes / 9531392, 5000).

    The memory is what RDS leaves to PostgreSQL, reckoned low.
    Source: RDS User Guide, "Quotas and constraints", maximum number of database connections.
    """
    memory = memory_gib(instance_class) * (1 - _KEPT_SHARE) - _KEPT_GIB
    return min(int(memory * _GIB / 9_531_392), 5_000)
