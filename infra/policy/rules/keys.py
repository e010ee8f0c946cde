"""KMS, and what policies of IAM say of its keys."""

from collections.abc import Iterator

from infra.policy.resources import Resource, Stack
from infra.policy.rule import Severity, rule
from infra.policy.rules.identity import INLINE, MANAGED, actions, allowed
from infra.policy.rules.statements import conditions, demands, many, open_to_anyone

KEY = "aws:kms/key:Key"
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
_DECRYPTING = ("kms:decrypt", "kms:reencryptfrom", "kms:reencrypt*", "kms:*", "*")


def _decrypts_all(policy: Resource, stack: Stack) -> Iterator[str]:
    for statement in allowed(policy, stack):
        tags = [key for _, key, _ in conditions(statement) if key.startswith("aws:resourcetag/")]
        wide = any(str(arn) == "*" or str(arn).endswith(":key/*") for arn in many(statement.get("Resource")))
        if wide and not demands(statement, tags) and any(action in _DECRYPTING for action in actions(statement)):
            yield "can decrypt with every key"


@rule(
    "kms-managed-policies", MANAGED, control="KMS.1", severity=Severity.MEDIUM,
    why="A right to decrypt with any key undoes the separation that keys are for.",
    mend="Name the key's ARN.",
)  # fmt: skip
def kms_managed_policies(policy: Resource, stack: Stack) -> Iterator[str]:
    yield from _decrypts_all(policy, stack)


@rule(
    "kms-inline-policies", INLINE, control="KMS.2", severity=Severity.MEDIUM,
    why="A right to decrypt with any key undoes the separation that keys are for.",
    mend="Name the key's ARN.",
)  # fmt: skip
def kms_inline_policies(policy: Resource, stack: Stack) -> Iterator[str]:
    yield from _decrypts_all(policy, stack)


@rule(
    "kms-rotation", KEY, control="KMS.4", severity=Severity.MEDIUM,
    why="A key that never changes protects, once known, everything that was ever encrypted with it.",
    mend="Set enable_key_rotation.",
)  # fmt: skip
def kms_rotation(key: Resource, _: Stack) -> Iterator[str]:
    if key.get("keyUsage", "ENCRYPT_DECRYPT") == "ENCRYPT_DECRYPT" and key.get("enableKeyRotation") is not True:
        yield "is not rotated"


@rule(
    "kms-not-public", KEY, KEY_POLICY, control="KMS.5", severity=Severity.CRITICAL,
    why="Anyone can use the key, and so read what it protects.",
    mend="Name the principals, or add a condition on aws:SourceAccount or aws:SourceArn.",
)  # fmt: skip
def not_public(key: Resource, _: Stack) -> Iterator[str]:
    if open_to_anyone(key.document("policy")):
        yield "lets anyone use it"
