"""Domain events: committed with what happened, told at least once, in order, whatever goes wrong on the way."""

import json
import sys
import threading
import uuid
from collections import defaultdict
from pathlib import Path

import jsonschema
import pytest
from sqlalchemy import select, text

from backlog_api.app import create_app
from backlog_api.settings import ApiSettings
from backlog_todos import calendar_jobs, events
from backlog_todos.calendars import builds
from backlog_todos.database import connect, sessions
from backlog_todos.settings import DatabaseSettings
from backlog_todos.tables import Event
from backlog_worker import relay
from backlog_worker.relay import Relay
from backlog_worker.sns import Sns

sys.path.insert(0, str(Path(__file__).parent))
from faults import FaultyProxy

from tests.servers import CELERY

TODOS = "/api/v1/todos"
SCHEMA = json.loads(
    (Path(__file__).resolve().parents[2] / "docs" / "events" / "event.schema.json").read_text(encoding="utf-8")
)
VALID = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


@pytest.fixture
def topic(servers):
    """A topic, and a queue that gets all of its messages as they were published."""
    name = f"events-{uuid.uuid4().hex[:8]}"
    sns, sqs = servers.emulator.sns, servers.emulator.sqs
    arn = sns.create_topic(Name=name)["TopicArn"]
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "true"})
    yield arn, queue
    sns.delete_topic(TopicArn=arn)
    sqs.delete_queue(QueueUrl=queue)


@pytest.fixture
def told(environment, topic, monkeypatch):
    """The environment of services that tell events."""
    more = {"EVENT_STREAMS": "sns", "EVENT_TOPIC_ARN": topic[0]}
    for name, value in more.items():
        monkeypatch.setenv(name, value)
    return {**environment, **more}


@pytest.fixture
def start_worker(start, told):
    return lambda **more: start(CELERY, "backlog_worker.health", **{**told, **more})


@pytest.fixture
def client(told):
    app = create_app(ApiSettings.from_environment(told))
    yield app.test_client()
    app.extensions["backlog"].engine.dispose()


@pytest.fixture
def database(told):
    """Sessions that write events, and relays of this process use them."""
    engine = connect(DatabaseSettings.from_environment(told), pool_size=4)
    yield sessions(engine, ("sns",))
    engine.dispose()


@pytest.fixture
def received(sqs, topic):
    """All that has arrived by now."""
    found = []

    def all_of_them():
        while messages := sqs.receive_message(
            QueueUrl=topic[1], MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=0
        ).get("Messages"):
            for message in messages:
                found.append((json.loads(message["Body"]), message["MessageAttributes"]))
                sqs.delete_message(QueueUrl=topic[1], ReceiptHandle=message["ReceiptHandle"])
        return found

    return all_of_them


def waiting(database):
    with database() as session:
        return session.execute(text("select count(*) from events")).scalar_one()


class Recorder:
    """A stream that remembers, and fails where it is told to."""

    def __init__(self, fails=lambda _: False):
        self.events, self.fails = [], fails

    def publish(self, batch):
        taken = [event for event in batch if not self.fails(event)]
        self.events += [(event.subject, event.data["n"]) for event in taken]
        return [event.position for event in taken], "" if len(taken) == len(batch) else "away"


@pytest.fixture
def relayed(database, monkeypatch):
    """Relays batches of this process until the outbox is empty."""
    monkeypatch.setattr(relay, "database", lambda: database)

    def until_empty(stream):
        one = Relay("sns", stream, ("sns",))
        while waiting(database):
            one.relay()

    return until_empty


def numbered(database, subject, count):
    for n in range(count):
        with database.begin() as session:
            events.record(session, "todo.updated", subject, {"n": n})


