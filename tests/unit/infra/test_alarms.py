"""Alarms: what calls someone, whom, and that a runbook says what to do."""

import json
import re
from pathlib import Path

import pytest

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


DOMAIN = {"name": "todos.example.com", "zoneId": "Z0123456789ABC"}
SUBSCRIBED = {"subscriptions": [{"name": "audit", "protocol": "sqs"}]}


@pytest.fixture
def full(declare):
    """Stacks with everything that adds an alarm of its own."""
    kinds = ("sqs", "rabbitmq", "valkey")
    return [declare("dev", events=SUBSCRIBED, broker=kind, domain=DOMAIN, waf={}) for kind in kinds]


def test_every_alarm_has_a_runbook_and_every_runbook_an_alarm(full):
    told = {runbook_of(alarm) for stack in full for alarm in calling(stack)}
    assert told == {file.stem for file in RUNBOOKS.glob("*.md")}


def test_every_runbook_names_its_alarms_and_says_what_it_means_where_to_look_and_how_to_mend(full):
    for alarm in (alarm for stack in full for alarm in calling(stack)):
        text = (RUNBOOKS / f"{runbook_of(alarm)}.md").read_text(encoding="utf-8")
        assert f"`{alarm.name.replace('-audit-', '-NAME-')}`" in text.splitlines()[0]
        assert re.findall(r"^\*\*(.+?)\.\*\*", text, re.MULTILINE) == ["What it means", "Look", "Mend"]


BROKERS_OWN = {"sqs": set(), "rabbitmq": {"broker-memory", "queue-depth"}, "valkey": {"broker-memory"}}


@pytest.mark.parametrize("kind", BROKERS_OWN)
def test_everything_that_can_break_has_an_alarm(declare, kind):
    assert {alarm.name for alarm in calling(declare("dev", broker=kind))} == BROKERS_OWN[kind] | {
        "api-errors",
        "api-latency",
        "api-tasks",
        "database-connections",
        "database-cpu",
        "database-memory",
        "database-storage",
        "dead-letters",
        "events-not-delivered",
        "events-sns-late",
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
    assert alarms["Principal"] == {"Service": ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]}
    assert set(alarms["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}
    assert alarms["Condition"] == {"StringEquals": {"aws:SourceAccount": "210987654321"}}


def test_alarms_and_budgets_may_tell_it_something_and_nobody_else_may(stack):
    """AWS refuses a budget whose topic would not take its messages."""
    *publishers, tls_only = stack.json("TopicPolicy", "alarms", "policy")["Statement"]
    assert {
        (publisher["Principal"]["Service"], publisher["Condition"]["ArnLike"]["aws:SourceArn"])
        for publisher in publishers
    } == {
        ("cloudwatch.amazonaws.com", "arn:aws:cloudwatch:us-east-1:210987654321:alarm:*"),
        ("budgets.amazonaws.com", "arn:aws:budgets::210987654321:*"),
    }
    for publisher in publishers:
        assert publisher["Action"] == "sns:Publish"
        assert publisher["Condition"]["StringEquals"] == {"aws:SourceAccount": "210987654321"}
    assert (tls_only["Effect"], tls_only["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


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
def test_a_service_below_its_desired_count_is_told_even_when_nothing_of_it_is_left(declare, service):
    alarm = declare("prod").one("MetricAlarm", f"{service}-tasks")
    expression, metrics = math(alarm)
    assert {name for _, name, _, _ in metrics.values()} == {"DesiredTaskCount", "RunningTaskCount"}
    assert {namespace for namespace, _, _, _ in metrics.values()} == {"ECS/ContainerInsights"}
    for *_, dimensions in metrics.values():
        assert dimensions == {"ClusterName": "backlog-0123456", "ServiceName": f"{service}-0123456"}
    assert (
        value(expression, desired=3, running=2) > alarm.inputs["threshold"] == value(expression, desired=2, running=2)
    )
    assert alarm.inputs["treatMissingData"] == "breaching"


@pytest.mark.parametrize("service", ["api", "worker"])
def test_without_container_insights_a_service_below_its_fewest_tasks_is_told(declare, service):
    """Each task tells ECS its CPU once a minute, for nothing."""
    alarm = declare("prod", containerInsights="disabled").one("MetricAlarm", f"{service}-tasks")
    expression, metrics = math(alarm)
    ((namespace, name, statistic, _),) = metrics.values()
    assert (namespace, name, statistic) == ("AWS/ECS", "CPUUtilization", "SampleCount")
    assert value(expression, running=1) > alarm.inputs["threshold"] == value(expression, running=2)
    assert alarm.inputs["treatMissingData"] == "breaching"


def test_the_databases_alarms_follow_its_size_and_the_pools(declare):
    stack = declare("prod")
    kinds = ("cpu", "memory", "storage", "connections")
    cpu, memory, storage, connections = (stack.one("MetricAlarm", f"database-{kind}").inputs for kind in kinds)
    assert (cpu["metricName"], cpu["threshold"]) == ("CPUUtilization", 80)
    assert (memory["metricName"], memory["threshold"]) == ("FreeableMemory", int(0.4 * GIB))  # 5 % of db.m7g.large's 8
    assert (storage["metricName"], storage["threshold"]) == ("FreeStorageSpace", 2.5 * GIB)  # 5 % of 50 GiB
    assert memory["comparisonOperator"] == storage["comparisonOperator"] == "LessThanThreshold"
    # Twice 8 tasks of 2 x 8 threads, and twice 20 workers of 4 jobs, a reconciler and a relay.
    assert (connections["metricName"], connections["threshold"]) == ("DatabaseConnections", 496)
    for alarm in (cpu, memory, storage, connections):
        assert alarm["dimensions"] == {"DBInstanceIdentifier": "database-0123456"}
