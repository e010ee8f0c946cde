"""The worker: a Fargate service that takes jobs from the queue, scaled by the backlog of each task.

Creates: the Fargate service (see fargate_service.py) and its scaling policies (see worker_scaling.py).
"""

from dataclasses import dataclass

import pulumi

from infra.components.containers import Container
from infra.components.fargate_service import FargateService, FargateServiceArgs, Place, Size
from infra.components.messaging import JobQueue
from infra.components.registry import ServiceImage
from infra.components.worker_scaling import Scaled, track_backlog, wake_up
from infra.job_contract import JobContract


@dataclass(frozen=True, kw_only=True)
class WorkerArgs:
    """Everything that says how it works comes from the contract."""

    place: Place
    size: Size
    security_group_id: pulumi.Input[str]
    image: ServiceImage
    queue: JobQueue
    contract: JobContract


class Worker(pulumi.ComponentResource):
    """Attributes: `service_name`, `alarm_arn`."""

    def __init__(self, name: str, args: WorkerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:Worker", name, None, opts)
        contract, queue = args.contract, args.queue
        service = FargateService(
            name,
            FargateServiceArgs(
                place=args.place,
                size=args.size,
                security_group_id=args.security_group_id,
                image=args.image,
                after=[queue],
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
                    environment={**contract.environment(), "QUEUE_URL": queue.url},
                    stop_timeout=contract.stop_timeout_seconds,
                ),
                # SendMessage is the reconciler's: it sends again what the queue lost.
                statements=[
                    {
                        "Effect": "Allow",
                        "Resource": queue.arn,
                        "Action": [
                            "sqs:ChangeMessageVisibility",
                            "sqs:DeleteMessage",
                            "sqs:GetQueueAttributes",
                            "sqs:ReceiveMessage",
                            "sqs:SendMessage",
                        ],
                    }
                ],
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        scaled = Scaled(target=service.target, queue=queue.name, cluster=args.place.cluster.name, service=service.name)
        kept = pulumi.ResourceOptions(parent=self, protect=args.place.protect)
        track_backlog(f"{name}-backlog", scaled, contract, kept)
        if args.size.min_count == 0:
            wake_up(f"{name}-wake-up", scaled, kept, pulumi.ResourceOptions(parent=self))
        self.service_name: pulumi.Output[str] = service.name
        self.alarm_arn: pulumi.Output[str] = service.alarm_arn
        self.register_outputs({"serviceName": self.service_name})
