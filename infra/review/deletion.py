"""What becomes of a thing when it is deleted, by the guards under which it stands before the change.

The engine and the providers delete the old resource by its old state: what the new program says comes too late for it.
Sources: pulumi/pkg, deploy/step.go (DeleteStep); the provider's documentation of each property; and AWS's: "Deleting a
DB instance" (RDS User Guide), "Deleting keys" (KMS Developer Guide), "Delete a secret" (Secrets Manager User Guide),
"Point-in-time recovery" (DynamoDB Developer Guide).
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from infra.policy.resources import Hidden
from infra.review.contract import number_of
from infra.review.preview import Change, State
from infra.review.stateful import BUCKETS, DATABASES, KEY, SECRET, TABLE


class End(Enum):
    """How a deletion ends."""

    GONE = auto()
    #: A copy stays: a snapshot, a backup.
    COPIED = auto()
    #: It can be had back for some days, and can't be used meanwhile.
    DELAYED = auto()
    #: The thing stays in the cloud, and is nobody's.
    KEPT = auto()
    #: Somebody refuses, and the update fails.
    REFUSED = auto()
    #: AWS refuses as long as there is anything in it.
    REFUSED_UNLESS_EMPTY = auto()


@dataclass(frozen=True)
class Fate:
    """How it ends and why; `days` for which it can be had back, and `how`, a command or a sentence."""

    end: End
    why: str = ""
    days: float = 0
    how: str = ""


#: By which AWS, or a provider, refuses to delete.
PROTECTIONS: Final = (
    "deletionProtection",
    "deletionProtectionEnabled",
    "enableDeletionProtection",
    "disableApiTermination",
    "terminationProtection",
    "terminationProtectionEnabled",
)
#: Types that are protected where nothing is said.
_PROTECTED_BY_DEFAULT: Final = {
    "aws:cloudtrail/eventDataStore:EventDataStore": "terminationProtectionEnabled",
    "aws:qldb/ledger:Ledger": "deletionProtection",
    "gcp:sql/databaseInstance:DatabaseInstance": "deletionProtection",
    "gcp:bigquery/table:Table": "deletionProtection",
}
#: Types that are refused unless they are empty, and the property that takes that guard away.
EMPTIED_BY: Final = {
    **dict.fromkeys(BUCKETS, "forceDestroy"),
    "aws:s3/directoryBucket:DirectoryBucket": "forceDestroy",
    "aws:s3tables/tableBucket:TableBucket": "forceDestroy",
    "aws:s3/vectorsVectorBucket:VectorsVectorBucket": "forceDestroy",
    "aws:ecr/repository:Repository": "forceDelete",
    "aws:ecrpublic/repository:Repository": "forceDestroy",
    "aws:backup/vault:Vault": "forceDestroy",
    "aws:glacier/vault:Vault": "",
    "aws-native:s3:Bucket": "",
    "aws-native:ecr:Repository": "emptyOnDelete",
    "gcp:storage/bucket:Bucket": "forceDestroy",
    "gcp:bigquery/dataset:Dataset": "deleteContentsOnDestroy",
}
#: Properties that name a last copy, of types that make one.
_LAST_COPY: Final = ("finalSnapshotIdentifier", "finalSnapshotName", "finalSnapshotIdentifierPrefix")
_BACKED_UP_LAST: Final = ("aws:fsx/windowsFileSystem:WindowsFileSystem", "aws:fsx/openZfsFileSystem:OpenZfsFileSystem")
_WINDOW: Final = 30  # days, where a key or a secret says none


def fate(change: Change) -> Fate:
    """What becomes of the old resource of a delete or a replacement."""
    state = change.before
    if state is None:
        return Fate(End.GONE)
    if change.op == "forget":
        return Fate(End.KEPT, "it is only left out of the stack's state")
    # The engine allows to unprotect and replace in one update, and not to unprotect by leaving the resource out.
    if state.protect and not change.pending and (change.after is None or change.after.protect):
        return Fate(End.REFUSED, "Pulumi refuses, as it is protected")
    if state.retain:
        return Fate(End.KEPT, "retainOnDelete is on")
    if is_on(setting(state, "skipDestroy")):
        return Fate(End.KEPT, "skipDestroy is on")
    for name in PROTECTIONS:
        if is_on(setting(state, name, default=_PROTECTED_BY_DEFAULT.get(state.type) == name)):
            off = change.after is not None and not is_on(change.after.raw(name))
            late = "; that the new one is without comes too late for the old one" if off else ""
            return Fate(End.REFUSED, f"AWS refuses, as {name} is on{late}")
    if state.type in EMPTIED_BY and not is_on(setting(state, EMPTIED_BY[state.type])):
        switch = EMPTIED_BY[state.type]
        return Fate(End.REFUSED_UNLESS_EMPTY, f"{switch} is off" if switch else "")
    return _by_type(state)


def _by_type(state: State) -> Fate:
    if state.type in DATABASES:
        return _database(state)
    if state.type == SECRET:
        days = number_of(setting(state, "recoveryWindowInDays"))
        days = _WINDOW if days is None else days
        how = f"aws secretsmanager restore-secret --secret-id {state.id or 'ID'}"
        return Fate(End.DELAYED, "", days, how) if days else Fate(End.GONE, "recoveryWindowInDays is 0")
    if state.type in (KEY, "aws:kms/externalKey:ExternalKey", "aws:kms/replicaKey:ReplicaKey"):
        days = number_of(setting(state, "deletionWindowInDays")) or _WINDOW
        return Fate(End.DELAYED, "", days, f"aws kms cancel-key-deletion --key-id {state.id or 'ID'}, and enable-key")
    if state.type == "aws:acmpca/certificateAuthority:CertificateAuthority":
        days = number_of(setting(state, "permanentDeletionTimeInDays")) or _WINDOW
        return Fate(
            End.DELAYED,
            "",
            days,
            f"aws acm-pca restore-certificate-authority --certificate-authority-arn {state.id or 'ARN'}",
        )
    if is_on(setting(state, "finalSnapshot")):
        return Fate(End.COPIED, "a last snapshot is made")
    if state.type == TABLE and is_on(state.raw("pointInTimeRecovery.enabled")):
        return Fate(End.COPIED, "DynamoDB keeps a system backup for 35 days, as point-in-time recovery is on")
    for name in _LAST_COPY:
        if (last := setting(state, name)) and not isinstance(last, Hidden):
            return Fate(End.COPIED, f"a last snapshot is made: {last}")
    if state.type in _BACKED_UP_LAST and not is_on(setting(state, "skipFinalBackup")):
        return Fate(End.COPIED, "a last backup is made")
    return Fate(End.GONE)


def _database(state: State) -> Fate:
    skip, last = setting(state, "skipFinalSnapshot"), setting(state, "finalSnapshotIdentifier")
    if isinstance(skip, Hidden):
        return Fate(End.GONE, f"whether a last snapshot is made can't be read: skipFinalSnapshot is {skip.why}")
    if not is_on(skip) and last:
        named = f"({last.why})" if isinstance(last, Hidden) else last
        return Fate(End.COPIED, f"a last snapshot is made: {named}")
    if not is_on(skip):
        return Fate(
            End.REFUSED, "the provider refuses, as there is neither finalSnapshotIdentifier nor skipFinalSnapshot"
        )
    days = number_of(setting(state, "backupRetentionPeriod")) or 0
    if setting(state, "deleteAutomatedBackups") is False and days:
        return Fate(End.COPIED, f"automated backups stay for {days:g} days, as deleteAutomatedBackups is off")
    return Fate(End.GONE, "no last snapshot is made, as skipFinalSnapshot is on, and automated backups go too")


def setting(state: State, name: str, default: Any = None) -> Any:
    """A property as the provider has it: what the program gives, or what the provider said of it."""
    given, said = state.raw(name), state.outputs.get(name)
    return given if given is not None else default if said is None else said


def is_on(value: Any) -> bool:
    """Whether a switch is on, however its provider writes that; what can't be read is not known to be on."""
    return value is True or (isinstance(value, str) and value.lower() in ("true", "active", "enabled", "on"))
