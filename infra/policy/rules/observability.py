"""CloudWatch: logs and alarms."""

import re
from collections.abc import Iterator

from infra.policy.levels import strictness
from infra.policy.resources import Resource, Stack
from infra.policy.rule import Severity, rule

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
_RUNBOOK = re.compile(r"\bdocs/runbooks/[\w-]+\.md\b|\bhttps://\S+/runbooks/\S+")


@rule(
    "logs-retention", LOG_GROUP, control="CloudWatch.16", severity=Severity.MEDIUM,
    why="Logs that are gone explain nothing; logs without an end are paid for for ever.",
    mend="Set backlog:logRetentionDays.",
)  # fmt: skip
def retention(group: Resource, stack: Stack) -> Iterator[str]:
    days, least = group.get("retentionInDays", 0), strictness(stack.name).log_days
    if not days:
        yield "keeps logs for ever"
    elif days < least:
        yield f"keeps logs for {days} days; {least} are asked of {stack.name}"


@rule(
    "alarm-runbook", ALARM, severity=Severity.MEDIUM,
    why="Whoever is woken has to find out first what it means.",
    mend="Name the runbook (docs/runbooks/NAME.md) in alarm_description.",
)  # fmt: skip
def runbook(alarm: Resource, _: Stack) -> Iterator[str]:
    if not _RUNBOOK.search(alarm.get("alarmDescription", "")):
        yield "names no runbook"


@rule(
    "alarm-action", ALARM, control="CloudWatch.15", severity=Severity.HIGH,
    why="An alarm that tells nobody is none.",
    mend="Set alarm_actions to a topic.",
)  # fmt: skip
def action(alarm: Resource, _: Stack) -> Iterator[str]:
    if not alarm.links.get("alarmActions") and not alarm.get("alarmActions"):
        yield "tells nobody"
