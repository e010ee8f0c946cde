"""Alarms: what calls someone, whom, and that a runbook says what to do."""

import json
import re
from pathlib import Path

import pytest

from infra.components.database import max_connections

RUNBOOKS = Path(__file__).resolve().parents[3] / "docs" / "runbooks"
GIB = 1024**3


def runbook_of(alarm):
    (name,) = re.findall(r"Runbook: docs/runbooks/([a-z-]+)\.md$", alarm.inputs["alarmDescription"])
    return name


def calling(stack):
    """The alarms that people hear of; others start tasks."""
    return [
        alarm for alarm in stack.all("MetricAlarm") if alarm.inputs["alarmActions"] == [stack.exports["alarm_topic"]]
    ]


def math(alarm):
    """What is compared, and the metrics that it is made of: id -> (namespace, name, statistic, dimensions)."""
    (result,) = [query for query in alarm.inputs["metricQueries"] if query["returnData"]]
    metrics = {
        query["id"]: (metric["namespace"], metric["metricName"], metric["stat"], metric["dimensions"])
        for query in alarm.inputs["metricQueries"]
        if (metric := query.get("metric"))
    }
    return result["expression"], metrics


def value(expression, **numbers):
    """As CloudWatch would compute it; a metric that is missing is None."""
    return eval(  # noqa: S307 - the expression is the program's own
        expression,
        {
            "FILL": lambda number, default: default if number is None else number,
            "IF": lambda condition, yes, no: yes if condition else no,
        },
        numbers,
    )


def test_every_alarm_has_a_runbook_and_every_runbook_an_alarm(stack):
    assert {runbook_of(alarm) for alarm in calling(stack)} == {file.stem for file in RUNBOOKS.glob("*.md")}


def test_every_runbook_names_its_alarms_and_says_what_it_means_where_to_look_and_how_to_mend(stack):
    for alarm in calling(stack):
        text = (RUNBOOKS / f"{runbook_of(alarm)}.md").read_text(encoding="utf-8")
        assert f"`{alarm.name}`" in text.splitlines()[0]
        assert re.findall(r"^\*\*(.+?)\.\*\*", text, re.MULTILINE) == ["What it means", "Look", "Mend"]


def test_everything_that_can_break_has_an_alarm(stack):
    assert {alarm.name for alarm in calling(stack)} == {
        "api-errors",
        "api-latency",
        "api-tasks",
        "database-connections",
        "database-cpu",
        "database-storage",
        "dead-letters",
        "late-jobs",
        "unhealthy-hosts",
        "worker-tasks",
    }


def test_an_alarm_tells_that_it_begins_and_that_it_is_over(stack):
    for alarm in calling(stack):
        assert alarm.inputs["okActions"] == alarm.inputs["alarmActions"]


def test_an_alarm_is_of_one_metric_or_of_math_and_never_of_both(stack):
    """CloudWatch refuses the two together (PutMetricAlarm)."""
    single = {"namespace", "metricName", "dimensions", "period", "statistic", "extendedStatistic"}
    for alarm in stack.all("MetricAlarm"):
        if "metricQueries" in alarm.inputs:
            assert not single & alarm.inputs.keys()
        else:
            assert len({"statistic", "extendedStatistic"} & alarm.inputs.keys()) == 1
            assert single - {"statistic", "extendedStatistic"} <= alarm.inputs.keys()
        assert 1 <= alarm.inputs["datapointsToAlarm"] <= alarm.inputs["evaluationPeriods"]


