"""The way in: an application load balancer with one listener.

Creates: load balancer, target group with the API's health check, listener.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components.network import Network

_SCHEME_PORT = 80


@dataclass(frozen=True, kw_only=True)
class LoadBalancerArgs:
    """`listener_port` is what the world reaches, `target_port` what a task listens on."""

    network: Network
    security_group_id: pulumi.Input[str]
    listener_port: int
    target_port: int
    health_path: str
    deregistration_seconds: int
    protect: bool


class LoadBalancer(pulumi.ComponentResource):
    """Attributes: `url`, `target_group_arn`, `suffix` and `target_group_suffix` (for metrics)."""

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:LoadBalancer", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        balancer = aws.lb.LoadBalancer(
            name,
            load_balancer_type="application",
            subnets=args.network.public_subnet_ids,
            security_groups=[args.security_group_id],
            drop_invalid_header_fields=True,
            enable_deletion_protection=args.protect,
            # AWS refuses a load balancer before the way to the internet is there, and to remove the way before it.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.network], protect=args.protect),
        )
        targets = aws.lb.TargetGroup(
            name,
            vpc_id=args.network.vpc_id,
            port=args.target_port,
            protocol="HTTP",
            target_type="ip",
            deregistration_delay=args.deregistration_seconds,
            health_check=aws.lb.TargetGroupHealthCheckArgs(
                path=args.health_path, matcher="200", interval=10, timeout=5, healthy_threshold=2, unhealthy_threshold=3
            ),
            opts=child,
        )
        aws.lb.Listener(
            name,
            load_balancer_arn=balancer.arn,
            port=args.listener_port,
            protocol="HTTP",
            default_actions=[aws.lb.ListenerDefaultActionArgs(type="forward", target_group_arn=targets.arn)],
            opts=child,
        )
        port = "" if args.listener_port == _SCHEME_PORT else f":{args.listener_port}"
        self.url = pulumi.Output.format("http://{0}{1}/", balancer.dns_name, port)
        self.suffix, self.target_group_suffix = balancer.arn_suffix, targets.arn_suffix
        self.target_group_arn = targets.arn
        self.register_outputs({"url": self.url})
