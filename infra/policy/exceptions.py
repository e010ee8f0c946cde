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
        rule="ecs-read-only-root", stacks=("dev", "prod"), resource="*", owner="operations", expires=_UNTIL,
        reason="gunicorn and Celery write heartbeat and socket files; /tmp must become a volume of the task first",
    ),
    Excepted(
        rule="ecs-not-root", stacks=("prod",), resource="*", owner="operations", expires=_UNTIL,
        reason="both images say USER (their Dockerfiles), which the task definition does not repeat yet",
    ),
    Excepted(
        rule="elb-https", stacks=("prod",), resource="api", owner="operations", expires=_UNTIL,
        reason="a certificate needs a domain name, which the configuration does not have yet",
    ),
    Excepted(
        rule="elb-access-logs", stacks=("prod",), resource="api", owner="operations", expires=_UNTIL,
        reason="the API logs each request itself; logs of the balancer need a bucket, which the stack has not",
    ),
    Excepted(
        rule="ec2-flow-logs", stacks=("prod",), resource="vpc", owner="security", expires=_UNTIL,
        reason="every rule names a port and a group or HTTPS; flow logs come with a budget for their volume",
    ),
    Excepted(
        rule="rds-iam-authentication", stacks=("prod",), resource="database", owner="security", expires=_UNTIL,
        reason="the password is RDS's own, rotated, and never seen by the program (docs/adr/0009)",
    ),
)  # fmt: skip
