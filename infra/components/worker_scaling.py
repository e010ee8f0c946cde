"""How many workers there are: as many as the backlog asks for, and one for a single message where none runs.

Creates: a target-tracking policy over metric math; where none may run, a step policy and the alarm that acts by it.
"""

from dataclasses import dataclass, replace

import pulumi
import pulumi_aws as aws

from infra.components.alarm import queries
from infra.components.broker import Broker
from infra.components.metrics import Metric
from infra.components.task_metrics import TaskMetrics
from infra.components.tracked import Query, query, tracked
from infra.job_contract import JobContract

#: Seconds until a woken task is seen: image, migration, first poll, and the minutes that metrics come late.
_WAKE_COOLDOWN = 300


@dataclass(frozen=True, kw_only=True)
class Scaled:
    """The service that is scaled, by its name, and the broker that its jobs come from."""

    target: aws.appautoscaling.Target
    broker: Broker
    tasks: TaskMetrics

    def waiting(self) -> Metric:
        """Messages that nobody has."""
        return replace(self.broker.jobs.waiting, statistic="Average")

    def working(self) -> Metric:
        """Messages in flight."""
        return replace(self.broker.jobs.working, statistic="Average")

    def running(self) -> Metric:
        """Running tasks; missing when there is none."""
        return self.tasks.running()


def track_backlog(name: str, scaled: Scaled, contract: JobContract, opts: pulumi.ResourceOptions) -> None:
    """The policy that holds each task's backlog at what the contract's latency allows.

    In flight counts too: scaling in on what waits alone would remove the task that holds the last message.

    A minute that has not come in yet is no empty queue: messages are never filled with zero, so that the policy's alarm
    waits for them. SQS reports zeros as long as somebody polls. Tasks are different: a service with none running has no
    metric, and so the last number stands in, and one where there never was any. Nothing is divided by zero.
    Sources: Application Auto Scaling User Guide, "Target tracking using metric math"; CloudWatch User Guide, "Using
    metric math" (FILL); Amazon ECS Developer Guide, "Container Insights", considerations.
    """
    aws.appautoscaling.Policy(
        name,
        policy_type="TargetTrackingScaling",
        service_namespace=scaled.target.service_namespace,
        scalable_dimension=scaled.target.scalable_dimension,
        resource_id=scaled.target.resource_id,
        target_tracking_scaling_policy_configuration=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
            target_value=contract.backlog_per_task,
            scale_out_cooldown=contract.scale_out_cooldown_seconds,
            scale_in_cooldown=contract.scale_in_cooldown_seconds,
            customized_metric_specification=tracked(_backlog_per_task(scaled)),
        ),
        opts=opts,
    )


def wake_up(name: str, scaled: Scaled, policy: pulumi.ResourceOptions, alarm: pulumi.ResourceOptions) -> None:
    """A task for a single message: the first one, which target tracking, that multiplies what runs, cannot start.

    The alarm asks four things at once: a message waits, no task runs, nobody asked SQS for messages in that minute, and
    none is at work. The last three are zeros or missing when no worker is there; what SQS says of its receivers comes
    with the count of messages, so that a task count that is a minute late wakes nobody.

    The two policies do not fight. This one only adds: Application Auto Scaling takes the larger of two capacities, and
    warns of a step policy that scales in before target tracking would. And it adds one instead of setting one: an
    exact capacity would take tasks away when many are starting at once. Within the cooldown the started task counts.
    Target tracking alone takes tasks away, and none as long as a message waits or is at work.
    Sources: Application Auto Scaling API Reference, PutScalingPolicy; its User Guide, "Step scaling", cooldown;
    SQS Developer Guide, "Available CloudWatch metrics".
    """
    step = aws.appautoscaling.Policy(
        name,
        policy_type="StepScaling",
        service_namespace=scaled.target.service_namespace,
        scalable_dimension=scaled.target.scalable_dimension,
        resource_id=scaled.target.resource_id,
        step_scaling_policy_configuration=aws.appautoscaling.PolicyStepScalingPolicyConfigurationArgs(
            adjustment_type="ChangeInCapacity",
            cooldown=_WAKE_COOLDOWN,
            metric_aggregation_type="Maximum",
            step_adjustments=[
                aws.appautoscaling.PolicyStepScalingPolicyConfigurationStepAdjustmentArgs(
                    metric_interval_lower_bound="0", scaling_adjustment=1
                )
            ],
        ),
        opts=policy,
    )
    idle = {
        "running": scaled.running(),
        "working": scaled.working(),
        **scaled.broker.asked,
    }
    nobody = " + ".join(f"FILL({metric}, 0)" for metric in idle)
    aws.cloudwatch.MetricAlarm(
        name,
        metric_queries=queries(
            {"waiting": scaled.waiting(), **idle}, f"IF({nobody} > 0, 0, waiting)", "Messages that nobody asks for"
        ),
        comparison_operator="GreaterThanThreshold",
        threshold=0,  # an average of a minute: a message that came in its middle is less than one
        evaluation_periods=1,
        datapoints_to_alarm=1,
        treat_missing_data="notBreaching",
        alarm_actions=[step.arn],
        alarm_description="Messages wait and no worker runs: starts one. It calls nobody; late-jobs does if it fails.",
        opts=alarm,
    )


def _backlog_per_task(scaled: Scaled) -> list[Query]:
    metrics = {"waiting": scaled.waiting(), "working": scaled.working(), "running": scaled.running()}
    tasks = "FILL(known, 1)"
    return [
        *(query(identity, metric) for identity, metric in metrics.items()),
        Query(id="known", label="Tasks last known", return_data=False, expression="FILL(running, REPEAT)"),
        Query(
            id="backlog",
            label="Backlog of each task",
            return_data=True,
            expression=f"(waiting + working) / IF({tasks} > 0, {tasks}, 1)",
        ),
    ]
