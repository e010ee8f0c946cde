"""What watches and tells: alarms, and records of what happened.

Without one nothing breaks; but nobody notices when something does.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from infra.policy.resources import Hidden
from infra.review.changes import counted
from infra.review.finding import Finding, Section, Verdict
from infra.review.preview import Change, Preview, sources

ALARM: Final = "aws:cloudwatch/metricAlarm:MetricAlarm"
_TOPIC: Final = "aws:sns/topic:Topic"
COMPOSITE: Final = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
#: What is no longer noticed, or no longer to be looked up, without them. CloudTrail's trails are with the guards.
_WATCHERS: Final = {
    ALARM: "nobody is told of what was watched",
    COMPOSITE: "nobody is told of what was watched",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": "what it counted in the log is counted no more",
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": "the log is passed on no more",
    "aws:ec2/flowLog:FlowLog": "who spoke to whom in the network is recorded no more",
    "aws:guardduty/detector:Detector": "threats in the account are looked for no more",
    "aws:cfg/recorder:Recorder": "changes of the account's resources are recorded no more",
    "aws:securityhub/account:Account": "the account is held to no standard any more",
    "aws:accessanalyzer/analyzer:Analyzer": "access from outside of the account is looked for no more",
    "aws:budgets/budget:Budget": "nobody is told when the account spends more than it should",
    "aws:route53/healthCheck:HealthCheck": "what it looked at is looked at no more",
}


def find(preview: Preview) -> Iterator[Finding]:
    """Watchers that go though what they watch stays, and alarms that no longer tell anybody."""
    gone: dict[str, list[Change]] = defaultdict(list)
    for change in preview.changed:
        if change.op == "delete" and change.type in _WATCHERS and not _goes_with_its_own(preview, change):
            gone[change.type].append(change)
        elif change.op == "update" and change.type in (ALARM, COMPOSITE):
            yield from _muted(change)
    for type_, changes in gone.items():
        first, number = changes[0], len(changes)
        kind = first.label.removesuffix(f" {first.name}")
        yield Finding(
            section=Section.DOWNTIME,
            verdict=Verdict.LOOK,
            title=f"{first.label if number == 1 else counted(number, kind)} "
            f"{'is' if number == 1 else 'are'} deleted: {_WATCHERS[type_]}",
            resource=first.urn if number == 1 else "",
            details=tuple(sorted(change.label for change in changes)) if number > 1 else (),
        )


def _goes_with_its_own(preview: Preview, change: Change) -> bool:
    """Whether all of the stack's that it watched goes too; the topics that it tells are not what it watches."""
    watched = [
        preview.by_urn[urn]
        for urn in sources(change.before)
        if urn in preview.by_urn and preview.by_urn[urn].state.custom and preview.by_urn[urn].type != _TOPIC
    ]
    return bool(watched) and all(one.after is None for one in watched)


def _muted(change: Change) -> Iterator[Finding]:
    assert change.before is not None  # noqa: S101 - an update has both
    assert change.after is not None  # noqa: S101
    sides = (change.before, change.after)
    before, after = (_tells(side.raw("actionsEnabled"), side.raw("alarmActions")) for side in sides)
    if before and after is False:
        yield Finding(
            section=Section.DOWNTIME,
            verdict=Verdict.LOOK,
            title=f"{change.label} tells nobody any more: its actions are taken away or switched off",
            resource=change.urn,
        )


def _tells(enabled: object, actions: object) -> bool | None:
    """Whether somebody is told when the alarm goes off; None where that can't be read. They are enabled by default."""
    if enabled in (False, "false"):
        return False
    if isinstance(actions, Hidden) or isinstance(enabled, Hidden):
        return None
    return bool(actions)