def test_the_topic_is_encrypted_with_a_key_that_cloudwatch_may_use(stack):
    key = stack.one("Key", "alarms")
    assert stack.one("Topic", "alarms").inputs["kmsMasterKeyId"].endswith(":Key/alarms-0123456")
    assert key.inputs["enableKeyRotation"] is True
    account, alarms = json.loads(key.inputs["policy"])["Statement"]
    assert account["Principal"] == {"AWS": "arn:aws:iam::210987654321:root"}
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert set(alarms["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}
    assert alarms["Condition"] == {"StringEquals": {"aws:SourceAccount": "210987654321"}}


def test_alarms_are_mailed_to_whom_the_stack_names(declare):
    assert declare("dev").all("TopicSubscription") == []
    stack = declare("dev", alarmEmail="ops@example.com")
    (subscription,) = stack.all("TopicSubscription")
    assert (subscription.inputs["protocol"], subscription.inputs["endpoint"]) == ("email", "ops@example.com")
    assert subscription.inputs["topic"] == stack.exports["alarm_topic"]


def test_the_apis_errors_are_a_share_of_its_requests(dev):
    expression, metrics = math(dev.one("MetricAlarm", "api-errors"))
    both = {"LoadBalancer": "app/api-0123456/1", "TargetGroup": "targetgroup/api-0123456/2"}
    assert metrics == {
        "api": ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum", both),
        "balancer": ("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "Sum", {"LoadBalancer": "app/api-0123456/1"}),
        "requests": ("AWS/ApplicationELB", "RequestCount", "Sum", both),
    }
    assert value(expression, api=6, balancer=4, requests=196) == 5
    assert value(expression, api=None, balancer=30, requests=None) == 100  # no task is left
    assert value(expression, api=1, balancer=None, requests=2) == 0  # one failure is no incident
    assert value(expression, api=None, balancer=None, requests=None) == 0


def test_latency_is_the_ninety_ninth_percentile(dev):
    latency = dev.one("MetricAlarm", "api-latency").inputs
    assert (latency["metricName"], latency["extendedStatistic"], latency["threshold"]) == (
        "TargetResponseTime",
        "p99",
        1,
    )
    assert latency["evaluateLowSampleCountPercentiles"] == "ignore"


@pytest.mark.parametrize("service", ["api", "worker"])
def test_a_service_below_its_desired_count_is_told_even_when_nothing_of_it_is_left(dev, service):
    alarm = dev.one("MetricAlarm", f"{service}-tasks")
    expression, metrics = math(alarm)
    assert {name for _, name, _, _ in metrics.values()} == {"DesiredTaskCount", "RunningTaskCount"}
    assert {namespace for namespace, _, _, _ in metrics.values()} == {"ECS/ContainerInsights"}
    for *_, dimensions in metrics.values():
        assert dimensions == {"ClusterName": "backlog-0123456", "ServiceName": f"{service}-0123456"}
    assert (
        value(expression, desired=3, running=2) > alarm.inputs["threshold"] == value(expression, desired=2, running=2)
    )
    assert alarm.inputs["treatMissingData"] == "breaching"


def test_the_databases_alarms_follow_its_size(declare):
    stack = declare("prod")
    cpu, storage, connections = (
        stack.one("MetricAlarm", f"database-{name}").inputs for name in ("cpu", "storage", "connections")
    )
    assert (cpu["metricName"], cpu["threshold"]) == ("CPUUtilization", 80)
    assert (storage["metricName"], storage["threshold"]) == ("FreeStorageSpace", 2.5 * GIB)  # 5 % of 50 GiB
    assert storage["comparisonOperator"] == "LessThanThreshold"
    assert (connections["metricName"], connections["threshold"]) == ("DatabaseConnections", 540)  # db.m7g.large
    for alarm in (cpu, storage, connections):
        assert alarm["dimensions"] == {"DBInstanceIdentifier": "database-0123456"}


@pytest.mark.parametrize(
    ("instance_class", "connections"),
    [
        ("db.t4g.micro", 112),
        ("db.t4g.small", 225),
        ("db.m7g.large", 901),
        ("db.r7g.large", 1_802),
        ("db.m7g.2xlarge", 3_604),
        ("db.r7g.4xlarge", 5_000),
    ],
)
def test_the_most_connections_are_rds_formula(instance_class, connections):
    assert max_connections(instance_class) == connections
