"""Domain events: the topic, who may publish and who is told, and nothing at all where there are none."""

import pytest

from infra.mistakes import Mistakes
from infra.settings import parse

TOPIC = "arn:aws:sns:us-east-1:210987654321:Topic/events-0123456"
AUDIT = {"name": "audit", "protocol": "sqs", "raw": True}
DONE = {"name": "done", "protocol": "sqs", "types": ["todo.completed"], "filterOn": "MessageBody"}
MAIL = {"name": "mail", "protocol": "email", "endpoint": "ops@example.com", "types": ["todo.deleted"]}
HOOK = {"name": "hook", "protocol": "https", "endpoint": "https://example.com/events"}


@pytest.fixture
def subscribed(declare):
    return declare("dev", events={"subscriptions": [AUDIT, DONE, MAIL, HOOK]})


def test_the_topic_is_encrypted_and_refuses_plain_http(stack):
    topic = stack.one("Topic", "events").inputs
    assert topic["kmsMasterKeyId"] == "arn:aws:kms:us-east-1:210987654321:Key/messages-0123456"
    (statement,) = stack.json("TopicPolicy", "events", "policy")["Statement"]
    assert (statement["Effect"], statement["Action"], statement["Resource"]) == ("Deny", "sns:Publish", TOPIC)
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert stack.exports["event_topic"] == TOPIC


