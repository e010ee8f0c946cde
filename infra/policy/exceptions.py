"""Violations that are allowed for a while: why, who answers for it, until when.

An expired exception allows nothing: the violation fails again, and says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase


@dataclass(frozen=True, kw_only=True)
class Excepted:
    """`resource` is a pattern of logical names; `owner` a role; `expires` the last day that it holds."""

    rule: str
    stacks: tuple[str, ...]
    resource: str
    reason: str
    owner: str
    expires: date

    def covers(self, rule: str, stack: str, resource: str) -> bool:
        """Whether it speaks of this violation, expired or not."""
        return rule == self.rule and stack in self.stacks and fnmatchcase(resource, self.resource)


_UNTIL = date(2027, 3, 31)

EXCEPTIONS: Sequence[Excepted] = (
    Excepted(
        rule="elb-https", stacks=("prod",), resource="api", owner="operations", expires=_UNTIL,
        reason="a certificate needs a domain name, which the configuration does not have yet",
    ),
    Excepted(
        rule="rds-iam-authentication", stacks=("prod",), resource="database", owner="security", expires=_UNTIL,
        reason="API and worker have a role and a password of their own; tokens wait for a trial on RDS (docs/adr/0011)",
    ),
    Excepted(
        rule="secrets-rotated", stacks=("prod",), resource="*", owner="security", expires=_UNTIL,
        reason="a login is read when a task starts: a new one needs a deployment, and is made by hand (docs/adr/0010)",
    ),
)  # fmt: skip