def test_what_happens_to_a_todo_is_told_with_the_todo_as_it_is_then(client, start_worker, until, received, database):
    todo = client.post(
        TODOS, json={"title": "a 🎉", "description": "private", "deadline_at": "2030-01-31T17:00:00Z"}
    ).json
    client.put(f"{TODOS}/{todo['id']}", json={"title": "b"})
    client.put(f"{TODOS}/{todo['id']}", json={"completed": True, "title": "c"})
    client.put(f"{TODOS}/{todo['id']}", json={"completed": True})
    client.put(f"{TODOS}/{todo['id']}", json={"completed": False})
    client.delete(f"{TODOS}/{todo['id']}")
    assert client.put(f"{TODOS}/{todo['id']}", json={"title": "gone"}).status_code == 404
    start_worker()
    until(lambda: len(of_todos(received())) == 6)
    found = sorted(of_todos(received()), key=lambda event: event["sequence"])
    assert [(event["type"], event["data"]["title"]) for event in found] == [
        ("todo.created", "a 🎉"),
        ("todo.updated", "b"),
        ("todo.completed", "c"),
        ("todo.updated", "c"),
        ("todo.updated", "c"),
        ("todo.deleted", "c"),
    ]
    for event in found:
        VALID.validate(event)
    assert {event["subject"] for event in found} == {f"todos/{todo['id']}"}
    assert len({event["id"] for event in found}) == 6
    assert found[0]["data"]["deadline_at"] == "2030-01-31T17:00:00+00:00"
    assert "private" not in json.dumps(found)
    until(lambda: waiting(database) == 0)


def of_todos(received):
    return [event for event, _ in received if event["subject"].startswith("todos/")]


def test_a_calendar_that_is_published_is_told_and_one_that_stays_as_it_was_is_not(database):
    assert builds.refresh(database, 1, lambda *_: None)
    with database.begin() as session:
        session.execute(text("update calendars set wanted = 1"))
    assert builds.refresh(database, 1, lambda *_: None)
    with database() as session:
        (event,) = session.scalars(select(Event)).all()
    VALID.validate(events.envelope(event))
    assert (event.type, event.subject) == ("calendar.published", "lists/1")
    assert event.data == {"list_id": 1, "version": 0}


def test_a_calendar_that_is_there_is_told(client, start_worker, until, received):
    client.post(TODOS, json={"title": "x"})
    start_worker()
    task = client.post(f"{TODOS}/ical").json["task_id"]
    until(lambda: [event for event, _ in received() if event["subject"] == f"calendars/{task}"])
    ((event, attributes),) = [pair for pair in received() if pair[0]["subject"] == f"calendars/{task}"]
    assert event["type"] == "calendar.published"
    VALID.validate(event)
    assert (event["subject"], event["data"]) == (f"calendars/{task}", {"task_id": task, "todos": 1})
    assert {
        name: attribute["Value"] if "Value" in attribute else attribute["StringValue"]
        for name, attribute in attributes.items()
    } == {
        "id": event["id"],
        "type": "calendar.published",
        "subject": f"calendars/{task}",
        "schemaversion": "1",
    }


def test_a_change_that_is_not_committed_is_not_told(database):
    with database() as session:
        events.record(session, "todo.updated", "todos/1", {"n": 1})
        session.rollback()
    assert waiting(database) == 0


def test_without_a_stream_nothing_is_written(environment, sql):
    app = create_app(ApiSettings.from_environment(environment))
    app.test_client().post(TODOS, json={"title": "x"})
    app.extensions["backlog"].engine.dispose()
    with sql.begin() as session:
        job_id = calendar_jobs.requested(session)
    builds.refresh(sql, 1, lambda *_: None)
    with sql.begin() as session:
        calendar_jobs.finished(session, job_id, calendar_jobs.started(session, job_id))
    assert waiting(sql) == 0


def test_relays_side_by_side_tell_each_event_once_and_a_subjects_in_their_order(database, relayed):
    for subject in range(12):
        numbered(database, f"todos/{subject}", 15)
    stream = Recorder()
    side_by_side = [threading.Thread(target=relayed, args=(stream,)) for _ in range(3)]
    for thread in side_by_side:
        thread.start()
    for thread in side_by_side:
        thread.join()
    told = defaultdict(list)
    for subject, n in stream.events:
        told[subject].append(n)
    assert told == {f"todos/{subject}": list(range(15)) for subject in range(12)}


def test_an_event_that_is_refused_holds_back_its_own_subject_alone(database, relayed):
    for subject in ("todos/1", "todos/2"):
        numbered(database, subject, 3)
    refused = Recorder(lambda event: event.subject == "todos/1" and event.data["n"] == 1)
    one = Relay("sns", refused, ("sns",))
    for _ in range(4):
        one.relay()
    assert refused.events == [("todos/1", 0), ("todos/2", 0), ("todos/2", 1), ("todos/2", 2)]
    later = Recorder()
    relayed(later)
    assert later.events == [("todos/1", 1), ("todos/1", 2)]


