"""Who may talk to whom: internet -> load balancer -> API -> database, worker -> database, tasks -> AWS by HTTPS.

To AWS is anywhere, or, where interface endpoints are the only way out, to those and to S3 alone. With a broker in the
network, both services -> broker.

Creates: a security group for each, without inline rules, and each rule as a resource of its own with a description.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components.network import Network

_HTTPS = 443
_ANYWHERE = "0.0.0.0/0"
_NAMES = {"aws": "AWS", "s3": "S3", "identity-provider": "the identity provider"}


@dataclass(frozen=True, kw_only=True)
class FirewallArgs:
    """Ports are those that each listens on, `entrances` the load balancer's; `network` is where they are.

    `broker_port` is None where the broker is outside of the network. `login` is whether the load balancer asks an
    identity provider who someone is.
    """

    network: Network
    entrances: Sequence[int]
    login: bool
    api_port: int
    database_port: int
    broker_port: int | None = None


class Firewall(pulumi.ComponentResource):
    """Ids of the security groups: `load_balancer_id`, `api_id`, `worker_id`, `database_id`, and `broker_id` or None."""

    def __init__(self, name: str, args: FirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:Firewall", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)

        def group(role: str, description: str) -> pulumi.Output[str]:
            made = aws.ec2.SecurityGroup(
                role,
                vpc_id=args.network.vpc_id,
                description=description,
                tags={"Name": f"{name}-{role}"},
                opts=self._child,
            )
            return made.id

        self.load_balancer_id = group("load-balancer", "Backlog load balancer")
        self.api_id = group("api", "Backlog API tasks")
        self.worker_id = group("worker", "Backlog worker tasks")
        self.database_id = group("database", "Backlog database")

        for port, suffix in zip(args.entrances, ("", "-https"), strict=False):
            aws.vpc.SecurityGroupIngressRule(
                f"internet-to-load-balancer{suffix}",
                security_group_id=self.load_balancer_id,
                cidr_ipv4=_ANYWHERE,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                description="Anyone to the load balancer",
                opts=self._child,
            )
        if args.login:
            self._to("load-balancer", self.load_balancer_id, "identity-provider", addresses=_ANYWHERE)
        self._between("load-balancer", self.load_balancer_id, "api", self.api_id, args.api_port)
        self._between("api", self.api_id, "database", self.database_id, args.database_port)
        self._between("worker", self.worker_id, "database", self.database_id, args.database_port)
        for role, source in (("api", self.api_id), ("worker", self.worker_id)):
            if args.network.endpoints_id is None:
                self._to(role, source, "aws", addresses=_ANYWHERE)
            else:
                self._to(role, source, "s3", prefix_list=args.network.s3_prefix_list_id)
                self._between(role, source, "endpoints", args.network.endpoints_id, _HTTPS)
        self.broker_id: pulumi.Output[str] | None = None
        if args.broker_port is not None:
            self.broker_id = group("broker", "Backlog broker")
            self._between("api", self.api_id, "broker", self.broker_id, args.broker_port)
            self._between("worker", self.worker_id, "broker", self.broker_id, args.broker_port)
        self.register_outputs({})

    def _to(
        self,
        role: str,
        source: pulumi.Output[str],
        where: str,
        *,
        addresses: str | None = None,
        prefix_list: pulumi.Input[str] | None = None,
    ) -> None:
        """Out by HTTPS to addresses that no group of ours has."""
        aws.vpc.SecurityGroupEgressRule(
            f"{role}-to-{where}",
            security_group_id=source,
            cidr_ipv4=addresses,
            prefix_list_id=prefix_list,
            ip_protocol="tcp",
            from_port=_HTTPS,
            to_port=_HTTPS,
            description=f"The {role} to {_NAMES[where]} by HTTPS",
            opts=self._child,
        )

    def _between(
        self, source: str, source_id: pulumi.Output[str], target: str, target_id: pulumi.Output[str], port: int
    ) -> None:
        """One way on one port: out of the source and into the target."""
        description = f"From the {source} to the {target}"
        aws.vpc.SecurityGroupEgressRule(
            f"{source}-to-{target}",
            security_group_id=source_id,
            referenced_security_group_id=target_id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            description=description,
            opts=self._child,
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{target}-from-{source}",
            security_group_id=target_id,
            referenced_security_group_id=source_id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            description=description,
            opts=self._child,
        )
