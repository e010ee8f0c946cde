"""The worker as a process, against a real queue and a real database, with all that can go wrong."""

import json
import signal
import sys
import uuid
from pathlib import Path

import pytest
from icalendar import Calendar
from sqlalchemy import text

from backlog_todos import calendar_jobs
from backlog_todos.tables import CalendarJob

sys.path.insert(0, str(Path(__file__).parent))
from faults import FaultyProxy

TODOS = "/api/v1/todos"


def ask(client):
    return client.post(f"{TODOS}/ical").json["task_id"]


def status(client, task):
    return client.get(f"{TODOS}/ical/{task}/status").json["task_status"]


def depth(sqs, url):
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"]) + int(attributes["ApproximateNumberOfMessagesNotVisible"])


class Blocked:
    """Holds the todos' table, so that whoever reads it waits: a job that is in the middle of its work."""

    def __init__(self, sql):
        self.session = sql()
        self.session.execute(text("lock table todos in access exclusive mode"))

    def release(self):
        self.session.rollback()
        self.session.close()


def test_a_calendar_is_built_and_its_message_is_gone(client, sqs, environment, start_worker, until):
    client.post(TODOS, json={"title": "a,b;c\nd 🎉", "deadline_at": "2030-01-31T17:00:00Z"})
    client.post(TODOS, json={"title": "no deadline"})
    start_worker()
    task = ask(client)
    until(lambda: status(client, task) == "SUCCESS")
    answer = client.get(f"{TODOS}/ical/{task}/result")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert [str(t["summary"]) for t in Calendar.from_ical(answer.data).walk("VTODO")] == ["a,b;c\nd 🎉", "no deadline"]
    events = Calendar.from_ical(client.get(f"{TODOS}/ical/{task}/result?as=event").data).walk("VEVENT")
    assert [str(event["summary"]) for event in events] == ["a,b;c\nd 🎉"]
    until(lambda: depth(sqs, environment["QUEUE_URL"]) == 0)


def test_a_message_that_comes_again_changes_nothing(client, sqs, environment, start_worker, until, sql):
    task = ask(client)
    queue = environment["QUEUE_URL"]
    body = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=2, VisibilityTimeout=0)["Messages"][0]["Body"]
    start_worker()
    until(lambda: status(client, task) == "SUCCESS")
    with sql() as session:
        finished = session.get(CalendarJob, uuid.UUID(task)).finished_at
    for _ in range(3):
        sqs.send_message(QueueUrl=queue, MessageBody=body)
    until(lambda: depth(sqs, queue) == 0)
    with sql() as session:
        job = session.get(CalendarJob, uuid.UUID(task))
    assert (job.finished_at, job.attempts) == (finished, 1)


def test_a_job_whose_worker_is_killed_is_done_by_another(client, start_worker, until, sql):
    task = ask(client)
    blocked = Blocked(sql)
    first = start_worker()
    until(lambda: status(client, task) == "STARTED")
    first.kill()
    blocked.release()
    start_worker()
    until(lambda: status(client, task) == "SUCCESS")


def test_a_job_that_always_fails_ends_in_the_dead_letter_queue(client, sqs, environment, start_worker, until, sql):
    with sql.begin() as session:
        session.execute(text("alter table todos rename to away"))
    task = ask(client)
    worker = start_worker()
    until(lambda: status(client, task) == "FAILURE", 30)
    until(lambda: depth(sqs, environment["DLQ_URL"]) == 1, 30)
    with sql() as session:
        job = session.get(CalendarJob, uuid.UUID(task))
    assert job.attempts == 3
    assert job.error == "building the calendar failed (ProgrammingError)"
    assert environment["DATABASE_PASSWORD"] not in worker.said()


def test_a_job_over_its_limit_is_ended_and_tried_again(client, start_worker, until, sql):
    task = ask(client)
    blocked = Blocked(sql)
    start_worker()
    until(lambda: _attempts(sql, task) >= 2, 30)
    blocked.release()
    until(lambda: status(client, task) in ("SUCCESS", "FAILURE"), 30)


def _attempts(sql, task):
    with sql() as session:
        return session.get(CalendarJob, uuid.UUID(task)).attempts


