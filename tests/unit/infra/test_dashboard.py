"""The dashboard: JSON that CloudWatch takes, and a picture without gaps."""

from itertools import combinations

import pytest

from infra.components.broker import Jobs
from infra.components.dashboard import COLUMNS, Watched, body
from infra.components.metrics import of_queue
from infra.components.task_metrics import TaskMetrics

#: What AWS asks of each namespace's metrics (the services' CloudWatch pages).
DIMENSIONS = {
    "AWS/SQS": [{"QueueName"}],
    "AWS/ApplicationELB": [{"LoadBalancer"}, {"LoadBalancer", "TargetGroup"}],
    "AWS/RDS": [{"DBInstanceIdentifier"}],
    "ECS/ContainerInsights": [{"ClusterName", "ServiceName"}],
}


@pytest.fixture
def widgets():
    names = ("balancer", "target_group", "database")
    services = {
        name: TaskMetrics(cluster="the-cluster", service=f"the-{name}", insights=True) for name in ("api", "worker")
    }
    jobs = Jobs(
        waiting=of_queue("the-queue", "ApproximateNumberOfMessagesVisible", "x"),
        working=of_queue("the-queue", "ApproximateNumberOfMessagesNotVisible", "x"),
        dead_letters=of_queue("the-dead_letters", "ApproximateNumberOfMessagesVisible", "Dead letters"),
        oldest=of_queue("the-queue", "ApproximateAgeOfOldestMessage", "x"),
    )
    watched = Watched(
        region="us-east-1", late_seconds=60, jobs=jobs, **services, **{name: f"the-{name}" for name in names}
    )
    return body(watched, ["arn:aws:cloudwatch:us-east-1:210987654321:alarm:late-jobs"])["widgets"]


def graphs(widgets):
    return [widget for widget in widgets if widget["type"] == "metric"]


def series(widget):
    """Namespace, name, dimensions and options of each line of a graph."""
    for namespace, name, *pairs, options in widget["properties"]["metrics"]:
        yield namespace, name, dict(zip(pairs[::2], pairs[1::2], strict=True)), options


def cells(widget):
    return {
        (x, y)
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    }


def test_no_widget_covers_another(widgets):
    assert [
        (a["properties"]["title"], b["properties"]["title"]) for a, b in combinations(widgets, 2) if cells(a) & cells(b)
    ] == []


def test_widgets_fill_the_grid_and_stay_within_it(widgets):
    rows = max(widget["y"] + widget["height"] for widget in widgets)
    assert set().union(*map(cells, widgets)) == {(x, y) for x in range(COLUMNS) for y in range(rows)}


def test_every_metric_names_its_dimensions(widgets):
    for widget in graphs(widgets):
        for namespace, name, dimensions, _ in series(widget):
            assert dimensions.keys() in DIMENSIONS[namespace], name
            assert all(value.startswith("the-") for value in dimensions.values())


def test_every_line_has_a_statistic_and_a_label_of_its_own(widgets):
    for widget in graphs(widgets):
        labels = [options["label"] for *_, options in series(widget)]
        assert len(set(labels)) == len(labels)
        assert all(options["stat"] for *_, options in series(widget))


def test_every_graph_is_one_that_cloudwatch_takes(widgets):
    for widget in graphs(widgets):
        assert widget["properties"].keys() - {"annotations"} == {
            "title", "view", "stacked", "region", "period", "metrics", "yAxis",
        }  # fmt: skip
        assert (widget["properties"]["view"], widget["properties"]["region"]) == ("timeSeries", "us-east-1")
        assert widget["properties"]["period"] % 60 == 0


def test_it_shows_depth_age_tasks_latency_errors_and_database(widgets):
    shown = {name for widget in graphs(widgets) for _, name, _, _ in series(widget)}
    assert shown >= {
        "ApproximateNumberOfMessagesVisible",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateAgeOfOldestMessage",
        "RunningTaskCount",
        "DesiredTaskCount",
        "TargetResponseTime",
        "HTTPCode_Target_5XX_Count",
        "CPUUtilization",
        "FreeStorageSpace",
        "DatabaseConnections",
    }


def test_the_contracts_latency_is_a_line_over_the_age(widgets):
    (age,) = [widget for widget in widgets if widget["properties"]["title"] == "Age of the oldest job"]
    assert age["properties"]["annotations"] == {"horizontal": [{"label": "Contract", "value": 60}]}


def test_a_stacks_dashboard_is_of_its_own_names_and_lists_every_alarm_that_calls_someone(stack):
    shown = stack.json("Dashboard", "backlog", "dashboardBody")["widgets"]
    alarms = [
        alarm for alarm in stack.all("MetricAlarm") if alarm.inputs["alarmActions"] == [stack.exports["alarm_topic"]]
    ]
    assert sorted(arn.rsplit("/", 1)[-1] for arn in shown[0]["properties"]["alarms"]) == sorted(
        f"{alarm.name}-0123456" for alarm in alarms
    )
    names = {
        value
        for widget in graphs(shown)
        for namespace, _, dimensions, _ in series(widget)
        for value in dimensions.values()
        if namespace != "Backlog"  # the worker's own, by the stack's name
    }
    assert names == {
        "jobs-0123456",
        "jobs-dead-letters-0123456",
        "backlog-0123456",
        "api-0123456",
        "worker-0123456",
        "database-0123456",
        "app/api-0123456/1",
        "targetgroup/api-0123456/2",
    }
