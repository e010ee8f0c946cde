"""The picture that one looks at: alarms, then jobs, API, database and events, a row each.

Creates: one CloudWatch dashboard. Its JSON is built by `body`, a pure function of the names of what is watched.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.components import event_metrics
from infra.components.broker import Jobs
from infra.components.metrics import MINUTE, Balancer, Metric, of_database
from infra.components.task_metrics import TaskMetrics

COLUMNS = 24  # CloudWatch's grid
_HEIGHT, _ALARMS_HEIGHT = 6, 3


@dataclass(frozen=True, kw_only=True)
class Watched:
    """Names of what the dashboard shows; `late_seconds` is drawn as a line over the age of the oldest message."""

    region: str
    late_seconds: int
    balancer: pulumi.Input[str]
    target_group: pulumi.Input[str]
    jobs: Jobs
    api: TaskMetrics
    worker: TaskMetrics
    database: pulumi.Input[str]
    streams: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Graph:
    """One widget; `line` is a horizontal one, with its label."""

    title: str
    metrics: Sequence[Metric]
    unit: str
    line: tuple[str, float] | None = None


class Dashboard(pulumi.ComponentResource):
    """Attributes: `name`."""

    def __init__(
        self,
        name: str,
        watched: Watched,
        alarm_arns: Sequence[pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("backlog:infra:Dashboard", name, None, opts)
        dashboard = aws.cloudwatch.Dashboard(
            name,
            # CloudWatch knows a dashboard by its name alone, and people look for it.
            dashboard_name=f"{pulumi.get_project()}-{pulumi.get_stack()}",
            dashboard_body=pulumi.Output.json_dumps(body(watched, alarm_arns)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.name: pulumi.Output[str] = dashboard.dashboard_name
        self.register_outputs({"name": self.name})


def body(watched: Watched, alarm_arns: Sequence[pulumi.Input[str]]) -> dict[str, Any]:
    """The dashboard, names as they come.

    Source: CloudWatch API Reference, "Dashboard body structure and syntax".
    """
    alarms = {
        "type": "alarm",
        "x": 0,
        "y": 0,
        "width": COLUMNS,
        "height": _ALARMS_HEIGHT,
        "properties": {"title": "Alarms", "alarms": list(alarm_arns)},
    }
    widgets = [alarms]
    rows = [_jobs(watched), _api(watched), _database(watched), *([_events(watched)] if watched.streams else [])]
    for row, graphs in enumerate(rows):
        width = COLUMNS // len(graphs)
        widgets += [
            {
                "type": "metric",
                "x": column * width,
                "y": _ALARMS_HEIGHT + row * _HEIGHT,
                "width": width,
                "height": _HEIGHT,
                "properties": _properties(graph, watched.region),
            }
            for column, graph in enumerate(graphs)
        ]
    return {"widgets": widgets}


def _jobs(watched: Watched) -> list[Graph]:
    jobs = watched.jobs
    services = (("API", watched.api), ("Worker", watched.worker))
    return [
        Graph(
            title="Age of the oldest job",
            unit="seconds",
            metrics=[replace(jobs.oldest, label="Oldest message")],
            line=("Contract", watched.late_seconds),
        ),
        Graph(
            title="Queue depth",
            unit="messages",
            metrics=[
                replace(jobs.waiting, label="Waiting"),
                replace(jobs.working, label="At work"),
                jobs.dead_letters,
            ],
        ),
        Graph(
            title="Tasks",
            unit="tasks",
            metrics=[
                metric
                for label, tasks in services
                for metric in (tasks.desired(f"{label} desired"), tasks.running(f"{label} running"))
                if metric
            ],
        ),
    ]


def _api(watched: Watched) -> list[Graph]:
    balancer = Balancer(suffix=watched.balancer, target_group_suffix=watched.target_group)
    hosts = [balancer.metric(f"{state}HostCount", state.capitalize(), "Maximum") for state in ("Healthy", "UnHealthy")]
    return [
        Graph(
            title="Requests and errors",
            unit="a minute",
            metrics=[balancer.requests(), balancer.errors(), balancer.own_errors()],
        ),
        Graph(title="Latency", unit="seconds", metrics=[balancer.latency(part) for part in ("p50", "p90", "p99")]),
        Graph(title="Hosts", unit="hosts", metrics=hosts),
    ]


def _database(watched: Watched) -> list[Graph]:
    return [
        Graph(title=title, unit=unit, metrics=[of_database(watched.database, metric, title)])
        for title, metric, unit in (
            ("Database CPU", "CPUUtilization", "percent"),
            ("Database connections", "DatabaseConnections", "connections"),
            ("Database storage free", "FreeStorageSpace", "bytes"),
        )
    ]


def _events(watched: Watched) -> list[Graph]:
    return [
        Graph(title=title, unit=unit, metrics=[metric(stream) for stream in watched.streams])
        for title, metric, unit in (
            ("Age of the oldest event not told", event_metrics.lag, "seconds"),
            ("Events not told", event_metrics.waiting, "events"),
        )
    ]


def _properties(graph: Graph, region: str) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "title": graph.title,
        "view": "timeSeries",
        "stacked": False,
        "region": region,
        "period": MINUTE,
        "metrics": [_series(metric) for metric in graph.metrics],
        "yAxis": {"left": {"min": 0, "label": graph.unit, "showUnits": False}},
    }
    if graph.line:
        label, value = graph.line
        properties["annotations"] = {"horizontal": [{"label": label, "value": value}]}
    return properties


def _series(metric: Metric) -> list[Any]:
    dimensions = [part for pair in metric.dimensions.items() for part in pair]
    return [metric.namespace, metric.name, *dimensions, {"stat": metric.statistic, "label": metric.label}]
