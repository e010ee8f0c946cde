"""IAM, and what its policies say of KMS."""

from collections.abc import Iterator
from typing import Any

from infra.policy.resources import Resource, Stack
from infra.policy.rule import Severity, rule
from infra.policy.rules.statements import Statement, demands, many, statements

ROLE = "aws:iam/role:Role"
INLINE = "aws:iam/rolePolicy:RolePolicy"
MANAGED = "aws:iam/policy:Policy"

#: Actions that know no resource. Source: AWS Service Authorization Reference.
_NO_RESOURCE = {
    "ecr:getauthorizationtoken",
    "cloudwatch:putmetricdata",
    "ec2:describenetworkinterfaces",
    "ssmmessages:createcontrolchannel",
    "ssmmessages:createdatachannel",
    "ssmmessages:opencontrolchannel",
    "ssmmessages:opendatachannel",
    "xray:puttracesegments",
    "xray:puttelemetryrecords",
}
#: Actions by which a role gives itself more rights than it has.
_ESCALATION = {
    "iam:addusertogroup",
    "iam:attachgrouppolicy",
    "iam:attachrolepolicy",
    "iam:attachuserpolicy",
    "iam:createaccesskey",
    "iam:createloginprofile",
    "iam:createpolicyversion",
    "iam:putgrouppolicy",
    "iam:putrolepolicy",
    "iam:putuserpolicy",
    "iam:setdefaultpolicyversion",
    "iam:updateassumerolepolicy",
    "iam:updateloginprofile",
}
_CONFUSED_DEPUTY = ("aws:sourceaccount", "aws:sourcearn", "sts:externalid", "aws:sourceorgid")
_DECRYPTING = ("kms:decrypt", "kms:reencryptfrom", "kms:reencrypt*", "kms:*", "*")


def _actions(statement: Statement) -> list[str]:
    return [str(action).lower() for action in many(statement.get("Action"))]


def _allowed(policy: Resource) -> Iterator[Statement]:
    return statements(policy.document("policy"), "Allow")


@rule(
    "iam-no-administrator", INLINE, MANAGED, control="IAM.1", severity=Severity.HIGH,
    why="Whoever has this role has the account.",
    mend="Name the actions and the resources.",
)  # fmt: skip
def no_administrator(policy: Resource, _: Stack) -> Iterator[str]:
    for statement in _allowed(policy):
        if "*" in _actions(statement) and "*" in many(statement.get("Resource")):
            yield "allows everything on everything"


@rule(
    "iam-no-wildcard-action", INLINE, MANAGED, control="IAM.21", severity=Severity.HIGH,
    why="A wildcard allows what a service learns to do tomorrow.",
    mend="Name the actions.",
)  # fmt: skip
def no_wildcard_action(policy: Resource, _: Stack) -> Iterator[str]:
    for statement in _allowed(policy):
        for action in _actions(statement):
            if "*" in action:
                yield f"allows {action}"
        if "NotAction" in statement:
            yield "allows all but some actions (NotAction)"


@rule(
    "iam-no-wildcard-resource", INLINE, MANAGED, severity=Severity.HIGH,
    why="What is meant for one queue or one secret works on all of them.",
    mend="Name the resource's ARN; only actions that know no resource need *.",
)  # fmt: skip
def no_wildcard_resource(policy: Resource, _: Stack) -> Iterator[str]:
    for statement in _allowed(policy):
        if "*" in many(statement.get("Resource")) and (named := set(_actions(statement)) - _NO_RESOURCE):
            yield f"allows {', '.join(sorted(named))} on every resource"


@rule(
    "iam-pass-role", INLINE, MANAGED, severity=Severity.CRITICAL,
    why="Whoever can pass any role to a task has that role's rights.",
    mend="Name the roles, and add a condition on iam:PassedToService.",
)  # fmt: skip
def pass_role(policy: Resource, _: Stack) -> Iterator[str]:
    for statement in _allowed(policy):
        named = [str(arn).rsplit("/", 1)[-1] for arn in many(statement.get("Resource"))]
        if {"iam:passrole", "iam:*"} & set(_actions(statement)) and "*" in named:
            yield "may pass any role"


@rule(
    "iam-no-escalation", INLINE, MANAGED, severity=Severity.CRITICAL,
    why="A role that writes policies can give itself every right.",
    mend="Leave changes of roles and policies to the stack.",
)  # fmt: skip
def no_escalation(policy: Resource, _: Stack) -> Iterator[str]:
    for statement in _allowed(policy):
        if found := _ESCALATION & set(_actions(statement)):
            yield f"may {', '.join(sorted(found))}"


@rule(
    "iam-trust-condition", ROLE, severity=Severity.MEDIUM,
    why="A service that acts for another account could be talked into taking the role (confused deputy).",
    mend="Add a condition on aws:SourceAccount or aws:SourceArn.",
)  # fmt: skip
def trust_condition(role: Resource, _: Stack) -> Iterator[str]:
    for statement in statements(role.document("assumeRolePolicy"), "Allow"):
        principal: Any = statement.get("Principal")
        if principal == "*" or (isinstance(principal, dict) and "*" in many(principal.get("AWS"))):
            yield "can be taken by anyone"
        elif not demands(statement, _CONFUSED_DEPUTY):
            yield "does not say for whom it can be taken"


def _decrypts_all(policy: Resource) -> Iterator[str]:
    for statement in _allowed(policy):
        wide = any(str(arn) == "*" or str(arn).endswith(":key/*") for arn in many(statement.get("Resource")))
        if wide and any(action in _DECRYPTING for action in _actions(statement)):
            yield "can decrypt with every key"


@rule(
    "kms-managed-policies", MANAGED, control="KMS.1", severity=Severity.MEDIUM,
    why="A right to decrypt with any key undoes the separation that keys are for.",
    mend="Name the key's ARN.",
)  # fmt: skip
def kms_managed_policies(policy: Resource, _: Stack) -> Iterator[str]:
    yield from _decrypts_all(policy)


@rule(
    "kms-inline-policies", INLINE, control="KMS.2", severity=Severity.MEDIUM,
    why="A right to decrypt with any key undoes the separation that keys are for.",
    mend="Name the key's ARN.",
)  # fmt: skip
def kms_inline_policies(policy: Resource, _: Stack) -> Iterator[str]:
    yield from _decrypts_all(policy)


@rule(
    "kms-rotation", "aws:kms/key:Key", control="KMS.4", severity=Severity.MEDIUM,
    why="A key that never changes protects, once known, everything that was ever encrypted with it.",
    mend="Set enable_key_rotation.",
)  # fmt: skip
def kms_rotation(key: Resource, _: Stack) -> Iterator[str]:
    if key.get("keyUsage", "ENCRYPT_DECRYPT") == "ENCRYPT_DECRYPT" and key.get("enableKeyRotation") is not True:
        yield "is not rotated"
