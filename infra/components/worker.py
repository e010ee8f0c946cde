"""The worker: a Fargate service that takes jobs from the queue, scaled by the backlog of each task.

Creates: the Fargate service (see fargate_service.py) and a target-tracking policy over metric math.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components.containers import Container
from infra.components.fargate_service import FargateService, FargateServiceArgs, Place, Size
from infra.components.messaging import JobQueue
from infra.components.registry import ServiceImage
from infra.job_contract import JobContract

_Spec = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationArgs
_Metric = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricArgs
_Stat = (
    aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricMetricStatArgs
)
_Of = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricMetricStatMetricArgs
_Dimension = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricMetricStatMetricDimensionArgs


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
        aws.appautoscaling.Policy(
            f"{name}-backlog",
            policy_type="TargetTrackingScaling",
            service_namespace=service.target.service_namespace,
            scalable_dimension=service.target.scalable_dimension,
            resource_id=service.target.resource_id,
            target_tracking_scaling_policy_configuration=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
                target_value=contract.backlog_per_task,
                scale_out_cooldown=contract.scale_out_cooldown_seconds,
                scale_in_cooldown=contract.scale_in_cooldown_seconds,
                customized_metric_specification=_Spec(
                    metrics=backlog_per_task(queue.name, args.place.cluster.name, service.name)
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self, protect=args.place.protect),
        )
        self.service_name: pulumi.Output[str] = service.name
        self.alarm_arn: pulumi.Output[str] = service.alarm_arn
        self.register_outputs({"serviceName": self.service_name})


def backlog_per_task(queue: pulumi.Input[str], cluster: pulumi.Input[str], service: pulumi.Input[str]) -> list[_Metric]:
    """Metric math: messages waiting or at work, for each running task; with no task at all, for one.

    In flight counts too: scaling in on what waits alone would remove the task that holds the last message.
    Source: Application Auto Scaling User Guide, "Create a target tracking scaling policy using metric math".
    """

    def of(identity: str, label: str, namespace: str, metric: str, dimensions: dict[str, pulumi.Input[str]]) -> _Metric:
        named = [_Dimension(name=key, value=value) for key, value in dimensions.items()]
        return _Metric(
            id=identity,
            label=label,
            return_data=False,
            metric_stat=_Stat(stat="Average", metric=_Of(namespace=namespace, metric_name=metric, dimensions=named)),
        )

    messages: dict[str, pulumi.Input[str]] = {"QueueName": queue}
    tasks: dict[str, pulumi.Input[str]] = {"ClusterName": cluster, "ServiceName": service}
    return [
        of("waiting", "Messages waiting", "AWS/SQS", "ApproximateNumberOfMessagesVisible", messages),
        of("working", "Messages at work", "AWS/SQS", "ApproximateNumberOfMessagesNotVisible", messages),
        of("running", "Tasks running", "ECS/ContainerInsights", "RunningTaskCount", tasks),
        _Metric(
            id="backlog",
            label="Backlog of each task",
            return_data=True,
            expression="(FILL(waiting, 0) + FILL(working, 0)) / IF(FILL(running, 0) > 0, FILL(running, 0), 1)",
        ),
    ]
