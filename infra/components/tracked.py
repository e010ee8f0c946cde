"""The metric that a target-tracking policy tracks where it is computed: its parts and an expression.

Creates no resource. Source: Application Auto Scaling User Guide, "Target tracking using metric math".
"""

from collections.abc import Sequence

import pulumi_aws as aws

from infra.components.metrics import Metric

_Spec = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationArgs
Query = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricArgs
_Stat = (
    aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricMetricStatArgs
)
_Of = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricMetricStatMetricArgs
_Dimension = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricMetricStatMetricDimensionArgs


def tracked(queries: Sequence[Query]) -> _Spec:
    """The specification of queries, of which one returns data."""
    return _Spec(metrics=list(queries))


def query(identity: str, metric: Metric) -> Query:
    """A metric that goes into the expression by its identity, and is not what is tracked itself."""
    return Query(
        id=identity,
        label=metric.label,
        return_data=False,
        metric_stat=_Stat(
            stat=metric.statistic,
            metric=_Of(
                namespace=metric.namespace,
                metric_name=metric.name,
                dimensions=[_Dimension(name=key, value=value) for key, value in metric.dimensions.items()],
            ),
        ),
    )
