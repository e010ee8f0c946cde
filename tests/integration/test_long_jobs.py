"""Jobs that take longer than their message's visibility timeout, on a real queue."""

import sys
import time
import uuid
from pathlib import Path

import pytest

from backlog_todos.tables import CalendarJob

sys.path.insert(0, str(Path(__file__).parent))
from faults import FaultyProxy

TODOS = "/api/v1/todos"
#: The queue shows a message again after 2 s (conftest), and a job may take a minute; a statement of it, 15 s.
LONG = {"JOB_SOFT_TIME_LIMIT_SECONDS": "50", "JOB_TIME_LIMIT_SECONDS": "60"}


def ask(client):
    return client.post(f"{TODOS}/ical").json["task_id"]


def status(client, task):
    return client.get(f"{TODOS}/ical/{task}/status").json["task_status"]


def waiting(sqs, environment):
    name = "ApproximateNumberOfMessages"
    url = environment["QUEUE_URL"]
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def attempts(sql, task):
    with sql() as session:
        return session.get(CalendarJob, uuid.UUID(task)).attempts


def hidden_for(seconds, sqs, environment):
    """Looks at the queue for a while, and tells whether any message waited on it."""
    end = time.monotonic() + seconds
    seen = 0
    while time.monotonic() < end:
        seen = max(seen, waiting(sqs, environment))
    return seen == 0


def test_the_message_of_a_long_job_stays_hidden_and_the_job_runs_once(
    client, sqs, environment, start_worker, until, locked, sql
):
    start_worker(**LONG)
    task = ask(client)
    until(lambda: status(client, task) == "STARTED")
    assert hidden_for(7, sqs, environment)
    locked.rollback()
    until(lambda: status(client, task) == "SUCCESS")
    assert attempts(sql, task) == 1


def test_an_extension_that_fails_is_made_again(client, sqs, servers, environment, start_worker, until, locked, sql):
    sqs.set_queue_attributes(QueueUrl=environment["QUEUE_URL"], Attributes={"VisibilityTimeout": "8"})
    proxy = FaultyProxy(servers.emulator.port)
    try:
        start_worker(
            AWS_ENDPOINT_URL=f"http://127.0.0.1:{proxy.port}",
            QUEUE_URL=environment["QUEUE_URL"].replace(f":{servers.emulator.port}", f":{proxy.port}"),
            JOB_VISIBILITY_TIMEOUT_SECONDS="8",
            **LONG,
        )
        proxy.only, proxy.fault = "ChangeMessageVisibility", "503"
        task = ask(client)
        until(lambda: status(client, task) == "STARTED")
        until(lambda: proxy.failed >= 2)
        proxy.fault = None
        assert hidden_for(5, sqs, environment)
        locked.rollback()
        until(lambda: status(client, task) == "SUCCESS")
        assert attempts(sql, task) == 1
    finally:
        proxy.close()


@pytest.mark.usefixtures("locked")
def test_the_message_of_a_killed_worker_is_seen_again_after_one_timeout(client, sqs, environment, start_worker, until):
    worker = start_worker(**LONG)
    task = ask(client)
    until(lambda: status(client, task) == "STARTED")
    assert hidden_for(3, sqs, environment)  # it was hidden anew
    worker.kill()
    began = time.monotonic()
    until(lambda: waiting(sqs, environment) == 1)
    assert time.monotonic() - began < 4


@pytest.mark.usefixtures("locked")
def test_a_worker_whose_every_slot_is_busy_is_healthy(client, start_worker, until):
    """It polls for nothing, for longer than a worker with a free slot could be silent."""
    worker = start_worker(JOB_CONCURRENCY="1", JOB_POLL_SILENCE_SECONDS="8", **LONG)
    task = ask(client)
    until(lambda: status(client, task) == "STARTED")
    end = time.monotonic() + 12
    while time.monotonic() < end:
        assert worker.healthy("backlog_worker.health")


def test_a_worker_whose_queue_is_away_for_long_is_not_healthy(client, servers, environment, start_worker, until):
    proxy = FaultyProxy(servers.emulator.port)
    try:
        worker = start_worker(
            AWS_ENDPOINT_URL=f"http://127.0.0.1:{proxy.port}",
            QUEUE_URL=environment["QUEUE_URL"].replace(f":{servers.emulator.port}", f":{proxy.port}"),
            JOB_POLL_SILENCE_SECONDS="6",
        )
        proxy.fault = "503"
        ask(client)  # ends the long poll that is under way
        until(lambda: not worker.healthy("backlog_worker.health"), what="ill health")
        proxy.fault = None
        until(lambda: worker.healthy("backlog_worker.health"), 40, what="health")
    finally:
        proxy.close()
