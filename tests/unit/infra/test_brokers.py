"""RabbitMQ and Valkey instead of SQS: what is made, what the services are told, what tells of their jobs."""

import json

import pulumi
import pytest

from backlog_todos.broker import Patience, RabbitMq, Valkey
from backlog_worker.metrics import UNITS
from backlog_worker.settings import WorkerSettings
from infra.settings import parse

OTHERS = ("rabbitmq", "valkey")
SAFE = {"multiAz": True, "snapshotDays": 7}


@pytest.fixture(params=OTHERS)
def kind(request):
    return request.param


@pytest.fixture
def stack(declare, kind):
    return declare("dev", broker=kind)


def environment(stack, service):
    container = stack.containers(service)[service]
    plain = {entry["name"]: entry["value"] for entry in container["environment"]}
    return plain | {entry["name"]: "geheim" for entry in container["secrets"]}


def metrics_of(alarm):
    queries = alarm.inputs.get("metricQueries") or [{"metric": alarm.inputs}]
    return {query["metric"]["metricName"]: query["metric"] for query in queries if "metric" in query}


def test_one_broker_is_made_and_no_other(declare):
    made = {
        kind: {r.type for r in declare("dev", broker=kind).resources if r.type.split(":")[1].split("/")[0] in SERVICES}
        for kind in ("sqs", *OTHERS)
    }
    assert {token.split(":")[1].split("/")[0] for token in made["sqs"]} == {"sqs"}
    assert made["rabbitmq"] == {"aws:mq/broker:Broker"}
    assert {token.split(":")[1].split("/")[0] for token in made["valkey"]} == {"elasticache"}


SERVICES = ("sqs", "mq", "elasticache")


def test_the_services_understand_what_they_are_told(stack, kind):
    settings = WorkerSettings.from_environment(environment(stack, "worker") | {"DATABASE_PASSWORD": "x"})
    assert isinstance(settings.broker, {"rabbitmq": RabbitMq, "valkey": Valkey}[kind])
    assert settings.metrics_stack == "dev"
    assert settings.broker.celery(Patience(1, 1, 1))["broker_use_ssl"]
    api = environment(stack, "api")
    assert {key: value for key, value in api.items() if key.startswith("BROKER")} == {
        key: value for key, value in environment(stack, "worker").items() if key.startswith("BROKER")
    }


def test_the_password_is_a_secret_everywhere_and_the_migration_is_not_told(stack):
    for service in ("api", "worker"):
        containers = stack.containers(service)
        told = {entry["name"]: entry["valueFrom"] for entry in containers[service]["secrets"]}
        assert told["BROKER_PASSWORD"].endswith(":password::")
        assert ":secret:jobs-" in told["BROKER_PASSWORD"]
        assert not any(entry["name"].startswith("BROKER") for entry in containers["migrate"]["secrets"])
    version = stack.one("SecretVersion", "jobs")
    assert version.secrets == {"secretString"}
    assert version.ignore_changes == ("secretString",)
    for user in [*stack.all("User"), *stack.all("Broker")]:
        assert user.secrets & {"users", "authenticationMode"}


def test_only_the_execution_roles_read_the_secret(stack):
    for role in ("api", "worker"):
        statements = stack.json("RolePolicy", f"{role}-execution", "policy")["Statement"]
        read = [s["Resource"] for s in statements if s["Action"] == "secretsmanager:GetSecretValue"]
        assert any(":secret:jobs-" in str(resource) for resource in read)
        assert stack.json("RolePolicy", f"{role}-task", "policy")["Statement"] == [] or "secretsmanager" not in str(
            stack.json("RolePolicy", f"{role}-task", "policy")
        )


def test_both_services_and_nobody_else_reach_the_broker(stack, kind):
    port = {"rabbitmq": 5671, "valkey": 6379}[kind]
    for service in ("api", "worker"):
        out = stack.one("SecurityGroupEgressRule", f"{service}-to-broker").inputs
        into = stack.one("SecurityGroupIngressRule", f"broker-from-{service}").inputs
        assert (out["fromPort"], out["toPort"], into["fromPort"], into["toPort"]) == (port,) * 4
        assert "referencedSecurityGroupId" in into
    rules = [rule.name for rule in stack.all("SecurityGroupIngressRule") if rule.name.startswith("broker-")]
    assert sorted(rules) == ["broker-from-api", "broker-from-worker"]


def test_rabbitmq_is_private_patched_and_logged(declare):
    small, safe = (
        declare("dev", broker={"kind": "rabbitmq", "multiAz": many}).one("Broker", "jobs").inputs
        for many in (False, True)
    )
    for broker in (small, safe):
        assert (broker["engineType"], broker["publiclyAccessible"], broker["autoMinorVersionUpgrade"]) == (
            "RabbitMQ",
            False,
            True,
        )
        assert broker["logs"] == {"general": True}
    assert (small["deploymentMode"], len(small["subnetIds"])) == ("SINGLE_INSTANCE", 1)
    assert (safe["deploymentMode"], len(safe["subnetIds"])) == ("CLUSTER_MULTI_AZ", 2)


