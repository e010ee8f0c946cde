"""How many tasks the API has: by CPU, or by the larger of CPU and requests.

Creates: one target-tracking policy. Never two: Application Auto Scaling takes tasks away only when all policies agree,
and a load balancer without traffic reports no requests at all, so that at night the policy of requests would have no
data, and hold what the day needed for ever. Here both go into one number, and no requests are none.
Sources: Application Auto Scaling User Guide, "Target tracking scaling policies", multiple policies and insufficient
data; Elastic Load Balancing, "CloudWatch metrics for your Application Load Balancer", RequestCountPerTarget.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components.metrics import Metric
from infra.components.tracked import Query, query, tracked

_CPU_TARGET = 60.0  # percent; leaves room for the minutes that a new task takes
_LOAD_TARGET = 100.0  # percent of what either of the two may be
_OUT, _IN = 60, 300  # seconds

_Configuration = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs
_Predefined = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs


@dataclass(frozen=True, kw_only=True)
class Load:
    """Whose CPU and whose requests, by their names in CloudWatch; `requests_per_task` a minute are a full load."""

    cluster: pulumi.Input[str]
    service: pulumi.Input[str]
    balancer: pulumi.Input[str]
    target_group: pulumi.Input[str]
    requests_per_task: int

    def queries(self) -> list[Query]:
        """The larger of both, each in percent of its own target. CPU that is not reported yet leaves all unknown."""
        cpu = Metric(
            namespace="AWS/ECS",
            name="CPUUtilization",
            statistic="Average",
            label="CPU of the tasks",
            dimensions={"ClusterName": self.cluster, "ServiceName": self.service},
        )
        requests = Metric(
            namespace="AWS/ApplicationELB",
            name="RequestCountPerTarget",
            statistic="Sum",
            label="Requests of each task",
            dimensions={"LoadBalancer": self.balancer, "TargetGroup": self.target_group},
        )
        busy, asked = f"cpu / {_CPU_TARGET:g}", f"FILL(requests, 0) / {self.requests_per_task}"
        return [
            query("cpu", cpu),
            query("requests", requests),
            Query(
                id="load",
                label="Load in percent",
                return_data=True,
                expression=f"100 * IF({busy} > {asked}, {busy}, {asked})",
            ),
        ]


def track_cpu(name: str, target: aws.appautoscaling.Target, opts: pulumi.ResourceOptions) -> None:
    """Hold CPU at its target."""
    _policy(
        name,
        target,
        _Configuration(
            target_value=_CPU_TARGET,
            scale_out_cooldown=_OUT,
            scale_in_cooldown=_IN,
            predefined_metric_specification=_Predefined(predefined_metric_type="ECSServiceAverageCPUUtilization"),
        ),
        opts,
    )


def track_load(name: str, target: aws.appautoscaling.Target, load: Load, opts: pulumi.ResourceOptions) -> None:
    """Hold the larger of CPU and requests at its target."""
    _policy(
        name,
        target,
        _Configuration(
            target_value=_LOAD_TARGET,
            scale_out_cooldown=_OUT,
            scale_in_cooldown=_IN,
            customized_metric_specification=tracked(load.queries()),
        ),
        opts,
    )


def _policy(
    name: str, target: aws.appautoscaling.Target, configuration: _Configuration, opts: pulumi.ResourceOptions
) -> None:
    aws.appautoscaling.Policy(
        name,
        policy_type="TargetTrackingScaling",
        service_namespace=target.service_namespace,
        scalable_dimension=target.scalable_dimension,
        resource_id=target.resource_id,
        target_tracking_scaling_policy_configuration=configuration,
        opts=opts,
    )
