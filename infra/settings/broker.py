"""What carries jobs from the API to the worker."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from infra.job_contract import JobContract
from infra.mistakes import Whole
from infra.settings.model import Model

#: Seconds after which RabbitMQ takes a message back whose consumer says nothing (RabbitMQ, "Delivery acknowledgement
#: timeout"; Amazon MQ's default is the same).
ACKNOWLEDGEMENT_TIMEOUT = 1_800
#: YAML reads a version without quotes as a number.
_AS_TEXT = BeforeValidator(lambda version: str(version) if isinstance(version, float) else version)
Kind = Literal["sqs", "rabbitmq", "valkey"]


class BrokerSettings(Model):
    """The broker; what is said of a kind that it is not changes nothing."""

    kind: Kind = Field(
        default="sqs", description="SQS (nothing to run), RabbitMQ on Amazon MQ, or Valkey on ElastiCache"
    )
    rabbitmq_version: Annotated[Literal["3.13", "4.2"], _AS_TEXT] = Field(
        default="3.13", description="RabbitMQ's version; Amazon MQ takes patches by itself"
    )
    rabbitmq_instance: str = Field(
        default="mq.m7g.medium", pattern=r"^mq\.\w+\.\w+$", description="Amazon MQ instance type"
    )
    valkey_version: Annotated[Literal["7.2", "8.0", "8.1"], _AS_TEXT] = Field(
        default="8.1", description="Valkey's version"
    )
    valkey_node: str = Field(
        default="cache.t4g.micro", pattern=r"^cache\.\w+\.\w+$", description="ElastiCache node type"
    )
    multi_az: bool = Field(
        default=False, description="three RabbitMQ nodes in a cluster, or a Valkey replica in the other zone"
    )
    snapshot_days: Whole = Field(default=0, ge=0, le=35, description="days that Valkey's daily snapshots are kept")

    def contradictions(self) -> Iterator[str]:
        """See Model. Sources: Amazon MQ Developer Guide, "RabbitMQ 4" and "Amazon MQ broker instance types"."""
        yield from super().contradictions()
        if self.kind == "rabbitmq" and self.rabbitmq_version != "3.13" and ".m7g." not in self.rabbitmq_instance:
            yield (
                f"rabbitmqVersion {self.rabbitmq_version} runs on mq.m7g alone, not on rabbitmqInstance "
                f"{self.rabbitmq_instance}"
            )
        if self.kind == "rabbitmq" and self.multi_az and self.rabbitmq_instance.startswith("mq.t3."):
            yield f"multiAz needs three nodes in a cluster, which rabbitmqInstance {self.rabbitmq_instance} has not"

    def disagreements(self, job: JobContract, *, fewest_workers: int) -> Iterator[str]:
        """What the broker cannot do of a stack's job contract, or of its worker."""
        if self.kind == "rabbitmq" and job.hard_limit_seconds >= ACKNOWLEDGEMENT_TIMEOUT:
            yield (
                f"job.hardLimitSeconds {job.hard_limit_seconds} lets a job work beyond the "
                f"{ACKNOWLEDGEMENT_TIMEOUT} s after which broker.kind rabbitmq takes its message back"
            )
        if self.kind != "sqs" and fewest_workers == 0:
            yield (
                f"worker.minCount 0 and broker.kind {self.kind}: a worker counts the jobs there, and so none would be "
                "started for the first one; minCount 1, or broker.kind sqs"
            )


def _kind_alone(value: Any) -> Any:
    """`broker: valkey` is short for a block that says no more than that."""
    return {"kind": value} if isinstance(value, str) else value


BrokerBlock = Annotated[BrokerSettings, BeforeValidator(_kind_alone)]
