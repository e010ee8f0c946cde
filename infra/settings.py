"""The only reader of configuration: Pulumi.STACK.yaml becomes a frozen, typed `Settings`, or every mistake at once."""

import ipaddress
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, Literal, Self

import pulumi
import pulumi_aws as aws
from pulumi.runtime import config as runtime_config
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from infra.job_contract import WAKE_UP, JobContract
from infra.mistakes import Contradictions, Mistakes, Whole, sentences

#: MiB of memory for each number of CPU units. Source: Amazon ECS Developer Guide, "Task CPU and memory" (Fargate).
FARGATE: Mapping[int, tuple[int, ...]] = {
    256: (512, 1_024, 2_048),
    512: tuple(range(1_024, 4_096 + 1, 1_024)),
    1_024: tuple(range(2_048, 8_192 + 1, 1_024)),
    2_048: tuple(range(4_096, 16_384 + 1, 1_024)),
    4_096: tuple(range(8_192, 30_720 + 1, 1_024)),
    8_192: tuple(range(16_384, 61_440 + 1, 4_096)),
    16_384: tuple(range(32_768, 122_880 + 1, 8_192)),
}

#: Days. Source: CloudWatch Logs API Reference, PutRetentionPolicy.
RETENTION = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)

REGION = "aws:region"
_ZONES = 2


def _network(cidr: str) -> str:
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError as error:
        raise ValueError(f"is no address range: {error}") from None
    if network.prefixlen != 16 or not network.is_private:  # noqa: PLR2004 - said in the sentence
        raise ValueError(f"must be a private /16, as 10.20.0.0/16 is, not {cidr}")
    return cidr


def _retention(days: int) -> int:
    if days not in RETENTION:
        near = min(RETENTION, key=lambda kept: abs(kept - days))
        raise ValueError(f"CloudWatch Logs can't keep logs for {days} days; {near} is the nearest that it can")
    return days


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, allow_inf_nan=False)


Port = Annotated[Whole, Field(ge=1, le=65_535)]
Count = Annotated[Whole, Field(ge=1, le=1_000)]


class TaskSize(_Model):
    """What one Fargate task has, and how many there are."""

    cpu: Whole = Field(default=256, description="CPU units of a task; 1024 are one vCPU")
    memory: Whole = Field(default=512, description="MiB of memory of a task")
    min_count: Count = Field(default=1, description="fewest tasks")
    max_count: Count = Field(default=2, description="most tasks")
    spot: bool = Field(default=False, description="run on Fargate Spot")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if found := list(self._contradictions()):
            raise Contradictions(*found)
        return self

    def _contradictions(self) -> Iterator[str]:
        if self.cpu not in FARGATE:
            yield f"cpu {self.cpu}: Fargate has {', '.join(map(str, FARGATE))}"
        elif self.memory not in (sizes := FARGATE[self.cpu]):
            yield (
                f"memory {self.memory} does not go with cpu {self.cpu}: "
                f"Fargate has {', '.join(map(str, sizes[:3]))} .. {sizes[-1]} MiB"
            )
        if self.min_count > self.max_count:
            yield f"minCount {self.min_count} is over maxCount {self.max_count}"


class ApiSettings(TaskSize):
    """The API's tasks."""

    port: Port = Field(default=6400, description="port that the API listens on in its task")
    processes: Whole = Field(default=2, ge=1, le=64, description="gunicorn's worker processes")
    threads: Whole = Field(default=4, ge=1, le=256, description="threads of each process")


class WorkerSettings(TaskSize):
    """The worker's tasks."""

    min_count: Annotated[Whole, Field(ge=0, le=1_000)] = Field(
        default=1,
        description="fewest tasks; with 0 a message that comes while none runs starts one, in about four minutes "
        "(up to 15 more after six idle hours)",
    )


class DatabaseSettings(_Model):
    """The PostgreSQL instance."""

    engine_version: str = Field(
        default="18", pattern=r"^\d+(\.\d+)?$", description="PostgreSQL's version; the major one alone lets RDS choose"
    )
    instance_class: str = Field(default="db.t4g.micro", pattern=r"^db\.\w+\.\w+$", description="RDS instance class")
    storage_gib: Whole = Field(default=20, ge=20, le=65_536, description="GiB at first")
    max_storage_gib: Whole = Field(default=100, ge=20, le=65_536, description="GiB that storage may grow to by itself")
    multi_az: bool = Field(default=False, description="a standby in the other zone")
    backup_days: Whole = Field(default=1, ge=0, le=35, description="days that automated backups are kept")
    performance_insights: bool = Field(default=False, description="which statements wait for what, for 7 days")
    port: Whole = Field(default=5432, ge=1_150, le=65_535, description="port that PostgreSQL listens on (RDS's range)")
    tls: bool = Field(
        default=True, description="refuse connections without TLS; off on one machine, where they are loopback"
    )

    @property
    def sslmode(self) -> Literal["require", "disable"]:
        """The name that libpq has for it."""
        return "require" if self.tls else "disable"

    @model_validator(mode="after")
    def _grows(self) -> Self:
        # RDS User Guide, "Managing capacity automatically": the threshold is at least a tenth over what is allocated.
        if self.storage_gib < self.max_storage_gib < self.storage_gib * 1.1 or self.max_storage_gib < self.storage_gib:
            raise Contradictions(
                f"maxStorageGib {self.max_storage_gib} must be storageGib {self.storage_gib} (no growth) "
                "or at least a tenth more"
            )
        return self


