"""RabbitMQ on Amazon MQ: private, by TLS alone, patched by itself.

Creates: the user's secret (see broker_login.py) and the broker. Its queues are the worker's to declare, quorum queues
with a delivery limit and dead letters (backlog_todos/broker/rabbitmq.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import pulumi
import pulumi_aws as aws

from infra.components import job_metrics
from infra.components.alarm import Rule
from infra.components.broker import Broker
from infra.components.broker_login import broker_login
from infra.components.metrics import Metric

#: AMQP with TLS; Amazon MQ has no other.
PORT = 5671
_MEMORY = 80  # percent of the high watermark, at which RabbitMQ takes no more messages


@dataclass(frozen=True, kw_only=True)
class AmazonMqArgs:
    """`attempts` is the job contract's; `most_waiting` the messages that all workers together can be in time with."""

    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_id: pulumi.Input[str]
    engine_version: str
    instance_type: str
    cluster: bool
    attempts: int
    most_waiting: int
    protect: bool


class AmazonMq(pulumi.ComponentResource):
    """Attributes: `broker`, which is all that the stack asks of it."""

    def __init__(self, name: str, args: AmazonMqArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:AmazonMq", name, None, opts)
        login = broker_login(name, protect=args.protect, opts=pulumi.ResourceOptions(parent=self))
        made = aws.mq.Broker(
            name,
            engine_type="RabbitMQ",
            engine_version=args.engine_version,
            host_instance_type=args.instance_type,
            deployment_mode="CLUSTER_MULTI_AZ" if args.cluster else "SINGLE_INSTANCE",
            auto_minor_version_upgrade=True,
            publicly_accessible=False,
            # One instance lives in one subnet; nodes of a cluster in several.
            subnet_ids=args.subnet_ids if args.cluster else args.subnet_ids[:1],
            security_groups=[args.security_group_id],
            users=[aws.mq.BrokerUserArgs(username=login.user, password=login.password)],
            logs=aws.mq.BrokerLogsArgs(general=True),
            maintenance_window_start_time=aws.mq.BrokerMaintenanceWindowStartTimeArgs(
                day_of_week="SUNDAY", time_of_day="03:00", time_zone="UTC"
            ),
            apply_immediately=not args.protect,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        endpoint = made.instances.apply(_endpoint)
        self.broker = Broker(
            resource=self,
            environment={
                "BROKER": "rabbitmq",
                "BROKER_ATTEMPTS": str(args.attempts),
                "BROKER_HOST": endpoint.apply(lambda url: str(urlsplit(url).hostname)),
                "BROKER_PORT": endpoint.apply(lambda url: str(urlsplit(url).port)),
            },
            worker_environment=job_metrics.environment(),
            secrets=login.secrets,
            secret_arns=[login.secret_arn],
            jobs=job_metrics.job_metrics(),
            alarms=_alarms(made.broker_name, args.most_waiting),
            exports={"broker_endpoint": endpoint},
        )
        self.register_outputs({"endpoint": endpoint})


def _endpoint(instances: Sequence[aws.mq.outputs.BrokerInstance]) -> str:
    """A cluster has one too: a load balancer's."""
    return str((instances[0].endpoints or [""])[0])


def _alarms(broker: pulumi.Input[str], most_waiting: int) -> dict[str, Rule]:
    """The broker's own count of messages is told whether workers live or not.

    Source: Amazon MQ Developer Guide, "Available CloudWatch metrics for Amazon MQ for RabbitMQ brokers".
    """

    def metric(name: str, label: str) -> Metric:
        return Metric(
            namespace="AWS/AmazonMQ", name=name, statistic="Maximum", label=label, dimensions={"Broker": broker}
        )

    return {
        "broker-memory": Rule(
            meaning=f"The broker has used {_MEMORY} % of the memory at which it takes no more messages.",
            runbook="broker-memory",
            metrics={"used": metric("RabbitMQMemUsed", "Used"), "limit": metric("RabbitMQMemLimit", "Limit")},
            expression="100 * used / limit",
            label="Memory, %",
            threshold=_MEMORY,
            minutes=5,
            breaching=5,
        ),
        "queue-depth": Rule(
            meaning=f"More than {most_waiting} messages wait, which all workers together can't do in time.",
            runbook="queue-depth",
            metrics={"ready": metric("MessageReadyCount", "Messages ready")},
            threshold=most_waiting,
            minutes=5,
            breaching=5,
        ),
    }
