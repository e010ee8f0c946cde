"""Guards that a change takes away, though nothing is deleted by it: the next mistake finds nothing in its way.

Sources: each property's documentation in pulumi_aws; RDS User Guide, "Disabling automated backups"; DynamoDB Developer
Guide, "Point-in-time recovery"; S3 User Guide, "How S3 Versioning works".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from infra.policy.resources import Hidden
from infra.review.changes import counted
from infra.review.contract import number_of
from infra.review.deletion import is_on
from infra.review.finding import Finding, Section, Verdict, of_data
from infra.review.preview import Change, Preview
from infra.review.retention import differs
from infra.review.stateful import store_of


@dataclass(frozen=True)
class Switch:
    """A property that guards something.

    Attributes:
        stands: whether it guards when it is on; others guard when they are off.
        default: whether it is on where nothing is said; None where that leaves it as it is.
        loss: what its going does.
        types: those that it is of; of any type where there are none.
    """

    path: str
    loss: str
    stands: bool = True
    default: bool | None = False
    verdict: Verdict = Verdict.LOOK
    irreversible: bool = False
    types: tuple[str, ...] = ()


_DELETED = "a change that deletes it is no longer refused by AWS"
_SWITCHES: Final = (
    Switch("deletionProtection", _DELETED),
    Switch("deletionProtectionEnabled", _DELETED, default=None),
    Switch("enableDeletionProtection", _DELETED),
    Switch("disableApiTermination", _DELETED),
    Switch("terminationProtection", _DELETED),
    Switch("skipDestroy", "a change that leaves it out deletes the thing itself"),
    Switch("skipFinalSnapshot", "no last snapshot is made when it is deleted", stands=False),
    Switch("skipFinalBackup", "no last backup is made when it is deleted", stands=False),
    Switch("deleteAutomatedBackups", "its automated backups go with it", stands=False, default=True),
    Switch(
        "forceDestroy",
        "it is deleted with all that is in it, and no longer refused while it is not empty",
        stands=False,
    ),
    Switch(
        "forceDelete", "it is deleted with all that is in it, and no longer refused while it is not empty", stands=False
    ),
    Switch("storageEncrypted", "what is written to disk is no longer encrypted", default=None),
    Switch("atRestEncryptionEnabled", "what is written to disk is no longer encrypted", default=None),
    Switch(
        "encrypted",
        "what is written to disk is no longer encrypted",
        default=None,
        types=("aws:ebs/volume:Volume", "aws:efs/fileSystem:FileSystem"),
    ),
    Switch("enableKeyRotation", "the key's material is not renewed each year"),
    Switch(
        "pointInTimeRecovery.enabled",
        "the table can't be restored to any moment of the past 35 days, from now on and for the days before",
        default=None,
        verdict=Verdict.DANGEROUS,
        irreversible=True,
    ),
    Switch("versioning.enabled", "an object that is overwritten or deleted from now on can't be had back"),
    Switch("versioningConfiguration.status", "an object that is overwritten or deleted from now on can't be had back"),
    Switch(
        "enableLogging",
        "what is done in the account is no longer recorded",
        default=True,
        types=("aws:cloudtrail/trail:Trail",),
    ),
)


@dataclass(frozen=True)
class Number:
    """A number of days, or of copies, that guards: less of it is less of a guard."""

    path: str
    called: str
    default: float | None = None
    at_zero: str = ""
    zero: Verdict = Verdict.LOOK


_GONE_AT_ONCE = "all automated backups are deleted at once, and none are made: it can't be restored to any moment"
_NUMBERS: Final = (
    Number("backupRetentionPeriod", "days of backups", at_zero=_GONE_AT_ONCE, zero=Verdict.DANGEROUS),
    Number("automatedSnapshotRetentionPeriod", "days of snapshots", at_zero=_GONE_AT_ONCE, zero=Verdict.DANGEROUS),
    Number("snapshotRetentionLimit", "days of snapshots", default=0, at_zero="no snapshot is made any more"),
    Number("automaticBackupRetentionDays", "days of backups", at_zero=_GONE_AT_ONCE, zero=Verdict.DANGEROUS),
    Number(
        "recoveryWindowInDays",
        "days in which it can be had back once it is deleted",
        default=30,
        at_zero="once it is deleted it is gone at once",
    ),
    Number("deletionWindowInDays", "days in which it can be had back once it is deleted", default=30),
    Number("permanentDeletionTimeInDays", "days in which it can be had back once it is deleted", default=30),
)


def find(preview: Preview) -> Iterator[Finding]:
    """Each guard that goes, of what stays."""
    stay = [change for change in preview.by_urn.values() if change.before and change.after and change.state.custom]
    bare = [change for change in stay if change.before and change.before.protect and not change.state.protect]
    yield from _taken(bare, "protect", "a change that deletes or replaces it is no longer refused")
    owned = [change for change in stay if change.before and change.before.retain and not change.state.retain]
    yield from _taken(owned, "retainOnDelete", "a change that leaves it out deletes the thing itself")
    for change in preview.changed:
        if change.op == "update":
            for switch in _SWITCHES:
                yield from _switched(change, switch)
            for number in _NUMBERS:
                yield from _lowered(change, number)


def _taken(changes: list[Change], guard: str, loss: str) -> Iterator[Finding]:
    """What Pulumi itself guards; of many at once, a component's for example, it is said once."""
    if len(changes) == 1:
        yield of_data(changes[0], Verdict.LOOK, f"{changes[0].label} loses {guard}: {loss}", _what(changes[0]))
    elif changes:
        title = f"{counted(len(changes), 'resource')} lose {guard}: {loss.replace(' it ', ' them ')}"
        lines = tuple(": ".join((change.label, *_what(change))) for change in changes)
        yield Finding(section=Section.DATA_LOSS, verdict=Verdict.LOOK, title=title, details=lines)