def test_what_a_relay_told_when_it_died_is_told_again(database, monkeypatch):
    """At least once: the stream had it, the commit did not come."""
    numbered(database, "todos/1", 1)
    stream = Recorder()
    monkeypatch.setattr(relay, "database", lambda: database)

    def dies(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(events, "published", dies)
        with pytest.raises(KeyboardInterrupt):
            Relay("sns", stream, ("sns",)).relay()
    Relay("sns", stream, ("sns",)).relay()
    assert stream.events == [("todos/1", 0), ("todos/1", 0)]


def test_many_events_go_in_calls_of_ten_and_large_ones_in_smaller_ones(database, relayed, topic, received, until):
    for n in range(25):
        with database.begin() as session:
            events.record(session, "todo.updated", f"todos/{n}", {"n": n, "title": "🎉" * (6_000 if n < 5 else 1)})
    relayed(Sns(topic[0]))
    until(lambda: len(received()) == 25)


def test_a_topic_that_is_away_loses_nothing_and_the_worker_goes_on(
    client, servers, start_worker, until, received, database
):
    proxy = FaultyProxy(servers.emulator.port)
    try:
        proxy.fault = "503"
        worker = start_worker(AWS_ENDPOINT_URL_SNS=f"http://127.0.0.1:{proxy.port}")
        todo = client.post(TODOS, json={"title": "x"}).json["id"]
        for n in range(20):
            client.put(f"{TODOS}/{todo}", json={"title": f"{n}"})
        until(lambda: proxy.failed >= 4)
        task = client.post(f"{TODOS}/ical").json["task_id"]
        until(lambda: client.get(f"{TODOS}/ical/{task}/status").json["task_status"] == "SUCCESS")
        assert waiting(database) >= 21
        assert received() == []
        proxy.fault = None
        until(lambda: len(of_todos(received())) == 21, 60)
        found = [event for event, _ in received() if event["subject"] == f"todos/{todo}"]
        assert [event["data"]["title"] for event in sorted(found, key=lambda event: event["sequence"])] == [
            "x",
            *(f"{n}" for n in range(20)),
        ]
        assert worker.process.poll() is None
        until(lambda: waiting(database) == 0)
        assert '"events not relayed"' in worker.said()
    finally:
        proxy.close()


def test_the_log_says_how_far_behind_a_stream_is(client, start_worker, until):
    worker = start_worker()
    client.post(TODOS, json={"title": "x"})
    (line,) = until(lambda: [line for line in worker.said().splitlines() if '"events relayed"' in line])
    assert {"stream", "told", "waiting", "lag_seconds"} <= json.loads(line).keys()


def test_the_lag_of_a_stream_that_is_away_is_a_metric(database, monkeypatch, caplog):
    numbered(database, "todos/1", 2)
    monkeypatch.setattr(relay, "database", lambda: database)
    monkeypatch.setattr(Recorder, "publish", lambda *_: 1 / 0)
    caplog.set_level("INFO")
    assert Relay("sns", Recorder(), ("sns",), "dev")._turn() > 0
    (told,) = [record for record in caplog.records if hasattr(record, "_aws")]
    (directive,) = told._aws["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == ("Backlog", [["Stack", "Stream"]])
    assert {metric["Name"] for metric in directive["Metrics"]} == {"EventsWaiting", "EventLagSeconds"}
    assert (told.Stack, told.Stream, told.EventsWaiting) == ("dev", "sns", 2)
    assert told.EventLagSeconds >= 0


def test_what_was_meant_for_a_stream_that_is_gone_does_not_stay_for_ever(database, monkeypatch):
    numbered(database, "todos/1", 2)
    with database.begin() as session:
        session.execute(text("update events set stream = 'gone'"))
        session.execute(text("update events set occurred_at = now() - interval '8 days' where data->>'n' = '0'"))
    monkeypatch.setattr(relay, "database", lambda: database)
    Relay("sns", Recorder(), ("sns",))._report()
    assert waiting(database) == 1


def test_ids_are_version_7_uuids_in_the_order_of_their_time():
    ids = [events.new_id() for _ in range(100)]
    assert {(one.version, one.variant) for one in ids} == {(7, uuid.RFC_4122)}
    assert [one.int >> 80 for one in ids] == sorted(one.int >> 80 for one in ids)
    assert len(set(ids)) == 100