def test_sns_may_use_the_key_to_deliver_for_this_account_alone(stack):
    _, deliveries = stack.json("Key", "messages", "policy")["Statement"]
    assert deliveries["Principal"] == {"Service": "sns.amazonaws.com"}
    assert set(deliveries["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}
    assert deliveries["Condition"] == {"StringEquals": {"aws:SourceAccount": "210987654321"}}


def test_a_subscriber_has_a_queue_that_only_the_topic_sends_to(subscribed):
    subscription = subscribed.one("TopicSubscription", "events-audit").inputs
    queue = "arn:aws:sqs:us-east-1:210987654321:Queue/events-audit-0123456"
    assert (subscription["topic"], subscription["protocol"], subscription["endpoint"]) == (TOPIC, "sqs", queue)
    _, allowed = subscribed.json("QueuePolicy", "events-audit", "policy")["Statement"]
    assert allowed["Principal"] == {"Service": "sns.amazonaws.com"}
    assert (allowed["Effect"], allowed["Action"], allowed["Resource"]) == ("Allow", "sqs:SendMessage", queue)
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": TOPIC}}
    redrive = subscribed.json("RedrivePolicy", "events-audit", "redrivePolicy")
    assert redrive["deadLetterTargetArn"].endswith("/events-audit-dead-letters-0123456")
    assert redrive["maxReceiveCount"] == 5


def test_what_cannot_be_delivered_is_kept(subscribed):
    for name in ("events-audit", "events-hook"):
        target = subscribed.json("TopicSubscription", name, "redrivePolicy")["deadLetterTargetArn"]
        assert target.endswith(f"/{name}-undelivered-0123456")
        assert subscribed.one("Queue", f"{name}-undelivered").inputs["messageRetentionSeconds"] == 1_209_600
        tls, topic = subscribed.json("QueuePolicy", f"{name}-undelivered", "policy")["Statement"]
        assert (tls["Effect"], topic["Condition"]) == ("Deny", {"ArnEquals": {"aws:SourceArn": TOPIC}})
    assert "redrivePolicy" not in subscribed.one("TopicSubscription", "events-mail").inputs


def test_a_filter_chooses_types_by_attribute_or_by_body(subscribed):
    audit, done, mail = (subscribed.one("TopicSubscription", f"events-{n}").inputs for n in ("audit", "done", "mail"))
    assert not {"filterPolicy", "filterPolicyScope"} & audit.keys()
    assert (audit["rawMessageDelivery"], "rawMessageDelivery" in done) == (True, False)
    assert (done["filterPolicy"], done["filterPolicyScope"]) == ('{"type": ["todo.completed"]}', "MessageBody")
    assert mail["filterPolicyScope"] == "MessageAttributes"


def test_subscribers_queues_are_exported_for_people_and_for_redrives(subscribed):
    assert {name for name in subscribed.exports if name.startswith("events_")} == {
        "events_audit_queue_url",
        "events_audit_dlq_url",
        "events_audit_undelivered_dlq_url",
        "events_done_queue_url",
        "events_done_dlq_url",
        "events_done_undelivered_dlq_url",
        "events_hook_undelivered_dlq_url",
    }


def test_each_subscription_has_alarms_of_its_own(subscribed):
    alarms = {a.name: a.inputs for a in subscribed.all("MetricAlarm") if a.name.startswith("events-")}
    assert {name for name in alarms if "audit" in name} == {"events-audit-dead-letters", "events-audit-undelivered"}
    failed = alarms["events-not-delivered"]
    assert (failed["namespace"], failed["metricName"]) == ("AWS/SNS", "NumberOfNotificationsFailed")
    assert failed["dimensions"] == {"TopicName": "events-0123456"}


def test_subscribers_queues_are_encrypted_as_the_queue_of_jobs_is(declare):
    stack = declare("dev", messages={"encryption": "kms"}, events={"subscriptions": [AUDIT]})
    queues = {queue.name: queue.inputs.get("kmsMasterKeyId") for queue in stack.all("Queue")}
    assert len(queues) == 5
    assert all(queues.values())


def test_a_subscription_keeps_its_identity_when_the_list_changes(declare, subscribed):
    fewer = declare("dev", events={"subscriptions": [HOOK, AUDIT]})
    assert {r.urn for r in fewer.resources} < {r.urn for r in subscribed.resources}


def test_the_worker_publishes_and_the_api_does_not(dev):
    assert dev.json("RolePolicy", "worker-task", "policy")["Statement"][-2:] == [
        {"Effect": "Allow", "Action": "sns:Publish", "Resource": TOPIC},
        {
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": "arn:aws:kms:us-east-1:210987654321:Key/messages-0123456",
        },
    ]
    told = {
        name: {v["name"]: v["value"] for v in dev.containers(name)[name]["environment"]} for name in ("api", "worker")
    }
    assert (told["api"]["EVENT_STREAMS"], told["worker"]["EVENT_STREAMS"]) == ("sns", "sns")
    assert told["worker"]["EVENT_TOPIC_ARN"] == TOPIC
    assert "EVENT_TOPIC_ARN" not in told["api"]


def test_kafka_lets_the_worker_in_by_iam_and_nobody_else(declare):
    stack = declare("dev", events={"streams": ["sns", "kafka"]})
    cluster = stack.one("ServerlessCluster", "events").inputs
    assert cluster["clientAuthentication"] == {"sasl": {"iam": {"enabled": True}}}
    (place,) = cluster["vpcConfigs"]
    assert (place["securityGroupIds"], len(place["subnetIds"])) == (["events-id"], 2)
    way_in, way_out = (
        stack.one("SecurityGroupIngressRule", "events-from-worker"),
        stack.one("SecurityGroupEgressRule", "worker-to-events"),
    )
    for rule, here, there in ((way_in, "events-id", "worker-id"), (way_out, "worker-id", "events-id")):
        assert (rule.inputs["securityGroupId"], rule.inputs["referencedSecurityGroupId"]) == (here, there)
        assert rule.inputs["fromPort"] == rule.inputs["toPort"] == 9098


def test_the_worker_may_write_to_its_topic_of_the_cluster(declare):
    stack = declare("dev", events={"streams": ["kafka"]})
    cluster = "arn:aws:kafka:us-east-1:210987654321:cluster/events-0123456/0123-s1"
    topic = "arn:aws:kafka:us-east-1:210987654321:topic/events-0123456/0123-s1/backlog-events"
    statements = stack.json("RolePolicy", "worker-task", "policy")["Statement"]
    kafka = {s["Resource"]: set(s["Action"]) for s in statements if "kafka" in s["Resource"]}
    assert kafka == {
        cluster: {"kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"},
        topic: {"kafka-cluster:CreateTopic", "kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"},
    }
    told = {v["name"]: v["value"] for v in stack.containers("worker")["worker"]["environment"] if "EVENT" in v["name"]}
    assert told == {
        "EVENT_STREAMS": "kafka",
        "EVENT_METRICS_STACK": "dev",
        "EVENT_KAFKA_BROKERS": "boot-1.c1.kafka-serverless.us-east-1.amazonaws.com:9098",
        "EVENT_KAFKA_LOGIN": "iam",
        "EVENT_KAFKA_TOPIC": "backlog-events",
    }
    assert stack.exports["event_brokers"] == told["EVENT_KAFKA_BROKERS"]
    assert [topic.name for topic in stack.all("Topic")] == ["alarms"]
    assert [key.name for key in stack.all("Key")] == ["alarms"]


def test_a_stream_that_takes_no_events_calls_someone(declare):
    stack = declare("dev", events={"streams": ["sns", "kafka"]})
    for stream in ("sns", "kafka"):
        late = stack.one("MetricAlarm", f"events-{stream}-late").inputs
        assert (late["namespace"], late["metricName"]) == ("Backlog", "EventLagSeconds")
        assert late["dimensions"] == {"Stack": "dev", "Stream": stream}
        assert (late["statistic"], late["comparisonOperator"], late["threshold"]) == (
            "Maximum",
            "GreaterThanThreshold",
            300,
        )


def test_without_a_stream_there_is_nothing_of_events(declare):
    stack = declare("dev", events={"streams": []})
    assert [r.urn for r in stack.resources if "event" in r.name or "message" in r.name] == []
    assert "event_topic" not in stack.exports
    for name in ("api", "worker"):
        assert [v["name"] for v in stack.containers(name)[name]["environment"] if v["name"].startswith("EVENT")] == []


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        ({"streams": ["sns", "sns"]}, "events: streams ['sns', 'sns'] names one twice"),
        ({"streams": [], "subscriptions": [AUDIT]}, "events: subscriptions (audit) are of SNS's topic, and streams []"),
        ({"subscriptions": [AUDIT, AUDIT]}, "events: subscriptions: audit is the name of more than one"),
        ({"subscriptions": [{**AUDIT, "endpoint": "arn"}]}, "audit: protocol sqs makes a queue of its own"),
        ({"subscriptions": [{**MAIL, "endpoint": "nobody"}]}, "mail: protocol email needs a mail address"),
        ({"subscriptions": [{**MAIL, "raw": True}]}, "mail: raw does not go with protocol email"),
        ({"subscriptions": [{**HOOK, "endpoint": "http://x"}]}, "hook: protocol https needs an https:// URL"),
        ({"subscriptions": [{**AUDIT, "name": "Audit"}]}, "events.subscriptions.0.name: 'Audit' is not of the form"),
        ({"subscriptions": [{**AUDIT, "types": ["todo.lost"]}]}, "events.subscriptions.0.types.0: should be"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_contradiction_is_told_by_its_keys(written, events, sentence):
    with pytest.raises(Mistakes) as found:
        parse({**written, "events": events})
    (told,) = found.value.args
    assert sentence in told
