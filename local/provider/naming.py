"""Physical names for resources that leave theirs to the provider, as pulumi-aws makes them: logical name and a suffix.

The suffix is a digest of the URN and of the inputs that force a replacement, not a random number: a name is the same
on each run, and yet a replacement is made beside what it replaces. As there, a logical name that is too long is
refused, not cut: two names that differ only in their ends would become one.
Source: pulumi-aws, provider/resource_overrides.go and provider/autonaming.go.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from local.provider.diff import fact
from local.provider.properties import Bag, has_unknown
from local.provider.schema import Failure


@dataclass(frozen=True)
class AutoName:
    """Which property holds the name, what it begins with, and the longest one that AWS takes, in characters."""

    property: str = "name"
    longest: int = 64
    lower: bool = False
    prefix: str = ""


def digest(*parts: str, length: int = 8) -> str:
    """Hexadecimal digits that depend on nothing but the parts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:length]


def auto_name(auto: AutoName, token: str, urn: str, name: str, inputs: Bag, olds: Bag) -> str:
    """The physical name of a resource: the one that it has (`olds`) unless this change replaces it."""
    forcing = _forcing(auto, token, inputs)
    if olds.get(auto.property) and _forcing(auto, token, olds) == forcing:
        return str(olds[auto.property])
    suffix = f"-{digest(urn, json.dumps(forcing, sort_keys=True), length=7)}"
    if inputs.get("fifoQueue") or inputs.get("fifoTopic"):
        suffix += ".fifo"
    prefix = inputs.get(f"{auto.property}Prefix") or name
    stem = prefix.removesuffix("-")
    return auto.prefix + (stem.lower() if auto.lower else stem) + suffix


def given_name(auto: AutoName, token: str, urn: str, name: str, olds: Bag, news: Bag) -> bool:
    """Whether the program itself gives the resource its name, and the same as before.

    Then a replacement can't stand beside what it replaces: pulumi-aws deletes the old one first.
    Source: pulumi-terraform-bridge, pkg/tfbridge/provider.go, Diff.
    """
    old = olds.get(auto.property)
    return old is not None and old == news.get(auto.property) and old != auto_name(auto, token, urn, name, olds, {})


def check_length(auto: AutoName, inputs: Bag) -> Iterator[Failure]:
    """Whether AWS takes a name of this length, whoever gave it."""
    name = inputs.get(auto.property, "")
    if not has_unknown(name) and len(name) > auto.longest:
        yield Failure(
            auto.property,
            f"{name!r} has {len(name)} characters; AWS takes {auto.longest}",
        )


def _forcing(auto: AutoName, token: str, inputs: Bag) -> Bag:
    listed = fact("replace-on-change").get(token, [])
    return {key: inputs[key] for key in sorted(inputs) if key in listed and key != auto.property}
