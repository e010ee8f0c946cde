"""API and worker on RabbitMQ and on Valkey: real servers, and all that can go wrong with them."""

import gc
import json
import signal
import sys
import tempfile
import time
import uuid
from pathlib import Path

import pytest
from sqlalchemy import text

from backlog_api.app import create_app
from backlog_api.settings import ApiSettings
from backlog_todos.tables import CalendarJob
from infra.components.valkey import ACCESS
from local.folder import StackFolder

sys.path.insert(0, str(Path(__file__).parent))
import broker_server
from broker_server import ATTEMPTS, BrokerServer

TODOS = "/api/v1/todos"
DEAD_LETTERS = "jobs-dead-letters"


pytestmark = [
    pytest.mark.xdist_group("brokers"),  # one server of each is enough
    # amqp leaves the socket of a connection that the server broke off to the garbage collector, which closes it.
    pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning"),
]


@pytest.fixture(scope="module", params=["rabbitmq", "valkey"])
def server(request):
    with tempfile.TemporaryDirectory(prefix="backlog-") as root:
        made = BrokerServer(request.param, StackFolder(Path(root) / "s"))
        try:
            yield made
        finally:
            made.shut_down()


@pytest.fixture
def broker(server, monkeypatch):
    """The server, empty."""
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    server.empty()
    return server


@pytest.fixture
def client(environment, broker):
    app = create_app(ApiSettings.from_environment({**environment, **broker.environment()}))
    yield app.test_client()
    app.extensions["backlog"].engine.dispose()
    gc.collect()  # here, where its warning is expected


@pytest.fixture
def worker(start_worker, broker):
    """Starts a worker on the broker."""
    return lambda **more: start_worker(**broker.environment(), **more)


def ask(client):
    answer = client.post(f"{TODOS}/ical")
    assert answer.status_code == 202
    return answer.json["task_id"]


def status(client, task):
    return client.get(f"{TODOS}/ical/{task}/status").json["task_status"]


def job_of(sql, task):
    with sql() as session:
        return session.get(CalendarJob, uuid.UUID(task))


def test_a_calendar_is_built_and_its_message_is_gone(client, broker, worker, until, sql):
    running = worker()
    tasks = [ask(client) for _ in range(20)]
    until(lambda: {status(client, task) for task in tasks} == {"SUCCESS"})
    until(lambda: broker.depth(broker.queue) == 0)
    assert {job_of(sql, task).attempts for task in tasks} == {1}
    assert broker.depth(DEAD_LETTERS) == 0
    assert client.get("/api/v1/ready").status_code == 200
    assert broker.environment()["BROKER_PASSWORD"] not in running.said()


def test_a_burst_of_changes_is_built_at_once_and_a_little_later(client, broker, worker, until, sql):
    """What comes soon after a build is sent with a delay, which the worker keeps itself, on each of the brokers."""
    worker()
    for n in range(40):
        client.post(TODOS, json={"title": f"todo {n}"})
    until(lambda: _published(sql) == 40)
    until(lambda: broker.depth(broker.queue) == 0)


def _published(sql):
    with sql() as session:
        return session.execute(text("select version from builds")).scalar_one()


def test_a_job_whose_worker_is_killed_is_done_by_another(client, worker, until, locked, sql):
    task = ask(client)
    first = worker()
    until(lambda: status(client, task) == "STARTED")
    first.kill()
    locked.rollback()
    worker()
    until(lambda: status(client, task) == "SUCCESS", 30)
    assert job_of(sql, task).attempts >= 2  # messages come at least once


def test_a_job_that_always_fails_ends_with_the_dead_letters_after_its_attempts(client, broker, worker, until, sql):
    with sql.begin() as session:
        session.execute(text("alter table todos rename to away"))
    task = ask(client)
    running = worker()
    until(lambda: status(client, task) == "FAILURE", 60)
    until(lambda: broker.depth(DEAD_LETTERS) == 1, 30)
    until(lambda: broker.depth(broker.queue) == 0)
    assert job_of(sql, task).attempts == ATTEMPTS
    assert running.process.poll() is None


def test_messages_that_are_none_of_ours_are_buried_and_do_not_end_the_worker(client, broker, worker, until):
    running = worker(JOB_CONCURRENCY="1")
    before = ask(client)
    until(lambda: status(client, before) == "SUCCESS")
    strange = ["hello", "{}", json.dumps({"properties": {"delivery_info": 1}})]
    for body in strange:
        broker.put(body)
    task = ask(client)
    until(lambda: status(client, task) == "SUCCESS", 60)
    until(lambda: broker.depth(DEAD_LETTERS) == len(strange), 60)
    assert running.process.poll() is None, running.said()


@pytest.mark.parametrize("server", ["rabbitmq"], indirect=True)
def test_rabbitmq_has_no_queues_but_for_jobs_and_dead_letters(client, broker, worker, until):
    """Celery makes 28 more for jobs with a delay."""
    running = worker()
    task = ask(client)
    until(lambda: status(client, task) == "SUCCESS")
    assert [broker.has(name) for name in (broker.queue, DEAD_LETTERS, "celery_delayed_0")] == [True, True, False]
    assert "delayed" not in running.said()


