"""Events in a real Kafka: each acknowledged, in order by subject, and independent of what SNS does."""

import json
import os
import signal
import subprocess
import tempfile
import uuid
from collections import defaultdict
from pathlib import Path

import pytest
from confluent_kafka import Consumer
from sqlalchemy import text

from backlog_api.app import create_app
from backlog_api.settings import ApiSettings
from backlog_todos import events
from backlog_todos.database import connect, sessions
from backlog_todos.settings import DatabaseSettings
from backlog_worker import relay
from backlog_worker.kafka import Kafka
from backlog_worker.relay import Relay
from backlog_worker.settings import KafkaSettings
from local.folder import CHECKOUT, StackFolder
from local.machine.kafka import Clusters
from local.machine.supervisor import Supervisor
from local.provider.realised import ResourceError
from local.resources import TABLE, Resource
from tests.servers import CELERY

CLUSTER = "aws:msk/serverlessCluster:ServerlessCluster"
STREAMS = ("sns", "kafka")

pytestmark = pytest.mark.xdist_group("kafka")  # one broker is enough


@pytest.fixture(scope="module")
def cluster():
    with tempfile.TemporaryDirectory(prefix="backlog-") as root:
        folder = StackFolder(Path(root) / "kafka")
        folder.make()
        supervisor = Supervisor(folder)
        inputs = {"clusterName": "events"}
        resource = Resource(CLUSTER, f"urn:pulumi:test::backlog::{CLUSTER}::events", "events", inputs, "r", "1" * 12)
        try:
            made = Clusters(supervisor).create(resource, {**TABLE[CLUSTER].outputs(resource), **inputs})
            yield supervisor, made
        finally:
            supervisor.shut_down()


@pytest.fixture
def kafka(cluster):
    """Settings of a topic of this test's own."""
    return KafkaSettings(cluster[1]["bootstrapBrokersSaslIam"], f"t-{uuid.uuid4().hex[:8]}", "none", "us-east-1")


@pytest.fixture
def told(environment, kafka, monkeypatch):
    more = {
        "EVENT_STREAMS": "sns,kafka",
        "EVENT_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:nowhere",  # SNS refuses everything
        "EVENT_KAFKA_BROKERS": kafka.brokers,
        "EVENT_KAFKA_TOPIC": kafka.topic,
        "EVENT_KAFKA_LOGIN": "none",
    }
    for name, value in more.items():
        monkeypatch.setenv(name, value)
    return {**environment, **more}


@pytest.fixture
def database(told, monkeypatch):
    engine = connect(DatabaseSettings.from_environment(told), pool_size=4)
    made = sessions(engine, STREAMS)
    monkeypatch.setattr(relay, "database", lambda: made)
    yield made
    engine.dispose()


