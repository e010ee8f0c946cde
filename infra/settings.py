"""The only reader of configuration: Pulumi.STACK.yaml becomes a frozen, typed `Settings`, or every mistake at once."""

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self

import pulumi
from pulumi.runtime import config as runtime_config
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from infra.job_contract import JobContract

Port = Annotated[int, Field(ge=1, le=65_535)]
Count = Annotated[int, Field(ge=0, le=1_000)]

#: MiB of memory for each number of CPU units. Source: Amazon ECS Developer Guide, "Task CPU and memory" (Fargate).
_FARGATE = {
    256: (512, 2_048),
    512: (1_024, 4_096),
    1_024: (2_048, 8_192),
    2_048: (4_096, 16_384),
    4_096: (8_192, 30_720),
}

#: Days. Source: CloudWatch Logs API Reference, PutRetentionPolicy.
_RETENTION = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827)


class Mistakes(Exception):
    """What is wrong with the configuration, a sentence each."""


def _zones(zones: tuple[str, ...]) -> tuple[str, ...]:
    if len(zones) != 2 or len(set(zones)) != 2:  # noqa: PLR2004 - said in the sentence
        raise ValueError(f"must be two different zones, not {list(zones)}")
    return zones


def _retention(days: int) -> int:
    if days not in _RETENTION:
        raise ValueError(f"CloudWatch Logs keeps no {days} days; it keeps {', '.join(map(str, _RETENTION))}")
    return days


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class TaskSize(_Model):
    """What one Fargate task has, and how many there are."""

    cpu: int = Field(256, description="CPU units of a task; 1024 are one vCPU")
    memory: int = Field(512, description="MiB of memory of a task")
    min_count: Count = Field(1, description="fewest tasks")
    max_count: Count = Field(2, description="most tasks")
    spot: bool = Field(False, description="run on Fargate Spot")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        low, high = _FARGATE.get(self.cpu, (0, 0))
        if not low:
            raise ValueError(f"cpu {self.cpu}: Fargate has {', '.join(map(str, _FARGATE))}")
        if not low <= self.memory <= high or self.memory % (1_024 if self.cpu > 256 else 512):  # noqa: PLR2004 - the smallest size
            raise ValueError(
                f"memory {self.memory} MiB does not go with cpu {self.cpu}: Fargate has {low} to {high} MiB"
            )
        if self.min_count > self.max_count:
            raise ValueError(f"minCount {self.min_count} is over maxCount {self.max_count}")
        return self


class ApiSettings(TaskSize):
    """The API's tasks."""

    port: Port = Field(6400, description="port that the API listens on in its task")
    processes: int = Field(2, ge=1, le=64, description="gunicorn's worker processes")
    threads: int = Field(4, ge=1, le=256, description="threads of each process")


class DatabaseSettings(_Model):
    """The PostgreSQL instance."""

    engine_version: str = Field("18", description="PostgreSQL's major version")
    instance_class: str = Field("db.t4g.micro", pattern=r"^db\.", description="RDS instance class")
    storage_gib: int = Field(20, ge=20, le=65_536, description="GiB at first")
    max_storage_gib: int = Field(100, ge=20, le=65_536, description="GiB that storage may grow to by itself")
    multi_az: bool = Field(False, description="a standby in the other zone")
    backup_days: int = Field(1, ge=0, le=35, description="days that automated backups are kept")
    port: Port = Field(5432, description="port that PostgreSQL listens on")
    tls: bool = Field(True, description="refuse connections without TLS; off on one machine, where they are loopback")

    @property
    def sslmode(self) -> Literal["require", "disable"]:
        """The name that libpq has for it."""
        return "require" if self.tls else "disable"

    @model_validator(mode="after")
    def _grows(self) -> Self:
        if self.max_storage_gib < self.storage_gib:
            raise ValueError(f"maxStorageGib {self.max_storage_gib} is below storageGib {self.storage_gib}")
        return self