def test_valkey_is_encrypted_asks_for_a_login_and_evicts_nothing(declare):
    small, safe = (
        declare("dev", broker={"kind": "valkey", **more}).one("ReplicationGroup", "jobs").inputs for more in ({}, SAFE)
    )
    for group in (small, safe):
        assert group["transitEncryptionEnabled"] is group["atRestEncryptionEnabled"] is True
        assert (group["transitEncryptionMode"], len(group["userGroupIds"])) == ("required", 1)
    assert (small["numCacheClusters"], small["automaticFailoverEnabled"], small["snapshotRetentionLimit"]) == (
        1,
        False,
        0,
    )
    assert (safe["numCacheClusters"], safe["automaticFailoverEnabled"], safe["snapshotRetentionLimit"]) == (2, True, 7)
    parameters = declare("dev", broker="valkey").one("ParameterGroup", "jobs").inputs["parameters"]
    assert {"name": "maxmemory-policy", "value": "noeviction"} in parameters


def test_data_of_a_protected_stack_is_protected(declare, kind):
    stack = declare("prod", broker=kind)
    (store,) = [*stack.all("Broker"), *stack.all("ReplicationGroup")]
    assert store.protect
    assert not [r for r in [*declare("dev", broker=kind).all("Broker")] if r.protect]


def test_jobs_are_counted_by_the_worker_for_alarms_and_scaling(stack):
    """The broker counts none, or not by queue: the names are those of the worker's log."""
    told = {"late-jobs": "OldestJobSeconds", "dead-letters": "DeadLetters"}
    for name, metric in told.items():
        (found,) = metrics_of(stack.one("MetricAlarm", name)).values()
        assert (found["namespace"], found["metricName"], found["dimensions"]) == ("Backlog", metric, {"Stack": "dev"})
    tracking = stack.one("Policy", "worker-backlog").inputs["targetTrackingScalingPolicyConfiguration"]
    scaled = {
        query["metricStat"]["metric"]["metricName"]
        for query in tracking["customizedMetricSpecification"]["metrics"]
        if query.get("metricStat", {}).get("metric", {}).get("namespace") == "Backlog"
    }
    assert scaled == {"JobsWaiting", "JobsAtWork"}
    jobs = {name for name in UNITS if not name.startswith("Event")}
    assert {*told.values(), *scaled} == jobs
    body = json.loads(stack.all("Dashboard")[0].inputs["dashboardBody"])
    shown = {line[1] for w in body["widgets"] for line in w["properties"].get("metrics", []) if line[0] == "Backlog"}
    assert shown == UNITS.keys(), "of events, too"


def test_rabbitmqs_own_count_is_watched_whether_workers_live_or_not(declare):
    stack = declare("dev", broker="rabbitmq", worker={"maxCount": 4})
    alarm = stack.one("MetricAlarm", "queue-depth").inputs
    assert (alarm["namespace"], alarm["metricName"], alarm["dimensions"]) == (
        "AWS/AmazonMQ",
        "MessageReadyCount",
        {"Broker": "jobs-0123456"},
    )
    job = parse({"aws:region": "us-east-1", "availabilityZones": ["us-east-1a", "us-east-1b"], "job": JOB}).job
    assert alarm["threshold"] == 4 * job.backlog_per_task


JOB = {
    "meanSeconds": 0.5,
    "p99Seconds": 5,
    "hardLimitSeconds": 60,
    "jobsAtOnce": 2,
    "latencyObjectiveSeconds": 60,
    "attempts": 3,
}


def test_what_a_broker_cannot_do_is_refused_with_both_keys(run_program):
    def refused(**changes):
        with pytest.raises(pulumi.RunError) as found:
            run_program("dev", {f"backlog:{key}": value for key, value in changes.items()})
        return str(found.value)

    long = {**JOB, "hardLimitSeconds": 1_800, "latencyObjectiveSeconds": 3_600}
    assert "job.hardLimitSeconds 1800" in refused(broker="rabbitmq", job=long)
    assert "broker.kind rabbitmq takes its message back" in refused(broker="rabbitmq", job=long)
    sleepy = {"worker": {"minCount": 0}, "job": {**JOB, "latencyObjectiveSeconds": 300}}
    assert "worker.minCount 0 and broker.kind valkey" in refused(broker="valkey", **sleepy)
    newest = {"kind": "rabbitmq", "rabbitmqVersion": "4.2", "rabbitmqInstance": "mq.t3.micro", "multiAz": True}
    assert "rabbitmqVersion 4.2 runs on mq.m7g alone, not on rabbitmqInstance mq.t3.micro" in refused(broker=newest)
    assert "multiAz needs three nodes" in refused(broker=newest)
    assert "broker.kind: should be 'sqs', 'rabbitmq' or 'valkey'" in refused(broker="kafka")


def test_the_outside_world_is_told_where_the_broker_is(stack, kind):
    start = {"rabbitmq": "amqps://", "valkey": "rediss://"}[kind]
    assert stack.exports["broker_endpoint"].startswith(start)
    assert not {"queue_url", "dlq_url"} & stack.exports.keys()
