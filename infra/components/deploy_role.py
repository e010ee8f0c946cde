"""The roles that GitHub's workflows take to plan and to deploy this stack: no key of AWS is kept there.

Creates: GitHub's identity provider, unless the account has it already; a role that plans, and reads alone; a role that
deploys, its policies, and the boundary that it can't leave; and the boundary of every other role of the stack, without
which the one that deploys could make a role that may more than itself.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.components.deploy_actions import ACTIONS

#: GitHub's identity provider. Source: GitHub Docs, "Configuring OpenID Connect in Amazon Web Services".
ISSUER = "token.actions.githubusercontent.com"
#: The stack's other roles, by the names that they are made with, and who takes them: ROLES[name] is a service of AWS.
ROLES: Mapping[str, str] = {
    "api-execution": "ecs-tasks.amazonaws.com",
    "api-task": "ecs-tasks.amazonaws.com",
    "database-monitoring": "monitoring.rds.amazonaws.com",
    "flow-logs": "vpc-flow-logs.amazonaws.com",
    "worker-execution": "ecs-tasks.amazonaws.com",
    "worker-task": "ecs-tasks.amazonaws.com",
}
#: What calls know no resource: they are held to the region. Source: AWS Service Authorization Reference.
NO_RESOURCE = (
    "acm:RequestCertificate",
    "ecs:CreateCluster",
    "ecs:DeregisterTaskDefinition",
    "kafka:CreateClusterV2",
    "kms:CreateKey",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "mq:CreateBroker",
)
#: Services that have no region in their ARNs.
_GLOBAL = ("budgets",)
#: What the tasks and the services of AWS that act for the stack may ever do: none of it changes who may do what.
LIMITS: Mapping[str, Sequence[str]] = {
    "ecr": ("*",),
    "ecs": ("GetTaskProtection", "UpdateTaskProtection"),
    "kafka-cluster": ("*",),
    "kms": ("Decrypt", "GenerateDataKey"),
    "logs": ("*",),
    "rds-db": ("connect",),
    "secretsmanager": ("GetSecretValue",),
    "sns": ("Publish",),
    "sqs": (
        "ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ListQueues",
        "ReceiveMessage", "SendMessage",
    ),
    "ssmmessages": ("*",),
}  # fmt: skip
Statement = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class DeployRoleArgs:
    """Who may take the roles, and where they work.

    Attributes:
        repository: `owner/name` on GitHub.
        environment: GitHub's environment that deploys; the one that plans is called so with `-read` at its end.
        provider_arn: the account's identity provider for GitHub; None makes it.
    """

    repository: str
    environment: str
    region: str
    provider_arn: str | None = None


class DeployRole(pulumi.ComponentResource):
    """Attributes: `plan_arn`, `deploy_arn`: what the environments' variable ROLE_ARN is.

    The role that deploys can't change itself, its boundaries or the provider: a person does, who may.
    """

    def __init__(self, name: str, args: DeployRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:DeployRole", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        provider = (
            pulumi.Output.from_input(args.provider_arn)
            if args.provider_arn
            else aws.iam.OpenIdConnectProvider(
                name, url=f"https://{ISSUER}", client_id_lists=["sts.amazonaws.com"], opts=child
            ).arn
        )
        limits = aws.iam.Policy(
            f"{name}-limits", description="What the roles of a stack may at most", policy=_limits(), opts=child
        )
        _hold_roles(name, limits.arn)

        def role(kind: str, environment: str, boundary: pulumi.Input[str] | None = None) -> aws.iam.Role:
            return aws.iam.Role(
                f"{name}-{kind}",
                assume_role_policy=provider.apply(lambda arn: _trust(arn, args.repository, environment)),
                max_session_duration=_SESSION,
                permissions_boundary=boundary,
                opts=child,
            )

        reads = provider.apply(lambda arn: f"arn:{arn.split(':')[1]}:iam::aws:policy/ReadOnlyAccess")
        plans = role("plan", f"{args.environment}-read")
        aws.iam.RolePolicyAttachment(f"{name}-plan", role=plans.name, policy_arn=reads, opts=child)

        boundary = aws.iam.Policy(
            f"{name}-boundary",
            description="What a deployment may at most",
            policy=pulumi.Output.all(provider, limits.arn).apply(lambda known: _boundary(name, *known)),
            opts=child,
        )
        deploys = role("deploy", args.environment, boundary.arn)
        aws.iam.RolePolicyAttachment(f"{name}-deploy", role=deploys.name, policy_arn=reads, opts=child)
        for number, statements in enumerate(_halves(args.region), 1):
            policy = aws.iam.Policy(f"{name}-deploy-{number}", policy=provider.apply(_filled(statements)), opts=child)
            aws.iam.RolePolicyAttachment(
                f"{name}-deploy-{number}", role=deploys.name, policy_arn=policy.arn, opts=child
            )
        aws.iam.RolePolicy(
            f"{name}-deploy",
            role=deploys.name,
            policy=pulumi.Output.all(provider, limits.arn).apply(
                lambda known: _limited(args.region, pulumi.get_stack(), *known)
            ),
            opts=child,
        )
        self.plan_arn: pulumi.Output[str] = plans.arn
        self.deploy_arn: pulumi.Output[str] = deploys.arn
        self.register_outputs({"planArn": self.plan_arn, "deployArn": self.deploy_arn})


#: Seconds; an update with a new database takes most of an hour.
_SESSION = 5_400


def _hold_roles(name: str, limits: pulumi.Output[str]) -> None:
    """Give every other role of the stack its boundary, so that none can be forgotten.

    Source: IAM User Guide, "Delegating responsibility to others using permissions boundaries".
    """

    def held(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.type_ != "aws:iam/role:Role" or args.name.startswith(f"{name}-"):
            return None
        return pulumi.ResourceTransformationResult({**args.props, "permissions_boundary": limits}, args.opts)

    pulumi.runtime.register_stack_transformation(held)


def _trust(provider: str, repository: str, environment: str) -> str:
    """One environment of one repository: no fork, and no workflow that does not name that environment."""
    claims = {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": f"repo:{repository}:environment:{environment}"}
    return _document(
        {
            "Effect": "Allow",
            "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": claims},
        }
    )


def _limits() -> str:
    return _document(_allow([f"{service}:{action}" for service, actions in LIMITS.items() for action in actions], "*"))


def _halves(region: str) -> tuple[Sequence[Statement], Sequence[Statement]]:
    """What is deployed, in two policies: IAM takes 6,144 characters of each. See `_filled` for what is in braces."""
    named = [
        _allow(
            [f"{service}:{action}" for action in actions if f"{service}:{action}" not in NO_RESOURCE],
            _arns(service, region),
        )
        for service, actions in ACTIONS.items()
    ]
    return named[: len(named) // 2], named[len(named) // 2 :]


def _arns(service: str, region: str) -> str | list[str]:
    """The stack's account and region; dashboards, budgets and hosted zones are in none."""
    match service:
        case "route53":
            return "arn:{partition}:route53:::hostedzone/*"
        case "cloudwatch":
            return [f"arn:{{partition}}:{service}:{where}:{{account}}:*" for where in (region, "")]
        case _:
            where = "" if service in _GLOBAL else region
            return f"arn:{{partition}}:{service}:{where}:{{account}}:*"


