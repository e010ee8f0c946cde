"""The worker: a Fargate service that takes jobs from the queue, scaled by the backlog of each task.

Creates: the Fargate service (see fargate_service.py) and its scaling policies (see worker_scaling.py).
"""

from dataclasses import dataclass

import pulumi

from infra.components.broker import Broker
from infra.components.containers import Container
from infra.components.events import Events
from infra.components.fargate_service import FargateService, FargateServiceArgs
from infra.components.given_image import GivenImage
from infra.components.place import Place
from infra.components.registry import ServiceImage
from infra.components.size import Size
from infra.components.task_protection import protection
from infra.components.worker_scaling import Scaled, track_backlog, wake_up
from infra.job_contract import JobContract


@dataclass(frozen=True, kw_only=True)
class WorkerArgs:
    """Everything that says how it works comes from the contract; without `events` it tells nobody of anything."""

    place: Place
    size: Size
    security_group_id: pulumi.Input[str]
    image: ServiceImage | GivenImage
    broker: Broker
    contract: JobContract
    events: Events | None = None


class Worker(pulumi.ComponentResource):
    """Attributes: `service_name`, `declared` and `tasks` (see fargate_service.py), `alarm_arn`."""

    def __init__(self, name: str, args: WorkerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:Worker", name, None, opts)
        contract, broker, events = args.contract, args.broker, args.events
        service = FargateService(
            name,
            FargateServiceArgs(
                place=args.place,
                size=args.size,
                security_group_id=args.security_group_id,
                image=args.image,
                after=[broker.resource, *([events] if events else [])],
                container=Container(
                    command=[
                        "celery",
                        "--app",
                        "backlog_worker.app",
                        "worker",
                        "--loglevel",
                        "INFO",
                        "--without-gossip",
                        "--without-mingle",
                        "--without-heartbeat",
                    ],
                    health_command=["CMD", "python", "-m", "backlog_worker.health"],
                    environment={
                        **contract.environment(),
                        **broker.environment,
                        **broker.worker_environment,
                        **(events.relay_environment if events else {}),
                    },
                    secrets=broker.secrets,
                    stop_timeout=contract.stop_timeout_seconds,
                ),
                statements=[
                    protection(args.place.cluster.arn),
                    *broker.work,
                    # One key may encrypt both: its statement is the same one.
                    *(right for right in (events.statements if events else []) if right not in broker.work),
                ],
                secret_arns=broker.secret_arns,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        if service.target:
            scaled = Scaled(target=service.target, broker=broker, tasks=service.tasks)
            kept = pulumi.ResourceOptions(parent=self, protect=args.place.protect)
            track_backlog(f"{name}-backlog", scaled, contract, kept)
            if args.size.min_count == 0:
                wake_up(f"{name}-wake-up", scaled, kept, pulumi.ResourceOptions(parent=self))
        self.service_name: pulumi.Output[str] = service.name
        self.declared, self.tasks = service.declared, service.tasks
        self.alarm_arn: pulumi.Output[str] = service.alarm_arn
        self.register_outputs({"serviceName": self.service_name})