class Settings(_Model):
    """A stack's configuration."""

    region: str = Field(
        alias=REGION, pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", description="AWS region; the provider's own setting"
    )
    availability_zones: tuple[str, ...] = Field(description="two zones of the region")
    vpc_cidr: Annotated[str, AfterValidator(_network)] = Field(
        default="10.20.0.0/16", description="address range of the VPC, a /16"
    )
    egress: Literal["public-ip", "nat", "nat-per-zone"] = Field(
        default="public-ip",
        description="how tasks reach AWS: public addresses (cheapest), one NAT gateway, or one in each zone",
    )
    platform: Literal["linux/arm64", "linux/amd64"] = Field(
        default="linux/arm64", description="what the images are built for and run on"
    )
    listener_port: Port = Field(default=80, description="port of the load balancer")
    log_retention_days: Annotated[Whole, AfterValidator(_retention)] = Field(
        default=14, description="days that logs are kept"
    )
    alarm_email: str | None = Field(
        default=None,
        pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
        description="address that alarms are sent to, once it has confirmed SNS's mail",
    )
    protect: bool = Field(default=False, description="services and data stores can't be deleted; a final snapshot")
    api: ApiSettings = Field(default_factory=lambda: ApiSettings(), description="the API's tasks")
    worker: WorkerSettings = Field(default_factory=lambda: WorkerSettings(), description="the worker's tasks")
    database: DatabaseSettings = Field(default_factory=lambda: DatabaseSettings(), description="the database")
    job: JobContract = Field(description="the job contract (infra/job_contract.py)")

    @field_validator("availability_zones")
    @classmethod
    def _zones(cls, zones: tuple[str, ...], others: ValidationInfo) -> tuple[str, ...]:
        if len(zones) != _ZONES or len(set(zones)) != _ZONES:
            raise ValueError(f"must be two different zones, not {list(zones)}")
        region = others.data.get("region")
        if region and (strange := [zone for zone in zones if not zone.startswith(region)]):
            raise ValueError(f"{', '.join(strange)}: not in aws:region {region}")
        return zones

    @model_validator(mode="after")
    def _wakes_in_time(self) -> Self:
        if self.worker.min_count == 0 and self.job.latency_objective_seconds < WAKE_UP:
            raise Contradictions(
                f"worker.minCount 0 lets a first job wait for {WAKE_UP} s until a task is up, over "
                f"job.latencyObjectiveSeconds {self.job.latency_objective_seconds}: raise it, or minCount to 1"
            )
        return self


def parse(config: Mapping[str, Any], secret: Collection[str] = ()) -> Settings:
    """Settings of the keys of the project's namespace, and `aws:region`; values of `secret` keys are never told.

    Raises:
        Mistakes: every key that is unknown, missing, of the wrong type, out of range or contradicts another.
    """
    try:
        return Settings.model_validate(dict(config))
    except ValidationError as error:
        raise Mistakes(*sentences(error, Settings, secret)) from None


def load() -> Settings:
    """The settings of the stack that runs.

    Raises:
        pulumi.RunError: what `parse` found, a line each.
    """
    namespace = f"{pulumi.get_project()}:"
    values = {
        key.removeprefix(namespace): _value(text)
        for key, text in {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}.items()
        if key.startswith(namespace)
    }
    secret = {key for key in values if runtime_config.is_config_secret(f"{namespace}{key}")}
    # As the provider itself finds it: the stack's configuration, else AWS_REGION.
    region = {REGION: aws.config.region} if aws.config.region else {}
    try:
        return parse({**values, **region}, secret)
    except Mistakes as mistakes:
        count = f"{len(mistakes.args)} mistake{'s' if len(mistakes.args) > 1 else ''}"
        lines = "\n".join(f"  - {sentence}" for sentence in mistakes.args)
        raise pulumi.RunError(f"Pulumi.{pulumi.get_stack()}.yaml has {count}:\n{lines}") from None


def _value(text: str) -> Any:
    """Lists and blocks reach a program as JSON; the rest stays text, which the types know how to read."""
    try:
        return json.loads(text) if text[:1] in ("[", "{") else text
    except ValueError:
        return text  # no block after all: its type says so