@pytest.fixture
def received(kafka):
    """All that has arrived by now, as (partition, key, event)."""
    consumer = Consumer(
        {"bootstrap.servers": kafka.brokers, "group.id": uuid.uuid4().hex, "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([kafka.topic])
    found = []

    def all_of_them():
        while (message := consumer.poll(0.5)) is not None:
            if message.error() is None:
                assert message.headers() == [("content-type", b"application/cloudevents+json; charset=UTF-8")]
                found.append((message.partition(), message.key().decode(), json.loads(message.value())))
        return found

    yield all_of_them
    consumer.close()


def waiting(database, stream):
    with database() as session:
        return session.execute(
            text("select count(*) from events where stream = :stream"), {"stream": stream}
        ).scalar_one()


def numbered(database, subject, count):
    for n in range(count):
        with database.begin() as session:
            events.record(session, "todo.updated", subject, {"n": n})


def test_a_subjects_events_are_in_one_partition_in_their_order(database, kafka, received, until):
    for subject in range(10):
        numbered(database, f"todos/{subject}", 5)
    one = Relay("kafka", Kafka(kafka), STREAMS)
    while waiting(database, "kafka"):
        assert one.relay()[1] == ""
    until(lambda: len(received()) == 50)
    by_key = defaultdict(list)
    for partition, key, event in received():
        assert event["subject"] == key
        by_key[key].append((partition, event["data"]["n"]))
    for told in by_key.values():
        assert len({partition for partition, _ in told}) == 1
        assert [n for _, n in told] == list(range(5))
    assert len({partition for partition, _, _ in received()}) > 1
    assert waiting(database, "sns") == 50  # each stream has its own


def test_sns_that_refuses_everything_does_not_hold_kafka_back(told, start, received, until, database):
    app = create_app(ApiSettings.from_environment(told))
    todo = app.test_client().post("/api/v1/todos", json={"title": "x"}).json
    app.extensions["backlog"].engine.dispose()
    worker = start(CELERY, "backlog_worker.health", **told)
    until(lambda: received(), 60)
    key, event = next((key, event) for _, key, event in received() if key.startswith("todos/"))
    assert (key, event["type"], event["data"]["title"]) == (f"todos/{todo['id']}", "todo.created", "x")
    until(lambda: '"events not relayed"' in worker.said())
    # The calendar that the worker publishes is an event as well.
    until(lambda: waiting(database, "kafka") == 0)
    assert waiting(database, "sns") >= 1


def test_a_broker_that_is_away_loses_nothing(cluster, database, kafka, received, until, monkeypatch):
    monkeypatch.setattr("backlog_worker.kafka._PATIENCE", 2)
    supervisor, _ = cluster
    one = Relay("kafka", Kafka(kafka), STREAMS)
    numbered(database, "todos/1", 1)
    assert one.relay() == (1, "")
    (process,) = supervisor.processes("kafka-events")
    os.kill(process["pid"], signal.SIGSTOP)
    try:
        numbered(database, "todos/1", 2)
        told, failure = one.relay()
        assert (told, bool(failure)) == (0, True)
        assert waiting(database, "kafka") == 2
    finally:
        os.kill(process["pid"], signal.SIGCONT)
    until(lambda: one._turn() == relay._INTERVAL and waiting(database, "kafka") == 0, 60)
    until(lambda: {event["sequence"] for _, _, event in received()}.__len__() == 3, 30)
    first_seen = list(dict.fromkeys(event["sequence"] for _, _, event in received()))
    assert first_seen == sorted(first_seen)


def test_a_cluster_that_was_killed_is_made_again_with_what_it_had(cluster, kafka, database, received, until):
    supervisor, made = cluster
    numbered(database, "todos/1", 1)
    Relay("kafka", Kafka(kafka), STREAMS).relay()
    supervisor.remove("kafka-events")
    assert not Clusters(supervisor).alive(made)
    resource = Resource(CLUSTER, "urn:x::y::z::events", "events", {"clusterName": "events"}, "r", "1" * 12)
    assert Clusters(supervisor).create(resource, {**made})["bootstrapBrokersSaslIam"] == kafka.brokers
    until(lambda: len(received()) == 1)


def test_a_machine_without_java_is_told_what_to_install(tmp_path):
    nothing = {"PATH": "/bin-that-is-empty", "HOME": str(tmp_path)}
    run = subprocess.run(
        ["/bin/sh", str(CHECKOUT / "tools" / "kafka")], env=nothing, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert "Kafka needs java, which is not on PATH" in run.stderr


def test_the_sentence_reaches_whoever_brings_the_stack_up(cluster, monkeypatch, tmp_path):
    monkeypatch.setenv("BACKLOG_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", "/usr/bin-that-is-empty")
    resource = Resource(CLUSTER, "urn:x::y::z::other", "other", {"clusterName": "other"}, "r", "1" * 12)
    with pytest.raises(ResourceError, match="Kafka needs java"):
        Clusters(cluster[0]).create(resource, {"clusterName": "other"})
