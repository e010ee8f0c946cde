"""IAM."""

from collections.abc import Iterator
from typing import Any

from infra.policy.resources import Resource, Stack
from infra.policy.rule import Severity, rule
from infra.policy.rules.statements import Statement, conditions, demands, many, statements

ROLE = "aws:iam/role:Role"
INLINE = "aws:iam/rolePolicy:RolePolicy"
MANAGED = "aws:iam/policy:Policy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"

#: Actions that know no resource. Source: AWS Service Authorization Reference.
NO_RESOURCE = {
    "ecr:getauthorizationtoken",
    "acm:requestcertificate",
    "cloudwatch:putmetricdata",
    "ecs:createcluster",
    "ecs:deregistertaskdefinition",
    "kafka:createclusterv2",
    "kms:createkey",
    "logs:createlogdelivery",
    "logs:deletelogdelivery",
    "logs:putresourcepolicy",
    "logs:updatelogdelivery",
    "mq:createbroker",
    "ec2:describenetworkinterfaces",
    "ssmmessages:createcontrolchannel",
    "ssmmessages:createdatachannel",
    "ssmmessages:opencontrolchannel",
    "ssmmessages:opendatachannel",
    "xray:puttracesegments",
    "xray:puttelemetryrecords",
}
#: Actions by which a role gives itself more rights than it has.
ESCALATION = {
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
CONFUSED_DEPUTY = ("aws:sourceaccount", "aws:sourcearn", "sts:externalid", "aws:sourceorgid")


def actions(statement: Statement) -> list[str]:
    """The actions of a statement, in lower case."""
    return [str(action).lower() for action in many(statement.get("Action"))]


def allowed(policy: Resource, stack: Stack) -> Iterator[Statement]:
    """The statements of a policy that allow something; a permissions boundary allows nothing by itself."""
    bounds = policy.type == MANAGED and stack.referring(ROLE, "permissionsBoundary", policy)
    if not bounds or stack.referring(ATTACHMENT, "policyArn", policy):
        yield from statements(policy.document("policy"), "Allow")


@rule(
    "iam-no-administrator", INLINE, MANAGED, control="IAM.1", severity=Severity.HIGH,
    why="Whoever has this role has the account.",
    mend="Name the actions and the resources.",
)  # fmt: skip
def no_administrator(policy: Resource, stack: Stack) -> Iterator[str]:
    for statement in allowed(policy, stack):
        if "*" in actions(statement) and "*" in many(statement.get("Resource")):
            yield "allows everything on everything"


@rule(
    "iam-no-wildcard-action", INLINE, MANAGED, control="IAM.21", severity=Severity.HIGH,
    why="A wildcard allows what a service learns to do tomorrow.",
    mend="Name the actions.",
)  # fmt: skip
def no_wildcard_action(policy: Resource, stack: Stack) -> Iterator[str]:
    for statement in allowed(policy, stack):
        for action in actions(statement):
            if "*" in action:
                yield f"allows {action}"
        if "NotAction" in statement:
            yield "allows all but some actions (NotAction)"


@rule(
    "iam-no-wildcard-resource", INLINE, MANAGED, severity=Severity.HIGH,
    why="What is meant for one queue or one secret works on all of them.",
    mend="Name the resource's ARN; only actions that know no resource need *.",
)  # fmt: skip
def no_wildcard_resource(policy: Resource, stack: Stack) -> Iterator[str]:
    for statement in allowed(policy, stack):
        if "*" in many(statement.get("Resource")) and (named := set(actions(statement)) - NO_RESOURCE):
            yield f"allows {', '.join(sorted(named))} on every resource"


@rule(
    "iam-pass-role", INLINE, MANAGED, severity=Severity.CRITICAL,
    why="Whoever can pass any role to a task has that role's rights.",
    mend="Name the roles, and add a condition on iam:PassedToService.",
)  # fmt: skip
def pass_role(policy: Resource, stack: Stack) -> Iterator[str]:
    for statement in allowed(policy, stack):
        named = [str(arn).rsplit("/", 1)[-1] for arn in many(statement.get("Resource"))]
        if {"iam:passrole", "iam:*"} & set(actions(statement)) and "*" in named:
            yield "may pass any role"


@rule(
    "iam-no-escalation", INLINE, MANAGED, severity=Severity.CRITICAL,
    why="A role that writes policies can give itself every right.",
    mend="Leave changes of roles and policies to the stack.",
)  # fmt: skip
def no_escalation(policy: Resource, stack: Stack) -> Iterator[str]:
    for statement in allowed(policy, stack):
        found = ESCALATION & set(actions(statement))
        if found and not demands(statement, ("iam:permissionsboundary",)):  # a role within bounds gives itself no more
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
        elif not demands(statement, CONFUSED_DEPUTY) and not _names_a_subject(statement):
            yield "does not say for whom it can be taken"


def _names_a_subject(statement: Statement) -> bool:
    """Whether who logged in elsewhere is held to a subject: to one repository's environment, for example."""
    subjects = [key for _, key, _ in conditions(statement) if key.endswith(":sub")]
    return "Federated" in statement.get("Principal", {}) and demands(statement, subjects)


@rule(
    "iam-attached-policies", ATTACHMENT, severity=Severity.HIGH,
    why="AWS's broad policies allow more than any task needs, and more with each new service.",
    mend="Write a policy that names actions and resources, or attach one of AWS's service roles.",
)  # fmt: skip
def attached_policies(attachment: Resource, _: Stack) -> Iterator[str]:
    name = str(attachment.get("policyArn", "")).rsplit("/", 1)[-1]
    if name in ("AdministratorAccess", "PowerUserAccess") or name.endswith("FullAccess"):
        yield f"attaches {name}"


@rule(
    "iam-policies-apart", ROLE, severity=Severity.HIGH,
    why="Policies in two places overwrite each other, and no other rule here reads those inside a role.",
    mend="Write each as an aws.iam.RolePolicy or RolePolicyAttachment.",
)  # fmt: skip
def policies_apart(role: Resource, _: Stack) -> Iterator[str]:
    for inside in ("inlinePolicies", "managedPolicyArns"):
        if role.get(inside):
            yield f"has {inside} inside of it"
