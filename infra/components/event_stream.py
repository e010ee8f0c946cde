"""Domain events as a stream that can be read again: Kafka, on MSK Serverless, in the private subnets.

Creates: the cluster, whose only login is IAM's; its security group, which lets the worker in and nobody else; and the
worker's way out to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

TOPIC = "backlog-events"
_IAM_PORT = 9_098  # Source: MSK Developer Guide, "Port information"


@dataclass(frozen=True, kw_only=True)
class EventStreamArgs:
    """`login` is how the relay says who it is: iam, or none where the brokers are loopback."""

    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    worker_security_group_id: pulumi.Input[str]
    login: str
    protect: bool


class EventStream(pulumi.ComponentResource):
    """Attributes: `brokers` (host:port), and `environment` and `statements` of the relay."""

    def __init__(self, name: str, args: EventStreamArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:EventStream", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        group = aws.ec2.SecurityGroup(
            name, vpc_id=args.vpc_id, description="Backlog event stream", tags={"Name": name}, opts=child
        )
        way_in = aws.vpc.SecurityGroupIngressRule(
            f"{name}-from-worker",
            security_group_id=group.id,
            referenced_security_group_id=args.worker_security_group_id,
            description="From the worker to the event stream",
            ip_protocol="tcp",
            from_port=_IAM_PORT,
            to_port=_IAM_PORT,
            opts=child,
        )
        way_out = aws.vpc.SecurityGroupEgressRule(
            f"worker-to-{name}",
            security_group_id=args.worker_security_group_id,
            referenced_security_group_id=group.id,
            description="From the worker to the event stream",
            ip_protocol="tcp",
            from_port=_IAM_PORT,
            to_port=_IAM_PORT,
            opts=child,
        )
        cluster = aws.msk.ServerlessCluster(
            name,
            vpc_configs=[
                aws.msk.ServerlessClusterVpcConfigArgs(subnet_ids=args.subnet_ids, security_group_ids=[group.id])
            ],
            client_authentication=aws.msk.ServerlessClusterClientAuthenticationArgs(
                sasl=aws.msk.ServerlessClusterClientAuthenticationSaslArgs(
                    iam=aws.msk.ServerlessClusterClientAuthenticationSaslIamArgs(enabled=True)
                )
            ),
            # A relay that starts before its way in would only fail.
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect, depends_on=[way_in, way_out]),
        )
        self.brokers: pulumi.Output[str] = cluster.bootstrap_brokers_sasl_iam
        self.environment: dict[str, pulumi.Input[str]] = {
            "EVENT_KAFKA_BROKERS": self.brokers,
            "EVENT_KAFKA_LOGIN": args.login,
            "EVENT_KAFKA_TOPIC": TOPIC,
        }
        # Source: MSK Developer Guide, "Semantics of IAM authorization policy actions and resources".
        self.statements: Sequence[Mapping[str, Any]] = [
            {
                "Effect": "Allow",
                "Action": ["kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"],
                "Resource": cluster.arn,
            },
            {
                "Effect": "Allow",
                "Action": ["kafka-cluster:CreateTopic", "kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"],
                "Resource": cluster.arn.apply(_topic_arn),
            },
        ]
        self.register_outputs({"brokers": self.brokers})


def _topic_arn(cluster_arn: str) -> str:
    """`...:cluster/NAME/UUID` has its topics at `...:topic/NAME/UUID/TOPIC`."""
    return f"{cluster_arn.replace(':cluster/', ':topic/', 1)}/{TOPIC}"
