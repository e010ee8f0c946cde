"""What is lost, or can't be taken back, though its resource stays: kept for less long, switched off, shrunk.

Sources: CloudWatch Logs User Guide, "Change log data retention"; SQS API, SetQueueAttributes; KMS Developer Guide,
"Enabling and disabling keys".
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.policy.resources import Hidden
from infra.review.contract import number_of
from infra.review.deletion import is_on
from infra.review.differences import shown
from infra.review.finding import Finding, Verdict, of_data
from infra.review.preview import Change, Preview, State
from infra.review.stateful import KEY, LOG_GROUP, TABLE

FOR_EVER: Final = float("inf")


@dataclass(frozen=True)
class Kept:
    """For how long something is kept.

    Attributes:
        default: where nothing is said; None where that is not known.
        zero: what 0 means.
        what: what is deleted that is older.
        sure: whether there is always something older, as of what is written day by day.
    """

    path: str
    unit: str
    what: str
    default: float | None = None
    zero: float = 0
    sure: bool = True


_KEPT: Final[Mapping[str, Kept]] = {
    LOG_GROUP: Kept("retentionInDays", "days", "log lines", default=FOR_EVER, zero=FOR_EVER),
    "aws-native:logs:LogGroup": Kept("retentionInDays", "days", "log lines", default=FOR_EVER, zero=FOR_EVER),
    "aws:kinesis/stream:Stream": Kept("retentionPeriod", "hours", "records", default=24),
    "aws:cloudtrail/eventDataStore:EventDataStore": Kept("retentionPeriod", "days", "audit events", default=2555),
    "aws:cloudwatch/eventArchive:EventArchive": Kept(
        "retentionDays", "days", "archived events", default=FOR_EVER, zero=FOR_EVER
    ),
    "aws:timestreamwrite/table:Table": Kept("retentionProperties.magneticStoreRetentionPeriodInDays", "days", "rows"),
    "aws:sqs/queue:Queue": Kept(
        "messageRetentionSeconds", "seconds", "messages that wait, or are set aside,", default=345_600, sure=False
    ),
}


def find(preview: Preview) -> Iterator[Finding]:
    """Each change in place that loses something, or that reverting does not take back."""
    for change in preview.changed:
        if change.before is None or change.after is None:
            continue
        if change.op == "update":
            for check in (_shorter, _key_disabled, _time_to_live, _indexes, _shrunk):
                yield from check(change, change.before, change.after)


def differs(change: Change, path: str) -> bool:
    """Whether a property differs, by both sides and by what the provider says."""
    assert change.before is not None  # noqa: S101 - see the callers
    assert change.after is not None  # noqa: S101
    before, after = change.before.raw(path), change.after.raw(path)
    if before == after and not isinstance(after, Hidden):
        return False
    told = {re.split(r"[.\[]", reason)[0] for reason in change.reasons}
    return not told or path.split(".", 1)[0] in told


def blocks(state: State | None, path: str) -> list[Mapping[str, Any]]:
    """The blocks of a list, and none of what is no block."""
    found = state.raw(path) if state else None
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _shorter(change: Change, before: State, after: State) -> Iterator[Finding]:
    kept = _KEPT.get(change.type)
    if kept is None or not differs(change, kept.path):
        return
    given = after.raw(kept.path)
    if isinstance(given, Hidden):
        title = f"for how long {change.label} keeps {kept.what} is {given.why}: older ones are deleted for good"
        yield of_data(change, Verdict.LOOK, title)
        return
    old, new = (_length(kept, side.raw(kept.path)) for side in (before, after))
    if new is None or (old is not None and new >= old):
        return
    was = "" if old is None else " instead of for ever" if old == FOR_EVER else f" instead of {old:,.15g}"
    title = f"{change.label} keeps {kept.what} for {new:,.15g} {kept.unit}{was}: older ones are deleted for good"
    yield of_data(change, Verdict.DANGEROUS if kept.sure else Verdict.LOOK, title, irreversible=True)


def _length(kept: Kept, value: Any) -> float | None:
    if value is None:
        return kept.default
    length = number_of(value)
    return kept.zero if length == 0 else length


def _key_disabled(change: Change, before: State, after: State) -> Iterator[Finding]:
    name = "isEnabled" if change.type == KEY else "enabled"
    if change.type not in (KEY, "aws:kms/externalKey:ExternalKey", "aws-native:kms:Key") or not differs(change, name):
        return
    if after.raw(name) is False or (isinstance(after.raw(name), Hidden) and before.raw(name) is not False):
        unsure = " (whether, is known only after the update)" if after.raw(name) is not False else ""
        title = f"{change.label} is disabled{unsure}: whatever is encrypted with it can't be read until it is enabled"
        yield of_data(change, Verdict.DANGEROUS, title)


def _time_to_live(change: Change, before: State, after: State) -> Iterator[Finding]:
    if change.type != TABLE or not differs(change, "ttl"):
        return
    old, new = ((is_on(side.raw("ttl.enabled")), side.raw("ttl.attributeName")) for side in (before, after))
    if new[0] and new != old:
        title = f"{change.label}: items whose {shown(new[1])} is in the past are deleted within days"
        yield of_data(change, Verdict.LOOK, title, irreversible=True)


def _indexes(change: Change, before: State, after: State) -> Iterator[Finding]:
    if change.type != TABLE or not differs(change, "globalSecondaryIndexes"):
        return
    if isinstance(after.raw("globalSecondaryIndexes"), Hidden):
        return
    old, new = ({str(one.get("name")) for one in blocks(side, "globalSecondaryIndexes")} for side in (before, after))
    for name in sorted(old - new):
        yield of_data(change, Verdict.LOOK, f"{change.label}: index {name} is deleted, and who queries by it fails")


#: Sizes that AWS lets grow alone.
_SIZES: Final = {
    "aws:rds/instance:Instance": "allocatedStorage",
    "aws:ebs/volume:Volume": "size",
    "aws:msk/cluster:Cluster": "brokerNodeGroupInfo.storageInfo.ebsStorageInfo.volumeSize",
    "aws:fsx/windowsFileSystem:WindowsFileSystem": "storageCapacity",
}


def _shrunk(change: Change, before: State, after: State) -> Iterator[Finding]:
    path = _SIZES.get(change.type)
    if path is None:
        return
    old, new = number_of(before.raw(path)), number_of(after.raw(path))
    if old is not None and new is not None and new < old:
        title = f"{change.label} is to shrink from {old:g} to {new:g} GiB: AWS only lets it grow, and the update fails"
        yield of_data(change, Verdict.LOOK, title)