def test_a_stop_finishes_the_job_at_work_and_strands_no_message(client, sqs, environment, start_worker, until, sql):
    with sql.begin() as session:  # its calendar counts as asked for: the reconciler sends no message beside the job's
        session.execute(text("update builds set asked_at = clock_timestamp() + interval '1 hour'"))
    task = ask(client)
    blocked = Blocked(sql)
    worker = start_worker()
    until(lambda: status(client, task) == "STARTED")
    worker.process.send_signal(signal.SIGTERM)
    until(lambda: "Warm shutdown" in worker.said() or "shutdown" in worker.said().lower())
    blocked.release()
    assert worker.process.wait(timeout=30) == 0
    assert status(client, task) == "SUCCESS"
    assert depth(sqs, environment["QUEUE_URL"]) == 0


@pytest.mark.parametrize("fault", ["500", "503", "400", "reset", "garbage"])
def test_a_queue_that_fails_does_not_end_the_worker(client, servers, environment, start_worker, until, fault):
    proxy = FaultyProxy(servers.emulator.port)
    try:
        through = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy.port}",
            "QUEUE_URL": environment["QUEUE_URL"].replace(f":{servers.emulator.port}", f":{proxy.port}"),
        }
        worker = start_worker(**through)
        before = ask(client)  # ends the long poll that is under way
        until(lambda: status(client, before) == "SUCCESS")
        proxy.fault = fault
        ends_the_poll = ask(client)
        until(lambda: proxy.failed >= 3)
        proxy.fault = None
        after = ask(client)
        until(lambda: {status(client, ends_the_poll), status(client, after)} == {"SUCCESS"}, 30)
        assert worker.process.poll() is None
    finally:
        proxy.close()


def test_a_message_that_could_not_be_deleted_does_no_harm(client, sqs, servers, environment, start_worker, until, sql):
    proxy = FaultyProxy(servers.emulator.port)
    try:
        proxy.only, proxy.fault = "DeleteMessage", "503"
        worker = start_worker(
            AWS_ENDPOINT_URL=f"http://127.0.0.1:{proxy.port}",
            QUEUE_URL=environment["QUEUE_URL"].replace(f":{servers.emulator.port}", f":{proxy.port}"),
        )
        task = ask(client)
        until(lambda: status(client, task) == "SUCCESS")
        until(lambda: proxy.failed >= 1)
        proxy.fault = None
        until(lambda: depth(sqs, environment["QUEUE_URL"]) == 0, 30)
        assert (worker.process.poll(), _attempts(sql, task)) == (None, 1)
    finally:
        proxy.close()


def test_a_database_that_restarts_does_not_end_the_worker(client, servers, environment, start_worker, until):
    worker = start_worker()
    first = ask(client)
    until(lambda: status(client, first) == "SUCCESS")
    servers.end_sessions(f"datname = '{environment['DATABASE_NAME']}'")
    second = ask(client)
    until(lambda: status(client, second) == "SUCCESS", 30)
    assert worker.process.poll() is None


def test_a_job_whose_message_is_lost_is_sent_again(client, sqs, environment, start_worker, until):
    task = ask(client)
    sqs.purge_queue(QueueUrl=environment["QUEUE_URL"])
    start_worker()
    until(lambda: status(client, task) == "SUCCESS", 30)


def test_a_job_that_was_never_sent_is_sent(client, start_worker, until, sql):
    with sql.begin() as session:
        task = str(calendar_jobs.requested(session))
    start_worker()
    until(lambda: status(client, task) == "SUCCESS", 30)


def test_a_job_whose_last_worker_was_lost_has_failed(client, start_worker, until, sql):
    with sql.begin() as session:
        job_id = calendar_jobs.requested(session)
        session.execute(
            text(
                "update calendar_jobs set attempts = 3, status = 'STARTED', sent_at = now() - interval '1 hour', "
                "started_at = now() - interval '1 hour'"
            )
        )
    start_worker()
    until(lambda: status(client, str(job_id)) == "FAILURE", 30)


def test_a_message_that_is_not_ours_does_not_end_the_worker(client, sqs, environment, start_worker, until):
    for body in ("hello", json.dumps({"body": "x"})):
        sqs.send_message(QueueUrl=environment["QUEUE_URL"], MessageBody=body)
    worker = start_worker()
    task = ask(client)
    until(lambda: status(client, task) == "SUCCESS", 30)
    assert worker.process.poll() is None


def test_the_worker_logs_the_job_and_the_request_that_asked_for_it(client, start_worker, until):
    worker = start_worker()
    task = client.post(f"{TODOS}/ical", headers={"X-Request-ID": "request-7"}).json["task_id"]
    until(lambda: status(client, task) == "SUCCESS")
    until(lambda: any(task in line and "request-7" in line for line in worker.said().splitlines()))