def test_a_broker_that_crashes_and_comes_back_is_found_again(client, broker, worker, until):
    running = worker()
    before = ask(client)
    until(lambda: status(client, before) == "SUCCESS")
    until(broker.queues_are_on_disk)
    broker.crash()
    during = ask(client)
    until(lambda: status(client, during) == "SUCCESS", 60)
    after = ask(client)
    until(lambda: status(client, after) == "SUCCESS", 30)
    assert running.process.poll() is None, running.said()
    assert running.healthy("backlog_worker.health")


def test_a_broker_that_is_away_holds_no_request_and_loses_no_job(client, broker, worker, until):
    running = worker()
    broker.stop()
    began = time.monotonic()
    tasks = [ask(client) for _ in range(3)]
    assert time.monotonic() - began < 3 * 4
    began = time.monotonic()
    answer = client.get("/api/v1/ready")
    assert (answer.status_code, answer.json["queue"]) == (503, "away")
    assert time.monotonic() - began < 5
    assert client.get("/api/v1/health").status_code == 200
    broker.start()
    until(lambda: {status(client, task) for task in tasks} == {"SUCCESS"}, 60)
    assert running.process.poll() is None, running.said()


def test_a_stop_finishes_the_job_at_work_and_strands_no_message(client, broker, worker, until, locked, sql):
    task = ask(client)
    running = worker()
    until(lambda: status(client, task) == "STARTED")
    running.process.send_signal(signal.SIGTERM)
    until(lambda: "shutdown" in running.said().lower())
    locked.rollback()
    assert running.process.wait(timeout=30) == 0
    assert status(client, task) == "SUCCESS"
    assert (broker.depth(broker.queue), broker.depth(DEAD_LETTERS), job_of(sql, task).attempts) == (0, 0, 1)


def test_a_job_that_outlasts_the_stop_is_handed_back_at_once(client, worker, until, locked):
    limits = {
        "JOB_SOFT_TIME_LIMIT_SECONDS": "58",
        "JOB_TIME_LIMIT_SECONDS": "60",
        "JOB_VISIBILITY_TIMEOUT_SECONDS": "600",
    }
    running = worker(JOB_SHUTDOWN_SECONDS="2", **limits)
    task = ask(client)
    until(lambda: status(client, task) == "STARTED")
    began = time.monotonic()
    assert running.stop() == 0
    assert 1.5 < time.monotonic() - began < 8
    worker(**limits)
    locked.rollback()
    until(lambda: status(client, task) == "SUCCESS", what="its being done by another worker")


def test_stops_strand_no_message_while_jobs_keep_coming(client, worker, until):
    running = worker(JOB_VISIBILITY_TIMEOUT_SECONDS="600")
    tasks = [ask(client) for _ in range(5)]
    running.process.terminate()
    tasks += [ask(client) for _ in range(5)]
    assert running.process.wait(timeout=30) == 0
    worker(JOB_VISIBILITY_TIMEOUT_SECONDS="600")
    until(lambda: {status(client, task) for task in tasks} == {"SUCCESS"}, 30, what="the end of all jobs")


def test_jobs_that_wait_in_another_broker_are_sent_to_this_one(environment, client, worker, until):
    """As when the configuration names another broker from now on: the database is the truth."""
    app = create_app(ApiSettings.from_environment(environment))  # on SQS
    tasks = [ask(app.test_client()) for _ in range(3)]
    app.extensions["backlog"].engine.dispose()
    worker(JOB_VISIBILITY_TIMEOUT_SECONDS="600")
    until(lambda: {status(client, task) for task in tasks} == {"SUCCESS"}, 30)


def test_a_worker_that_waits_for_jobs_is_alive(worker, until):
    running = worker()
    heartbeat = running.log.parent / "backlog-worker-heartbeat"
    first = heartbeat.stat().st_mtime
    until(lambda: heartbeat.stat().st_mtime > first + 3, 30, what="another sign of life")


def test_a_worker_whose_broker_is_gone_gives_no_sign_of_life(broker, worker, until):
    running = worker()
    heartbeat = running.log.parent / "backlog-worker-heartbeat"
    broker.stop()
    until(lambda: "onnect" in running.said().split("ready")[-1], 30, what="its trying to connect")
    last = heartbeat.stat().st_mtime
    with pytest.raises(AssertionError, match="did not happen"):
        until(lambda: heartbeat.stat().st_mtime != last, 6)
    broker.start()
    until(lambda: heartbeat.stat().st_mtime != last, 60)


def test_jobs_are_counted_in_the_log_for_cloudwatch(client, worker, until, locked):
    asked = [ask(client) for _ in range(3)]
    running = worker(METRICS_STACK="dev", JOB_CONCURRENCY="1")
    until(lambda: "CloudWatchMetrics" in running.said())
    line = next(json.loads(line) for line in running.said().splitlines() if "CloudWatchMetrics" in line)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"], line["Stack"]) == ("Backlog", [["Stack"]], "dev")
    assert {metric["Name"] for metric in directive["Metrics"]} == {
        "JobsWaiting",
        "JobsAtWork",
        "OldestJobSeconds",
        "DeadLetters",
    }
    assert line["JobsWaiting"] + line["JobsAtWork"] == len(asked)
    assert line["OldestJobSeconds"] > 0
    locked.rollback()


def test_the_user_may_do_what_the_program_gives_it():
    assert broker_server._ACCESS == ACCESS
