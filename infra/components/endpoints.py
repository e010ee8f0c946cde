"""The only way out where there is none to the internet: an interface endpoint for each service that tasks call.

Creates: a security group, whose rules are the firewall's, and the endpoints, each with a policy that lets only the
account's own resources through.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pulumi
import pulumi_aws as aws

#: Actions of a service that know no resource; `*` where none of them knows one.
_WITHOUT_RESOURCE = {"ecr": "GetAuthorizationToken", "ssmmessages": "*"}


@dataclass(frozen=True, kw_only=True)
class EndpointsArgs:
    """`services` of the region by their names in endpoints (`ecr.api`); `vpc_arn` says whose account it is.

    `repositories` are ARNs of those that images come from in other accounts.
    """

    region: str
    vpc_id: pulumi.Input[str]
    vpc_arn: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    services: Sequence[str]
    repositories: Sequence[str]


class Endpoints(pulumi.ComponentResource):
    """Attributes: `security_group_id`, which tasks must be let into on port 443."""

    def __init__(self, name: str, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:Endpoints", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        group = aws.ec2.SecurityGroup(
            name, vpc_id=args.vpc_id, description="Backlog interface endpoints", tags={"Name": name}, opts=child
        )
        arn = pulumi.Output.from_input(args.vpc_arn)
        for service in args.services:
            label = service.replace(".", "-")
            aws.ec2.VpcEndpoint(
                label,
                vpc_id=args.vpc_id,
                vpc_endpoint_type="Interface",
                service_name=f"com.amazonaws.{args.region}.{service}",
                subnet_ids=args.subnet_ids,
                security_group_ids=[group.id],
                private_dns_enabled=True,
                policy=arn.apply(partial(_policy, service, args.repositories)),
                tags={"Name": f"{name}-{label}"},
                opts=child,
            )
        self.security_group_id: pulumi.Output[str] = group.id
        self.register_outputs({"securityGroupId": self.security_group_id})


def _policy(service: str, repositories: Sequence[str], vpc_arn: str) -> str:
    """Nothing leaves for another account's resources, whatever credentials it is sent with; images may come from one.

    What a task may do is its role's to say. Actions that know no resource are for principals of the account alone.
    Source: VPC User Guide, "Control access to VPC endpoints using endpoint policies"; IAM's Service Authorization
    Reference of each service.
    """
    _, partition, _, region, account, _ = vpc_arn.split(":", 5)
    prefix = service.split(".", maxsplit=1)[0]
    unbound = _WITHOUT_RESOURCE.get(prefix)
    statements: list[dict[str, Any]] = []
    if unbound != "*":
        own = [f"arn:{partition}:{prefix}:{region}:{account}:*"]
        own += [] if prefix != "ecr" else [arn for arn in repositories if arn.split(":")[4] != account]
        statements.append({"Effect": "Allow", "Principal": "*", "Action": f"{prefix}:*", "Resource": own})
    if unbound:
        ours = {"StringEquals": {"aws:PrincipalAccount": account}}
        action = f"{prefix}:{unbound}"
        statements.append({"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*", "Condition": ours})
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
