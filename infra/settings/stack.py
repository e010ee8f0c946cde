"""All that a stack's configuration says."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from infra.connections import Connections
from infra.job_contract import WAKE_UP, JobContract
from infra.rds_authorities import REGIONS
from infra.settings.broker import BrokerBlock, BrokerSettings
from infra.settings.budget import BudgetSettings
from infra.settings.database import DatabaseSettings
from infra.settings.deploy_role import DeployRoleSettings
from infra.settings.events import EventsSettings
from infra.settings.images import ImagesSettings
from infra.settings.load_balancer import LoadBalancerSettings
from infra.settings.messages import MessagesSettings
from infra.settings.network import NetworkSettings
from infra.settings.registry import Platform, RegistrySettings
from infra.settings.retention import Retention
from infra.settings.tasks import ApiSettings, WorkerSettings
from infra.settings.telemetry import TelemetrySettings


class Settings(LoadBalancerSettings, NetworkSettings):
    """A stack's configuration."""

    platform: Platform = Field(default="linux/arm64", description="what the images are built for and run on")
    images: ImagesSettings = Field(
        default_factory=lambda: ImagesSettings(), description="images that are built elsewhere"
    )
    registry: RegistrySettings = Field(
        default_factory=lambda: RegistrySettings(), description="repositories of the images that the stack builds"
    )
    wait_for_steady_state: bool = Field(
        default=True,
        description="end an update when the new tasks are up, and fail it when they are not; "
        "else it ends when AWS has taken it",
    )
    log_retention_days: Retention = Field(default=14, description="days that logs are kept")
    container_insights: Literal["disabled", "enabled", "enhanced"] = Field(
        default="enabled",
        description="Container Insights of the cluster, paid by the metric; disabled, ECS's own metrics stand in, and "
        "the alarm on missing tasks knows the fewest tasks but not how many autoscaling wants",
    )
    alarm_email: str | None = Field(
        default=None,
        pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
        description="address that alarms are sent to, once it has confirmed SNS's mail",
    )
    budget: BudgetSettings | None = Field(default=None, description="a monthly budget; none without it")
    deploy_role: DeployRoleSettings | None = Field(
        default=None, description="roles that GitHub's workflows take to plan and to deploy; none without it"
    )
    protect: bool = Field(
        default=False,
        description="services and data stores can't be deleted, and changes of the database wait for its maintenance",
    )
    telemetry: TelemetrySettings = Field(
        default_factory=lambda: TelemetrySettings(), description="traces by OpenTelemetry"
    )
    api: ApiSettings = Field(default_factory=lambda: ApiSettings(), description="the API's tasks")
    worker: WorkerSettings = Field(default_factory=lambda: WorkerSettings(), description="the worker's tasks")
    database: DatabaseSettings = Field(default_factory=lambda: DatabaseSettings(), description="the database")
    messages: MessagesSettings = Field(default_factory=lambda: MessagesSettings(), description="queues, all of them")
    events: EventsSettings = Field(
        default_factory=lambda: EventsSettings(), description="domain events: what happened to todos and calendars"
    )
    broker: BrokerBlock = Field(
        default_factory=lambda: BrokerSettings(), description="what carries jobs to the worker; a kind alone will do"
    )
    lab: bool = Field(
        default=False, description="the queue practical beside the service; stack `lab` has nothing else (`only: lab`)"
    )
    job: JobContract = Field(description="the job contract (infra/job_contract.py)")

    def called_services(self) -> tuple[str, ...]:
        """What tasks call in AWS, by the names of the services' endpoints; ECS's own for them are among it.

        A task's credentials, metadata and protection are asked of its host, and tokens of RDS are made without a call.
        """
        jobs = ("sqs",) if self.broker.kind == "sqs" else ()
        shells = ("ssmmessages",) if self.exec else ()
        return ("ecr.api", "ecr.dkr", "logs", "secretsmanager", *jobs, *shells, *self.events.called_services())

    @property
    def exec(self) -> bool:
        """Whether somebody may run commands in a task of any service."""
        return self.api.exec or self.worker.exec

    @property
    def connections(self) -> Connections:
        """How many connections the tasks hold at most."""
        return Connections(
            api_tasks=self.api.max_count,
            processes=self.api.processes,
            threads=self.api.threads,
            worker_tasks=self.worker.max_count,
            jobs_at_once=self.job.jobs_at_once,
            streams=len(self.events.streams),
        )

    def contradictions(self) -> Iterator[str]:
        """See Model."""
        yield from super().contradictions()
        yield from self.connections.contradictions(self.database.instance_class)
        if self.database.sslmode == "verify-full" and self.region not in REGIONS:
            yield (
                f"database.verifyCertificate true: the images carry no certificate authority of RDS in aws:region "
                f"{self.region} (infra/rds_authorities.py); write false, or add it"
            )
        yield from self._doors()
        if self.egress == "endpoints":
            yield from self._out_of_reach()
        if self.worker.min_count == 0 and self.job.latency_objective_seconds < WAKE_UP:
            yield (
                f"worker.minCount 0 lets a first job wait for {WAKE_UP} s until a task is up, over "
                f"job.latencyObjectiveSeconds {self.job.latency_objective_seconds}: raise it, or minCount to 1"
            )
        yield from self.broker.disagreements(self.job, fewest_workers=self.worker.min_count)

    def _doors(self) -> Iterator[str]:
        """Who lets people in, and who checks that somebody did."""
        if self.api.access == "login" and not self.oidc:
            yield "api.access login needs oidc: it says with which provider people log in"
        if self.oidc and self.api.access != "login":
            yield (
                f"oidc and api.access {self.api.access}: the load balancer lets people log in, and the API would not "
                "look at it; write api.access login, or leave oidc out"
            )

    def _out_of_reach(self) -> Iterator[str]:
        """What tasks could not reach without a way to the internet."""
        if self.telemetry.otlp_endpoint:
            yield "telemetry.otlpEndpoint is out of reach with egress endpoints, which leads to AWS alone"
        if self.api.access == "login":
            yield (
                "api.access login is out of reach with egress endpoints: the API fetches the load balancer's public "
                "keys from the internet"
            )
        for key, image in (("api", self.images.api), ("worker", self.images.worker)):
            if image and f".dkr.ecr.{self.region}." not in image.split("/")[0]:
                yield f"images.{key} is not in ECR of {self.region}, all that egress endpoints leads to"
