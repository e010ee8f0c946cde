"""How strict each stack is: which severities stop a deployment, and the numbers that rules compare with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from infra.policy.rule import Rule, Severity

Level = Literal["mandatory", "advisory", "disabled"]


@dataclass(frozen=True, kw_only=True)
class Strictness:
    """Of one stack. `mandatory_from` is the lowest severity that stops a deployment; less is advice."""

    mandatory_from: Severity
    backup_days: int
    log_days: int
    instance_classes: tuple[str, ...]  # prefixes
    nat_gateways: int
    tasks: int  # most tasks of one service
    needs_protection: bool
    open_ports: tuple[int, ...] = (80, 443)  # to anyone


#:                                 stops from           backup  logs    database classes                     NATs tasks
STACKS: Mapping[str, Strictness] = {
    "local": Strictness(
        mandatory_from=Severity.CRITICAL, backup_days=0, log_days=1,
        instance_classes=("db.t4g.",), nat_gateways=0, tasks=2, needs_protection=False, open_ports=(6400,),
    ),
    "dev": Strictness(
        mandatory_from=Severity.HIGH, backup_days=1, log_days=7,
        instance_classes=("db.t4g.",), nat_gateways=0, tasks=4, needs_protection=False,
    ),
    "lab": Strictness(
        mandatory_from=Severity.MEDIUM, backup_days=0, log_days=1,
        instance_classes=(), nat_gateways=0, tasks=0, needs_protection=False,
    ),
    "prod": Strictness(
        mandatory_from=Severity.MEDIUM, backup_days=7, log_days=90,
        instance_classes=("db.t4g.", "db.m7g.", "db.r7g."), nat_gateways=2, tasks=20, needs_protection=True,
    ),
}  # fmt: skip

#: Where a stack differs from what the severity says: (stack, rule) -> level.
OVERRIDES: Mapping[tuple[str, str], Level] = {
    # One machine: loopback is nobody else's and has no TLS, and what is not there has no second zone.
    ("local", "api-closed"): "disabled",
    ("local", "rds-force-ssl"): "disabled",
    ("local", "rds-backups"): "disabled",
    ("local", "rds-multi-az"): "disabled",
    # What dev costs is bounded as surely as what prod costs.
    ("dev", "cost-instance-class"): "mandatory",
    ("dev", "cost-nat-gateways"): "mandatory",
    # dev is thrown away with its data: cheap is the point.
    ("dev", "rds-multi-az"): "disabled",
    ("dev", "ecs-no-public-ip"): "advisory",
}

#: Rules that mend what they find in a stack, where they can (remedies.py): off, until somebody wants it.
MENDED: Mapping[str, tuple[str, ...]] = {}


def mends(rule: Rule, stack: str) -> bool:
    """Whether a stack has what a rule finds mended."""
    return rule.id in MENDED.get(stack, ())


def strictness(stack: str) -> Strictness:
    """A stack's own; any other stack is held to prod's."""
    return STACKS.get(stack, STACKS["prod"])


def level(rule: Rule, stack: str) -> Level:
    """What a violation of a rule means in a stack."""
    by_severity: Level = "mandatory" if rule.severity >= strictness(stack).mandatory_from else "advisory"
    return OVERRIDES.get((stack, rule.id), by_severity)