class Settings(_Model):
    """A stack's configuration."""

    account_id: str = Field(pattern=r"^\d{12}$", description="AWS account, 12 digits")
    region: str = Field(description="AWS region (aws:region)")
    availability_zones: Annotated[tuple[str, ...], AfterValidator(_zones)] = Field(
        description="two zones of the region"
    )
    vpc_cidr: str = Field(
        "10.20.0.0/16", pattern=r"^\d+\.\d+\.\d+\.\d+/16$", description="address range of the VPC, a /16"
    )
    egress: Literal["public-ip", "nat", "nat-per-zone"] = Field(
        "public-ip",
        description="how tasks reach AWS: public addresses (cheapest), one NAT gateway, or one in each zone",
    )
    platform: Literal["linux/arm64", "linux/amd64"] = Field(
        "linux/arm64", description="what the images are built for and run on"
    )
    listener_port: Port = Field(80, description="port of the load balancer")
    log_retention_days: Annotated[int, AfterValidator(_retention)] = Field(14, description="days that logs are kept")
    protect: bool = Field(False, description="data stores can't be deleted, and leave a final snapshot")
    api: ApiSettings = Field(default_factory=lambda: ApiSettings(), description="the API's tasks")
    worker: TaskSize = Field(default_factory=lambda: TaskSize(), description="the worker's tasks")
    database: DatabaseSettings = Field(default_factory=lambda: DatabaseSettings(), description="the database")
    job: JobContract = Field(description="the job contract (infra/job_contract.py)")

    @model_validator(mode="after")
    def _zones_in_region(self) -> Self:
        strange = [zone for zone in self.availability_zones if not zone.startswith(self.region)]
        if strange:
            raise ValueError(f"availabilityZones {strange} are not in aws:region {self.region}")
        return self


def parse(config: Mapping[str, Any]) -> Settings:
    """Settings of the keys of the project's namespace and `region`.

    Raises:
        Mistakes: every key that is unknown, missing, of the wrong type, out of range or contradicts another.
    """
    try:
        return Settings.model_validate(dict(config))
    except ValidationError as error:
        raise Mistakes(*(_sentence(mistake) for mistake in error.errors())) from None


def load() -> Settings:
    """The settings of the stack that runs.

    Raises:
        pulumi.RunError: what `parse` found, a line each.
    """
    project = pulumi.get_project()
    values = {
        key.removeprefix(f"{project}:"): _value(text)
        for key, text in {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}.items()
        if key.startswith(f"{project}:")
    }
    try:
        return parse({**values, "region": pulumi.Config("aws").get("region") or "(not set)"})
    except Mistakes as mistakes:
        lines = "\n".join(f"  - {sentence}" for sentence in mistakes.args)
        count = f"{len(mistakes.args)} mistake{'s' if len(mistakes.args) > 1 else ''}"
        raise pulumi.RunError(f"Pulumi.{pulumi.get_stack()}.yaml has {count}:\n{lines}") from None


def _value(text: str) -> Any:
    """Lists and blocks reach a program as JSON; the rest stays text, which the types know how to read."""
    if text[:1] in ("[", "{"):
        return json.loads(text)
    return text


def _sentence(mistake: Any) -> str:
    where = ".".join(str(step) for step in mistake["loc"])
    if mistake["type"] == "extra_forbidden":
        near = get_close_matches(str(mistake["loc"][-1]), _names(Settings), n=1)
        return f"{where}: there is no such setting" + (f"; did you mean {near[0]}?" if near else "")
    if mistake["type"] == "missing":
        return f"{where}: is missing"
    if mistake["type"] == "string_pattern_mismatch":
        return f"{where}: {mistake['input']!r} is not of the form {mistake['ctx']['pattern']}"
    message = re.sub(r"^(Value error, |Input )", "", mistake["msg"])
    given = "" if mistake["type"] == "value_error" else f", not {mistake['input']!r}"
    return f"{where}: {message}{given}" if where else message


def _names(model: type[BaseModel]) -> list[str]:
    names = []
    for name, field in model.model_fields.items():
        names.append(to_camel(name))
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            names += _names(field.annotation)
    return [*names, *(to_camel(name) for name in JobContract.__dataclass_fields__)]
