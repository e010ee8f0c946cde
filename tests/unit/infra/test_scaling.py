"""How many tasks there are: by the backlog of each worker, by the CPU of the API."""

import math

import pytest

ASLEEP = {"worker": {"minCount": 0}, "job": {"latencyObjectiveSeconds": 300}}
MISSING = math.nan  # like a missing point, it makes whatever is computed with it missing


def compute(expression, numbers):
    """As CloudWatch would, for one minute."""
    return eval(  # noqa: S307 - the expression is the program's own
        expression,
        {
            "FILL": lambda number, default: default if math.isnan(number) else number,
            "IF": lambda condition, yes, no: yes if condition else no,
        },
        numbers,
    )


def scaled_by(stack):
    """The worker's metric, as CloudWatch would compute it; `before` is the last count of tasks that came in."""
    configuration = stack.one("Policy", "worker-backlog").inputs["targetTrackingScalingPolicyConfiguration"]
    metrics = configuration["customizedMetricSpecification"]["metrics"]
    (result,) = [metric for metric in metrics if metric["returnData"]]
    (known,) = [metric for metric in metrics if metric.get("expression") and not metric["returnData"]]

    def value(*, before=MISSING, **numbers):
        assert numbers.keys() == {metric["id"] for metric in metrics if "metricStat" in metric}
        names = {**numbers, "REPEAT": before}
        return compute(result["expression"], {**numbers, known["id"]: compute(known["expression"], names)})

    return value, configuration


def woken_by(stack):
    """What the alarm compares, and whether it would start a task."""
    alarm = stack.one("MetricAlarm", "worker-wake-up").inputs
    (result,) = [query for query in alarm["metricQueries"] if query["returnData"]]
    names = {query["id"] for query in alarm["metricQueries"]} - {result["id"]}
    assert alarm["comparisonOperator"] == "GreaterThanThreshold"

    def starts(**numbers):
        assert numbers.keys() <= names
        return compute(result["expression"], dict.fromkeys(names, MISSING) | numbers) > alarm["threshold"]

    return starts


def test_the_worker_scales_by_messages_waiting_and_at_work_for_each_task(dev):
    value, configuration = scaled_by(dev)
    assert value(waiting=90, working=10, running=5) == 20
    assert configuration["targetValue"] == 240  # 60 s / 0.5 s x 2 at once


def test_scaling_is_safe_while_no_task_runs(dev):
    value, _ = scaled_by(dev)
    assert value(waiting=90, working=0, running=0) == 90
    assert value(waiting=90, working=0, running=MISSING) == 90


def test_a_count_of_tasks_that_is_late_is_the_last_one(dev):
    value, _ = scaled_by(dev)
    assert value(waiting=90, working=0, running=MISSING, before=3) == 30


def test_a_queue_of_which_nothing_is_known_is_not_taken_for_empty(dev):
    value, _ = scaled_by(dev)
    assert math.isnan(value(waiting=MISSING, working=MISSING, running=3))


def test_the_task_that_holds_the_last_message_counts(dev):
    value, _ = scaled_by(dev)
    assert value(waiting=0, working=1, running=1) > 0


def test_the_metric_looks_at_this_queue_and_this_service(dev):
    _, configuration = scaled_by(dev)
    looked_at = {
        dimension["name"]: dimension["value"]
        for metric in configuration["customizedMetricSpecification"]["metrics"]
        for dimension in metric.get("metricStat", {}).get("metric", {}).get("dimensions", [])
    }
    assert looked_at == {
        "QueueName": "jobs-0123456",
        "ClusterName": "backlog-0123456",
        "ServiceName": "worker-0123456",
    }


@pytest.mark.parametrize(
    ("insights", "metric"),
    [
        ("enabled", ("ECS/ContainerInsights", "RunningTaskCount", "Average")),
        ("disabled", ("AWS/ECS", "CPUUtilization", "SampleCount")),
    ],
)
def test_running_tasks_are_counted_by_what_the_cluster_is_paid_to_tell(declare, insights, metric):
    stack = declare("prod", containerInsights=insights)
    assert stack.one("Cluster", "backlog").inputs["settings"] == [{"name": "containerInsights", "value": insights}]
    _, configuration = scaled_by(stack)
    (running,) = [
        at["metricStat"] for at in configuration["customizedMetricSpecification"]["metrics"] if at["id"] == "running"
    ]
    assert (running["metric"]["namespace"], running["metric"]["metricName"], running["stat"]) == metric


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_each_service_has_one_scaling_policy(declare, name):
    """Two that track a target hold each other back: both must agree before a task goes."""
    stack = declare(name)
    tracked = sorted(policy.name.split("-")[0] for policy in stack.all("Policy"))
    assert tracked == sorted(target.name for target in stack.all("Target"))


