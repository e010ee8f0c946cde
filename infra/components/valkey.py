"""Valkey on ElastiCache: private, encrypted, by TLS and with a user that may do no more than a queue needs.

Creates: the user's secret (see broker_login.py), user and user group, subnet group, parameter group (a broker evicts
nothing), log group, and the replication group.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components import job_metrics
from infra.components.alarm import Rule
from infra.components.broker import Broker
from infra.components.broker_login import broker_login
from infra.components.metrics import Metric

PORT = 6379
#: The keys of kombu's Redis transport, and what it does with them; in the order that ElastiCache gives it back in.
ACCESS = (
    "on ~jobs* ~unacked* ~_kombu* resetchannels -@all +@read +@write +@connection +@transaction +@scripting -@dangerous"
)
_MEMORY = 80  # percent; at 100 no job is taken any more


@dataclass(frozen=True, kw_only=True)
class ValkeyArgs:
    """`replica` is one in the other zone, which takes over by itself; snapshots are kept for `snapshot_days`."""

    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_id: pulumi.Input[str]
    engine_version: str
    node_type: str
    replica: bool
    snapshot_days: int
    log_retention_days: int
    protect: bool


class Valkey(pulumi.ComponentResource):
    """Attributes: `broker`, which is all that the stack asks of it."""

    def __init__(self, name: str, args: ValkeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:Valkey", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        login = broker_login(name, protect=args.protect, opts=child)
        user = aws.elasticache.User(
            name,
            engine="valkey",
            user_id=f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}",
            user_name=login.user,
            access_string=ACCESS,
            authentication_mode=aws.elasticache.UserAuthenticationModeArgs(type="password", passwords=[login.password]),
            opts=child,
        )
        users = aws.elasticache.UserGroup(
            name,
            engine="valkey",
            user_group_id=f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}",
            user_ids=[user.user_id],
            opts=child,
        )
        subnets = aws.elasticache.SubnetGroup(
            name, subnet_ids=args.subnet_ids, description="Backlog broker", opts=child
        )
        parameters = aws.elasticache.ParameterGroup(
            name,
            family=f"valkey{args.engine_version.split('.')[0]}",
            description="Backlog broker",
            parameters=[aws.elasticache.ParameterGroupParameterArgs(name="maxmemory-policy", value="noeviction")],
            opts=child,
        )
        logs = aws.cloudwatch.LogGroup(name, retention_in_days=args.log_retention_days, opts=child)
        group = aws.elasticache.ReplicationGroup(
            name,
            description="Backlog broker",
            engine="valkey",
            engine_version=args.engine_version,
            node_type=args.node_type,
            port=PORT,
            num_cache_clusters=2 if args.replica else 1,
            automatic_failover_enabled=args.replica,
            multi_az_enabled=args.replica,
            subnet_group_name=subnets.name,
            security_group_ids=[args.security_group_id],
            parameter_group_name=parameters.name,
            user_group_ids=[users.user_group_id],
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            at_rest_encryption_enabled=True,
            auto_minor_version_upgrade=True,
            snapshot_retention_limit=args.snapshot_days,
            maintenance_window="sun:03:00-sun:04:00",
            snapshot_window="01:00-02:00" if args.snapshot_days else None,
            apply_immediately=not args.protect,
            log_delivery_configurations=[
                aws.elasticache.ReplicationGroupLogDeliveryConfigurationArgs(
                    destination=logs.name, destination_type="cloudwatch-logs", log_format="json", log_type="engine-log"
                )
            ],
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        host, port = group.primary_endpoint_address, group.port.apply(lambda port: str(port or PORT))
        self.broker = Broker(
            resource=self,
            environment={"BROKER": "valkey", "BROKER_HOST": host, "BROKER_PORT": port},
            worker_environment=job_metrics.environment(),
            secrets=login.secrets,
            secret_arns=[login.secret_arn],
            jobs=job_metrics.job_metrics(),
            alarms=_alarms(group.replication_group_id),
            exports={"broker_endpoint": pulumi.Output.format("rediss://{0}:{1}", host, port)},
        )
        self.register_outputs({"host": host})


def _alarms(group: pulumi.Output[str]) -> dict[str, Rule]:
    """Of the first node, which is the primary until a replica takes over; a queue is in the memory of both.

    Source: ElastiCache User Guide, "Metrics for Valkey and Redis OSS".
    """
    node = group.apply(lambda identity: f"{identity}-001")
    memory = Metric(
        namespace="AWS/ElastiCache",
        name="DatabaseMemoryUsagePercentage",
        statistic="Maximum",
        label="Memory, %",
        dimensions={"CacheClusterId": node},
    )
    return {
        "broker-memory": Rule(
            meaning=f"The broker has used {_MEMORY} % of its memory; when it is full it takes no more messages.",
            runbook="broker-memory",
            metrics={"memory": memory},
            threshold=_MEMORY,
            minutes=5,
            breaching=5,
        )
    }
