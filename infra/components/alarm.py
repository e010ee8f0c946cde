"""One CloudWatch alarm: over a metric or over metric math, described by its runbook, sent to the topic of alarms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pulumi
import pulumi_aws as aws

from infra.components.metrics import Metric


@dataclass(frozen=True, kw_only=True)
class Rule:
    """When to call someone, and what they read.

    Attributes:
        meaning: a sentence that says what is wrong.
        runbook: file of docs/runbooks/, without its ending.
        metrics: by the id that `expression` calls them; a single one needs no expression.
        over: or `below` the threshold.
        minutes: how many of the last minutes (where the metric has another period, of those) are looked at, and in how
            many of them (`breaching`) it must be wrong.
        missing: CloudWatch's treatMissingData.
    """

    meaning: str
    runbook: str
    metrics: Mapping[str, Metric]
    threshold: float
    minutes: int
    breaching: int
    expression: str | None = None
    below: bool = False
    missing: Literal["notBreaching", "breaching"] = "notBreaching"
    label: str = field(default="")


def alarm(
    name: str, rule: Rule, topic_arn: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> aws.cloudwatch.MetricAlarm:
    """The alarm; it tells both when it begins and when it is over."""
    math = queries(rule.metrics, rule.expression, rule.label) if rule.expression else None
    metric = None if rule.expression else next(iter(rule.metrics.values()))
    percentile = metric is not None and metric.statistic.startswith("p")
    return aws.cloudwatch.MetricAlarm(
        name,
        namespace=metric.namespace if metric else None,
        metric_name=metric.name if metric else None,
        dimensions=dict(metric.dimensions) if metric else None,
        statistic=metric.statistic if metric and not percentile else None,
        extended_statistic=metric.statistic if metric and percentile else None,
        # A p99 of three requests is their slowest: it calls nobody.
        evaluate_low_sample_count_percentiles="ignore" if percentile else None,
        period=metric.period if metric else None,
        metric_queries=math,
        comparison_operator="LessThanThreshold" if rule.below else "GreaterThanThreshold",
        threshold=rule.threshold,
        evaluation_periods=rule.minutes,
        datapoints_to_alarm=rule.breaching,
        treat_missing_data=rule.missing,
        alarm_actions=[topic_arn],
        ok_actions=[topic_arn],
        alarm_description=f"{rule.meaning} Runbook: docs/runbooks/{rule.runbook}.md",
        opts=opts,
    )


def queries(
    metrics: Mapping[str, Metric], expression: str, label: str
) -> list[aws.cloudwatch.MetricAlarmMetricQueryArgs]:
    """Metric math as an alarm takes it; only the expression's result is compared."""
    return [
        *(
            aws.cloudwatch.MetricAlarmMetricQueryArgs(
                id=identity,
                label=metric.label,
                return_data=False,
                metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                    namespace=metric.namespace,
                    metric_name=metric.name,
                    dimensions=dict(metric.dimensions),
                    period=metric.period,
                    stat=metric.statistic,
                ),
            )
            for identity, metric in metrics.items()
        ),
        aws.cloudwatch.MetricAlarmMetricQueryArgs(id="result", label=label, expression=expression, return_data=True),
    ]
