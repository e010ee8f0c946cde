"""Metrics of jobs from the database's truth, for brokers that count none, or not by queue.

The worker's reconciler writes them to its log in CloudWatch's embedded metric format (backlog_worker/metrics.py).
"""

import pulumi

from infra.components.broker import Jobs
from infra.components.metrics import Metric

_NAMESPACE = "Backlog"


def environment() -> dict[str, str]:
    """What makes the worker tell them."""
    return {"METRICS_STACK": pulumi.get_stack()}


def job_metric(name: str, label: str) -> Metric:
    """One of them. Each worker tells the same of all jobs: the largest number is the newest, and none is a sum."""
    return Metric(
        namespace=_NAMESPACE,
        name=name,
        statistic="Maximum",
        label=label,
        dimensions={"Stack": pulumi.get_stack()},
    )


def job_metrics() -> Jobs:
    """All of them."""
    return Jobs(
        waiting=job_metric("JobsWaiting", "Jobs waiting"),
        working=job_metric("JobsAtWork", "Jobs at work"),
        dead_letters=job_metric("DeadLetters", "Dead letters"),
        oldest=job_metric("OldestJobSeconds", "Age of the oldest job"),
    )