def _filled(statements: Sequence[Statement]) -> Callable[[str], str]:
    """The policy for the account and partition of an ARN."""

    def filled(arn: str) -> str:
        _, partition, _, _, account, _ = arn.split(":", 5)
        return _document(*statements).replace("{partition}", partition).replace("{account}", account)

    return filled


def _limited(region: str, stack: str, provider: str, limits: str) -> str:
    """What is allowed on the stack's own alone: its roles by name and boundary, keys and secrets by tag, its bucket."""
    _, partition, _, _, account, _ = provider.split(":", 5)
    iam = f"arn:{partition}:iam::{account}"
    roles = [f"{iam}:role/{name}-*" for name in ROLES]
    own = {"StringEquals": {"aws:ResourceTag/stack": stack}}
    secrets = f"arn:{partition}:secretsmanager:{region}:{account}:secret:*"
    keys = f"arn:{partition}:kms:{region}:{account}:key/*"
    return _document(
        _allow(NO_RESOURCE, "*", StringEquals={"aws:RequestedRegion": region}),
        _allow(_WRITES_ROLES, roles, StringEquals={"iam:PermissionsBoundary": limits}),
        _allow(_KEEPS_ROLES, roles),
        _allow(["iam:PassRole"], roles, StringEquals={"iam:PassedToService": sorted({*ROLES.values()})}),
        _allow(
            ["iam:CreateServiceLinkedRole"],
            f"{iam}:role/aws-service-role/*",
            StringLike={"iam:AWSServiceName": list(_LINKED)},
        ),
        _allow(["secretsmanager:CreateSecret", "secretsmanager:TagResource"], secrets),
        _allow([f"secretsmanager:{action}" for action in _SECRETS], secrets, **own),
        _allow(["kms:TagResource"], keys),
        _allow([f"kms:{action}" for action in _KEYS], keys, **own),
        _allow([f"s3:{action}" for action in _BUCKETS], f"arn:{partition}:s3:::api-access-logs-*"),
    )