def _what(change: Change) -> tuple[str, ...]:
    store = store_of(change.state)
    return (f"it holds {store.holds}",) if store else ()


def _switched(change: Change, switch: Switch) -> Iterator[Finding]:
    if (switch.types and change.type not in switch.types) or not differs(change, switch.path):
        return
    assert change.before is not None  # noqa: S101 - an update has both
    assert change.after is not None  # noqa: S101
    was, given = change.before.raw(switch.path), change.after.raw(switch.path)
    old, new = _stands(was, switch), _stands(given, switch)
    stood = old is True or isinstance(was, Hidden)  # what can't be read is taken for a guard
    if not stood or new is True or (switch.default is None and given is None):
        return
    how = f"is {given.why}" if isinstance(given, Hidden) else "is switched off" if switch.stands else "is switched on"
    perhaps = "perhaps " if isinstance(given, Hidden) else ""
    title = f"{change.label}: {switch.path} {how}: {perhaps}{switch.loss}"
    yield of_data(change, switch.verdict, title, _what(change), irreversible=switch.irreversible)


def _stands(value: Any, switch: Switch) -> bool | None:
    """Whether the guard stands; None where that can't be read."""
    if isinstance(value, Hidden):
        return None
    on = switch.default if value is None else is_on(value)
    return None if on is None else on is switch.stands


def _lowered(change: Change, number: Number) -> Iterator[Finding]:
    if not differs(change, number.path):
        return
    assert change.before is not None  # noqa: S101 - an update has both
    assert change.after is not None  # noqa: S101
    given = change.after.raw(number.path)
    if isinstance(given, Hidden):
        title = f"{change.label}: how many {number.called} there will be is {given.why}"
        yield of_data(change, Verdict.LOOK, title)
        return
    old, new = (_count(side.raw(number.path), number) for side in (change.before, change.after))
    if new is None or (old is not None and new >= old):
        return
    was = "an unknown number" if old is None else f"{old:g}"
    loss = f": {number.at_zero}" if new == 0 and number.at_zero else ""
    verdict = number.zero if new == 0 and old != 0 else Verdict.LOOK
    title = f"{change.label}: {number.called} {was} -> {new:g}{loss}"
    yield of_data(change, verdict, title, _what(change), irreversible=verdict is Verdict.DANGEROUS)


def _count(value: Any, number: Number) -> float | None:
    return number.default if value is None else number_of(value)
