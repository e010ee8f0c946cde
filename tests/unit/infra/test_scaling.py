"""How many tasks there are: by the backlog of each worker, by the CPU of the API."""


def scaled_by(stack):
    """The worker's metric, as CloudWatch would compute it for three numbers, of which any may be missing."""
    configuration = stack.one("Policy", "worker-backlog").inputs["targetTrackingScalingPolicyConfiguration"]
    metrics = configuration["customizedMetricSpecification"]["metrics"]
    (math_,) = [metric for metric in metrics if metric["returnData"]]
    names = {metric["id"] for metric in metrics} - {math_["id"]}

    def value(**numbers):
        assert numbers.keys() == names
        return eval(  # noqa: S307 - the expression is the program's own
            math_["expression"],
            {
                "FILL": lambda number, default: default if number is None else number,
                "IF": lambda condition, yes, no: yes if condition else no,
            },
            numbers,
        )

    return value, configuration


def test_the_worker_scales_by_messages_waiting_and_at_work_for_each_task(dev):
    value, configuration = scaled_by(dev)
    assert value(waiting=90, working=10, running=5) == 20
    assert configuration["targetValue"] == 240  # 60 s / 0.5 s x 2 at once


def test_scaling_is_safe_while_no_task_runs_or_a_metric_is_missing(dev):
    value, _ = scaled_by(dev)
    assert value(waiting=90, working=0, running=0) == 90
    assert value(waiting=90, working=0, running=None) == 90
    assert value(waiting=None, working=None, running=3) == 0


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
    assert dev.one("Cluster", "backlog").inputs["settings"] == [{"name": "containerInsights", "value": "enabled"}]


def test_each_service_has_one_scaling_policy(stack):
    """Two that track a target hold each other back: both must agree before a task goes."""
    assert sorted(policy.name for policy in stack.all("Policy")) == ["api-cpu", "worker-backlog"]