_WRITES_ROLES = tuple(
    f"iam:{action}"
    for action in (
        "AttachRolePolicy", "CreateRole", "DeleteRolePolicy", "DetachRolePolicy", "PutRolePermissionsBoundary",
        "PutRolePolicy",
    )
)  # fmt: skip
_KEEPS_ROLES = ("iam:DeleteRole", "iam:TagRole", "iam:UntagRole", "iam:UpdateRole", "iam:UpdateRoleDescription")
_SECRETS = (
    "DeleteSecret", "GetSecretValue", "PutSecretValue", "UntagResource", "UpdateSecret", "UpdateSecretVersionStage",
)  # fmt: skip
_KEYS = (
    "Decrypt", "DisableKeyRotation", "EnableKeyRotation", "GenerateDataKey", "PutKeyPolicy", "ScheduleKeyDeletion",
    "UntagResource", "UpdateKeyDescription",
)  # fmt: skip
_BUCKETS = (
    "CreateBucket", "DeleteBucket", "DeleteBucketPolicy", "DeleteObject", "DeleteObjectVersion", "ListBucket",
    "ListBucketVersions", "PutBucketOwnershipControls", "PutBucketPolicy", "PutBucketPublicAccessBlock",
    "PutBucketTagging", "PutEncryptionConfiguration", "PutLifecycleConfiguration",
)  # fmt: skip
#: Services whose own role AWS makes with the first resource of an account.
_LINKED = (
    "ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com", "elasticache.amazonaws.com",
    "elasticloadbalancing.amazonaws.com", "kafka.amazonaws.com", "mq.amazonaws.com", "rds.amazonaws.com",
    "wafv2.amazonaws.com",
)  # fmt: skip


def _boundary(name: str, provider: str, limits: str) -> str:
    """This project's services and no others; of IAM what the stack's roles need; and never itself.

    A boundary allows nothing by itself: what it names by wildcards is named by actions in the role's policies.
    """
    _, partition, _, _, account, _ = provider.split(":", 5)
    iam = f"arn:{partition}:iam::{account}"
    services = [*ACTIONS, "kms", "s3", "secretsmanager"]
    return _document(
        _allow([f"{service}:*" for service in services], "*"),
        _allow(["iam:Get*", "iam:List*", "sts:GetCallerIdentity", "tag:Get*"], "*"),
        _allow([*_KEEPS_ROLES, "iam:CreateServiceLinkedRole", "iam:PassRole"], "*"),
        _allow(_WRITES_ROLES, "*", StringEquals={"iam:PermissionsBoundary": limits}),
        {
            "Effect": "Deny",
            "NotAction": ["iam:Get*", "iam:List*"],
            "Resource": [f"{iam}:policy/{name}-*", f"{iam}:role/{name}-*", provider],
        },
    )


def _allow(actions: Iterable[str], on: str | list[str], **conditions: Mapping[str, Any]) -> Statement:
    statement = {"Effect": "Allow", "Action": sorted(actions), "Resource": on}
    return {**statement, "Condition": conditions} if conditions else statement


def _document(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
