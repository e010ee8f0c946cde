"""The broker that the configuration asks for."""

import math

import pulumi

from infra.components import amazon_mq, valkey
from infra.components.amazon_mq import AmazonMq, AmazonMqArgs
from infra.components.broker import Broker
from infra.components.message_key import MessageKey
from infra.components.messaging import JobQueue, JobQueueArgs
from infra.components.network import Network
from infra.components.valkey import Valkey, ValkeyArgs
from infra.settings import Settings

NAME = "jobs"


def port_of(config: Settings) -> int | None:
    """The port that tasks reach it on; None where they reach it as they reach AWS."""
    return {"sqs": None, "rabbitmq": amazon_mq.PORT, "valkey": valkey.PORT}[config.broker.kind]


def broker_by_config(
    config: Settings, network: Network, security_group_id: pulumi.Output[str] | None, key: MessageKey | None
) -> Broker:
    """It, made; `key` encrypts what SQS has of it."""
    broker, job = config.broker, config.job
    if broker.kind == "sqs" or security_group_id is None:
        return JobQueue(NAME, JobQueueArgs(contract=job, protect=config.protect, key=key)).broker
    if broker.kind == "rabbitmq":
        args = AmazonMqArgs(
            subnet_ids=network.private_subnet_ids,
            security_group_id=security_group_id,
            engine_version=broker.rabbitmq_version,
            instance_type=broker.rabbitmq_instance,
            cluster=broker.multi_az,
            attempts=job.attempts,
            most_waiting=math.ceil(job.backlog_per_task * config.worker.max_count),
            protect=config.protect,
        )
        return AmazonMq(NAME, args).broker
    return Valkey(
        NAME,
        ValkeyArgs(
            subnet_ids=network.private_subnet_ids,
            security_group_id=security_group_id,
            engine_version=broker.valkey_version,
            node_type=broker.valkey_node,
            replica=broker.multi_az,
            snapshot_days=broker.snapshot_days,
            log_retention_days=config.log_retention_days,
            protect=config.protect,
        ),
    ).broker
