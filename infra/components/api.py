"""The API: a Fargate service behind the load balancer, scaled by its CPU.

Creates: the Fargate service (see fargate_service.py) and a target-tracking policy.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components.containers import Container
from infra.components.fargate_service import FargateService, FargateServiceArgs, Place, Size
from infra.components.load_balancer import LoadBalancer
from infra.components.messaging import JobQueue
from infra.components.registry import ServiceImage

HEALTH_PATH = "/api/v1/health"
#: Seconds. The balancer stops sending, gunicorn finishes what it has, and ECS waits a little longer than both.
DEREGISTRATION, GRACEFUL, STOP = 15, 20, 30
_CPU_TARGET = 60.0  # percent; leaves room for the minutes that a new task takes


@dataclass(frozen=True, kw_only=True)
class ApiArgs:
    """`processes` and `threads` are gunicorn's, in each task; `errors_alarm` is the name of what rolls them back."""

    place: Place
    size: Size
    security_group_id: pulumi.Input[str]
    image: ServiceImage
    queue: JobQueue
    load_balancer: LoadBalancer
    errors_alarm: pulumi.Input[str]
    port: int
    processes: int
    threads: int


class Api(pulumi.ComponentResource):
    """Attributes: `service_name`, `alarm_arn`."""

    def __init__(self, name: str, args: ApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:Api", name, None, opts)
        service = FargateService(
            name,
            FargateServiceArgs(
                place=args.place,
                size=args.size,
                security_group_id=args.security_group_id,
                image=args.image,
                load_balancer=args.load_balancer,
                deployment_alarms=[args.errors_alarm],
                after=[args.queue],
                container=Container(
                    command=["gunicorn", "--config", "python:backlog_api.gunicorn_config", "backlog_api.wsgi:app"],
                    health_command=["CMD", "python", "-m", "backlog_api.health"],
                    environment={
                        "API_GRACEFUL_TIMEOUT_SECONDS": str(GRACEFUL),
                        "PORT": str(args.port),
                        "QUEUE_URL": args.queue.url,
                        "WEB_CONCURRENCY": str(args.processes),
                        "WEB_THREADS": str(args.threads),
                    },
                    stop_timeout=STOP,
                    port=args.port,
                ),
                statements=[
                    {
                        "Effect": "Allow",
                        "Action": ["sqs:GetQueueAttributes", "sqs:SendMessage"],
                        "Resource": args.queue.arn,
                    },
                ],
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.appautoscaling.Policy(
            f"{name}-cpu",
            policy_type="TargetTrackingScaling",
            service_namespace=service.target.service_namespace,
            scalable_dimension=service.target.scalable_dimension,
            resource_id=service.target.resource_id,
            target_tracking_scaling_policy_configuration=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
                target_value=_CPU_TARGET,
                scale_out_cooldown=60,
                scale_in_cooldown=300,
                predefined_metric_specification=(
                    aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs(
                        predefined_metric_type="ECSServiceAverageCPUUtilization"
                    )
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self, protect=args.place.protect),
        )
        self.service_name: pulumi.Output[str] = service.name
        self.alarm_arn: pulumi.Output[str] = service.alarm_arn
        self.register_outputs({"serviceName": self.service_name})