def loaded(declare, **numbers):
    stack = declare("dev", api={"requestsPerTask": 1_200})
    assert [policy.name for policy in stack.all("Policy") if policy.name.startswith("api")] == ["api-load"]
    configuration = stack.one("Policy", "api-load").inputs["targetTrackingScalingPolicyConfiguration"]
    assert configuration["targetValue"] == 100
    metrics = configuration["customizedMetricSpecification"]["metrics"]
    (result,) = [metric for metric in metrics if metric["returnData"]]
    assert numbers.keys() == {metric["id"] for metric in metrics} - {result["id"]}
    return compute(result["expression"], numbers)


def test_the_api_scales_by_the_larger_of_cpu_and_requests(declare):
    assert loaded(declare, cpu=60, requests=300) == 100
    assert loaded(declare, cpu=15, requests=1_800) == 150


def test_a_night_without_requests_lets_tasks_go(declare):
    """The balancer reports no zeros: a policy of its own would have no data, and hold all tasks until the morning."""
    assert loaded(declare, cpu=6, requests=MISSING) == 10


def test_the_load_is_that_of_this_service_behind_this_balancer(declare):
    stack = declare("dev", api={"requestsPerTask": 1_200})
    configuration = stack.one("Policy", "api-load").inputs["targetTrackingScalingPolicyConfiguration"]
    looked_at = {
        (metric["metricStat"]["metric"]["metricName"], metric["metricStat"]["stat"], dimension["name"]): dimension[
            "value"
        ]
        for metric in configuration["customizedMetricSpecification"]["metrics"]
        if "metricStat" in metric
        for dimension in metric["metricStat"]["metric"]["dimensions"]
    }
    assert looked_at == {
        ("CPUUtilization", "Average", "ClusterName"): "backlog-0123456",
        ("CPUUtilization", "Average", "ServiceName"): "api-0123456",
        ("RequestCountPerTarget", "Sum", "LoadBalancer"): "app/api-0123456/1",
        ("RequestCountPerTarget", "Sum", "TargetGroup"): "targetgroup/api-0123456/2",
    }


def test_no_worker_has_to_run_where_the_contract_has_time_for_the_first(declare):
    stack = declare("dev", **ASLEEP)
    assert stack.one("Target", "worker").inputs["minCapacity"] == 0
    assert stack.one("Service", "worker").inputs["desiredCount"] == 0


def test_a_single_message_starts_a_task(declare):
    starts = woken_by(declare("dev", **ASLEEP))
    assert starts(waiting=1, working=0, received=0, asked=0)
    assert starts(waiting=1)  # no service has a metric while none runs
    assert starts(waiting=0.25)  # it came late in the minute
    assert not starts(waiting=0, working=0, received=0, asked=0)
    assert not starts()


@pytest.mark.parametrize("sign", ["running", "working", "received", "asked"])
def test_no_task_is_added_where_one_is_there_whatever_comes_late(declare, sign):
    """Each sign alone is enough: a count of tasks that is a minute late would else start one task after another."""
    assert not woken_by(declare("dev", **ASLEEP))(waiting=500, **{sign: 1})


def test_the_step_only_ever_adds_one_task(declare):
    """Setting a number would take tasks away while many of them start."""
    step = declare("dev", **ASLEEP).one("Policy", "worker-wake-up").inputs
    assert step["policyType"] == "StepScaling"
    configuration = step["stepScalingPolicyConfiguration"]
    assert configuration["adjustmentType"] == "ChangeInCapacity"
    assert configuration["stepAdjustments"] == [{"metricIntervalLowerBound": "0", "scalingAdjustment": 1}]
    assert configuration["cooldown"] >= 240  # until the first task is seen


def test_the_alarm_acts_by_the_step_and_calls_nobody(declare):
    alarm = declare("dev", **ASLEEP).one("MetricAlarm", "worker-wake-up").inputs
    assert [action.rsplit("/", 1)[-1] for action in alarm["alarmActions"]] == ["worker-wake-up-0123456"]
    assert "okActions" not in alarm
    looked_at = {
        (query["metric"]["metricName"], *sorted(query["metric"]["dimensions"].values()))
        for query in alarm["metricQueries"]
        if "metric" in query
    }
    assert looked_at == {
        ("ApproximateNumberOfMessagesVisible", "jobs-0123456"),
        ("ApproximateNumberOfMessagesNotVisible", "jobs-0123456"),
        ("NumberOfMessagesReceived", "jobs-0123456"),
        ("NumberOfEmptyReceives", "jobs-0123456"),
        ("CPUUtilization", "backlog-0123456", "worker-0123456"),
    }


def test_silence_of_a_service_that_may_sleep_alarms_nobody(declare):
    stack = declare("dev", **ASLEEP)
    assert stack.one("MetricAlarm", "worker-tasks").inputs["treatMissingData"] == "notBreaching"
    assert stack.one("MetricAlarm", "api-tasks").inputs["treatMissingData"] == "breaching"
