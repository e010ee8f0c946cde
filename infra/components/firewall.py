"""Who may talk to whom: internet -> load balancer -> API -> database, worker -> database, tasks -> AWS by HTTPS.

Creates: four security groups without inline rules, and each rule as a resource of its own with a description.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

_HTTPS = 443


@dataclass(frozen=True, kw_only=True)
class FirewallArgs:
    """Ports are those that the load balancer, the API and the database listen on."""

    vpc_id: pulumi.Input[str]
    listener_port: int
    api_port: int
    database_port: int


class Firewall(pulumi.ComponentResource):
    """Ids of the security groups: `load_balancer_id`, `api_id`, `worker_id`, `database_id`."""

    def __init__(self, name: str, args: FirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:Firewall", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)

        def group(role: str, description: str) -> pulumi.Output[str]:
            made = aws.ec2.SecurityGroup(
                role, vpc_id=args.vpc_id, description=description, tags={"Name": f"{name}-{role}"}, opts=self._child
            )
            return made.id

        self.load_balancer_id = group("load-balancer", "Backlog load balancer")
        self.api_id = group("api", "Backlog API tasks")
        self.worker_id = group("worker", "Backlog worker tasks")
        self.database_id = group("database", "Backlog database")

        aws.vpc.SecurityGroupIngressRule(
            "internet-to-load-balancer",
            security_group_id=self.load_balancer_id,
            cidr_ipv4="0.0.0.0/0",
            ip_protocol="tcp",
            from_port=args.listener_port,
            to_port=args.listener_port,
            description="Anyone to the load balancer",
            opts=self._child,
        )
        self._between("load-balancer", self.load_balancer_id, "api", self.api_id, args.api_port)
        self._between("api", self.api_id, "database", self.database_id, args.database_port)
        self._between("worker", self.worker_id, "database", self.database_id, args.database_port)
        for role, source in (("api", self.api_id), ("worker", self.worker_id)):
            aws.vpc.SecurityGroupEgressRule(
                f"{role}-to-aws",
                security_group_id=source,
                cidr_ipv4="0.0.0.0/0",
                ip_protocol="tcp",
                from_port=_HTTPS,
                to_port=_HTTPS,
                description=f"The {role} to AWS by HTTPS",
                opts=self._child,
            )
        self.register_outputs({})

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
