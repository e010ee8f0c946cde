"""The reconciler against a real queue and database: what is lost is sent again, and what waits is not."""

import uuid

import pytest
from celery import Celery
from celery.worker import state
from sqlalchemy import text

from backlog_todos import calendar_jobs
from backlog_todos.broker import Patience
from backlog_worker.database import _of_process, database
from backlog_worker.reconciler import Reconciler
from backlog_worker.settings import WorkerSettings

TODOS = "/api/v1/todos"


class Busy:
    """Stands for the request of a job at work; Celery's set of them holds it weakly."""


@pytest.fixture
def reconciler(environment):
    settings = WorkerSettings.from_environment(environment)
    app = Celery("test", set_as_current=False)
    app.conf.update(settings.broker.celery(Patience(connect=1, answer=5, tries=1)))
    yield Reconciler(app, settings)
    database().kw["bind"].dispose()
    _of_process.cache_clear()
    app.close()


@pytest.fixture
def busy():
    """This worker has something to do, and so cannot tell by itself that the queue is empty."""
    request = Busy()
    state.reserved_requests.add(request)
    yield
    state.reserved_requests.discard(request)


def ask(client, times=1):
    return [uuid.UUID(client.post(f"{TODOS}/ical").json["task_id"]) for _ in range(times)]


def age(sql):
    """Every job was asked for, and sent, long ago."""
    with sql.begin() as session:
        session.execute(text("update calendar_jobs set sent_at = sent_at - interval '1 hour'"))
        session.execute(text("update calendar_jobs set requested_at = requested_at - interval '1 hour'"))


def waiting(sqs, environment):
    name = "ApproximateNumberOfMessages"
    url = environment["QUEUE_URL"]
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


@pytest.mark.usefixtures("busy")
def test_a_long_queue_is_not_made_longer(client, sqs, environment, reconciler, sql):
    """However long they wait: autoscaling would count each message twice."""
    ask(client, 5)
    age(sql)
    assert [reconciler.look() for _ in range(3)] == [0, 0, 0]
    assert waiting(sqs, environment) == 5


@pytest.mark.usefixtures("busy")
def test_as_many_are_sent_again_as_a_long_queue_has_lost(client, sqs, environment, reconciler, sql):
    ask(client, 5)
    received = sqs.receive_message(QueueUrl=environment["QUEUE_URL"], MaxNumberOfMessages=2, WaitTimeSeconds=2)
    for message in received["Messages"]:
        sqs.delete_message(QueueUrl=environment["QUEUE_URL"], ReceiptHandle=message["ReceiptHandle"])
    age(sql)
    assert reconciler.look() == len(received["Messages"])
    assert waiting(sqs, environment) == 5
    assert reconciler.look() == 0


@pytest.mark.usefixtures("busy")
def test_a_message_that_another_worker_has_is_not_lost(client, sqs, environment, reconciler, sql):
    ask(client)
    assert sqs.receive_message(QueueUrl=environment["QUEUE_URL"], WaitTimeSeconds=2, VisibilityTimeout=60)["Messages"]
    age(sql)
    assert reconciler.look() == 0


def test_a_worker_with_nothing_to_do_sends_again_what_is_hidden_from_it(client, sqs, environment, reconciler, sql):
    ask(client)
    assert sqs.receive_message(QueueUrl=environment["QUEUE_URL"], WaitTimeSeconds=2, VisibilityTimeout=60)["Messages"]
    age(sql)
    assert [reconciler.look() for _ in range(3)] == [0, 1, 0]


def test_a_job_that_was_never_sent_is_sent_whatever_waits(client, sqs, environment, reconciler, sql):
    ask(client, 3)
    with sql.begin() as session:
        session.execute(text("update calendar_jobs set sent_at = null"))
        calendar_jobs.requested(session)
    age(sql)
    assert reconciler.look() == 4
    assert waiting(sqs, environment) == 7
