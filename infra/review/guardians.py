"""Resources that guard others, and go or guard less: backups, versions, locks, queues for what failed.

Sources: S3 User Guide, "How S3 Versioning works"; AWS Backup Developer Guide, "Managing backup plans"; SQS Developer
Guide, "Using dead-letter queues".
"""

from collections.abc import Iterator, Mapping
from typing import Final

from infra.review.contract import number_of
from infra.review.finding import Finding, Verdict, of_data
from infra.review.preview import Change, Preview, State
from infra.review.retention import FOR_EVER, blocks, differs

_TRIED_FOR_EVER: Final = "a message that always fails is tried until it is too old, and then lost: none is set aside"
#: Resources that are a guard themselves, the property that says of what, and what their end does.
_GUARDIANS: Final[Mapping[str, tuple[str, str]]] = {
    **dict.fromkeys(
        ("aws:s3/bucketVersioning:BucketVersioning", "aws:s3/bucketVersioningV2:BucketVersioningV2"),
        ("bucket", "an object that is overwritten or deleted from now on can't be had back"),
    ),
    **dict.fromkeys(
        (
            "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
            "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2",
        ),
        ("bucket", "new objects are no longer locked against deletion"),
    ),
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": ("bucket", "new objects are no longer copied elsewhere"),
    "aws:backup/plan:Plan": ("", "nothing is backed up by it any more"),
    "aws:backup/selection:Selection": ("planId", "what it chose is no longer backed up"),
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": ("backupVaultName", "backups can be deleted by hand"),
    "aws:efs/backupPolicy:BackupPolicy": ("fileSystemId", "the file system is no longer backed up"),
    "aws:efs/replicationConfiguration:ReplicationConfiguration": ("sourceFileSystemId", "files are no longer copied"),
    "aws:dlm/lifecyclePolicy:LifecyclePolicy": ("", "no snapshot of volumes is made by it any more"),
    "aws:sqs/redrivePolicy:RedrivePolicy": ("queueUrl", _TRIED_FOR_EVER),
    "aws:secretsmanager/secretRotation:SecretRotation": ("secretId", "the secret's value is no longer renewed"),
    "aws:cloudtrail/trail:Trail": ("", "what is done in the account is no longer recorded by it"),
    "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": (
        "sourceDbInstanceArn",
        "backups are no longer copied to another region",
    ),
}


def find(preview: Preview) -> Iterator[Finding]:
    """Each of them whose charge stays."""
    for change in preview.changed:
        if change.op == "update":
            yield from _set_aside(change)
            yield from _backed_up(change)
        elif change.op == "delete":
            yield from _guardian(preview, change)


def _set_aside(change: Change) -> Iterator[Finding]:
    if change.type == "aws:sqs/queue:Queue" and differs(change, "redrivePolicy"):
        assert change.before is not None  # noqa: S101 - an update has both
        if change.before.raw("redrivePolicy") and not change.state.raw("redrivePolicy"):
            yield of_data(change, Verdict.LOOK, f"{change.label} loses its redrivePolicy: {_TRIED_FOR_EVER}")


def _backed_up(change: Change) -> Iterator[Finding]:
    """Rules of a backup plan: those that go, and those whose backups are kept for fewer days."""
    if change.type != "aws:backup/plan:Plan" or not differs(change, "rules"):
        return
    old, new = (_rules(side) for side in (change.before, change.after))
    for name, days in old.items():
        if name not in new:
            yield of_data(change, Verdict.LOOK, f"{change.label}: rule {name} goes, and nothing is backed up by it")
        elif new[name] < days:
            title = f"{change.label}: backups by rule {name} are kept for {new[name]:g} days instead of {_days(days)}"
            yield of_data(change, Verdict.LOOK, title)


def _days(days: float) -> str:
    return "for ever" if days == FOR_EVER else f"{days:g}"


def _rules(state: State | None) -> dict[str, float]:
    """Days for which each rule's backups are kept."""
    found = {}
    for rule in blocks(state, "rules"):
        lifecycle = rule.get("lifecycle")
        days = number_of(lifecycle.get("deleteAfter")) if isinstance(lifecycle, Mapping) else None
        found[str(rule.get("ruleName"))] = FOR_EVER if days is None else days
    return found


def _guardian(preview: Preview, change: Change) -> Iterator[Finding]:
    guards = _GUARDIANS.get(change.type)
    if guards is None or change.before is None or change.before.retain:
        return
    prop, loss = guards
    guarded = [preview.by_urn[urn] for urn in change.before.links.get(prop, ()) if urn in preview.by_urn]
    if guarded and all(one.after is None for one in guarded):
        return  # what it guarded goes too
    title = f"{change.label} is deleted: {loss}"
    yield of_data(change, Verdict.LOOK, title, tuple(f"it guarded {one.label}" for one in guarded))
