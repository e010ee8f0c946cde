"""The worker against what kombu's SQS transport by itself would not survive, and stops that take too long."""

import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from faults import FaultyProxy

TODOS = "/api/v1/todos"
NOT_OURS = ("garbage", "{}", "[]", '{"properties": {}}', '{"properties": {"delivery_info": 1}}', "eyJib2R5IjogIngifQ==")


def ask(client):
    return client.post(f"{TODOS}/ical").json["task_id"]


def status(client, task):
    return client.get(f"{TODOS}/ical/{task}/status").json["task_status"]


def depth(sqs, url):
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"]) + int(attributes["ApproximateNumberOfMessagesNotVisible"])


@pytest.fixture
def proxy(servers):
    proxy = FaultyProxy(servers.emulator.port)
    yield proxy
    proxy.close()


@pytest.fixture
def through(servers, environment, proxy):
    """The worker's environment, with SQS behind the proxy."""
    url = environment["QUEUE_URL"].replace(f":{servers.emulator.port}", f":{proxy.port}")
    return {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy.port}", "QUEUE_URL": url, "JOB_CONCURRENCY": "1"}


def test_messages_that_are_none_of_ours_are_buried(client, sqs, environment, start_worker, until):
    worker = start_worker(JOB_CONCURRENCY="1")
    for body in NOT_OURS:
        sqs.send_message(QueueUrl=environment["QUEUE_URL"], MessageBody=body)
    task = ask(client)
    until(lambda: status(client, task) == "SUCCESS", what="a job after them")
    until(lambda: depth(sqs, environment["DLQ_URL"]) == len(NOT_OURS), 40, what="their burial")
    assert worker.process.poll() is None, worker.said()


@pytest.mark.parametrize("fault", ["403", "400", "reset", "garbage"])
def test_a_delete_that_is_refused_does_not_end_the_worker(
    client, sqs, environment, start_worker, until, proxy, through, fault
):
    worker = start_worker(**through)
    proxy.only, proxy.fault = "DeleteMessage", fault
    task = ask(client)
    until(lambda: status(client, task) == "SUCCESS")
    until(lambda: proxy.failed >= 1)
    proxy.fault = None
    until(lambda: depth(sqs, environment["QUEUE_URL"]) == 0, 30, what="the message's end, when it comes again")
    assert worker.process.poll() is None, worker.said()


def test_a_queue_that_is_away_is_asked_less_and_less(client, start_worker, until, proxy, through):
    start_worker(**through)
    proxy.only, proxy.fault = "ReceiveMessage", "503"
    ask(client)  # ends the long poll that is under way
    until(lambda: proxy.failed >= 3)
    since, before = time.monotonic(), proxy.failed
    until(lambda: proxy.failed >= before + 2, 30)
    # The third pause is at least half of a second, and the next of a whole one; without pauses it takes a tenth.
    assert time.monotonic() - since > 0.7


def test_the_long_poll_of_an_empty_queue_is_a_success(start_worker, until, through):
    """It takes 20 s by itself: a client that waits for no longer sees failures only."""
    worker = start_worker(**through)
    heartbeat = worker.log.parent / "backlog-worker-heartbeat"
    first = heartbeat.stat().st_mtime
    until(lambda: heartbeat.stat().st_mtime > first + 15, 40, what="the end of the first poll")
    assert "ReceiveMessage" not in worker.said(), worker.said()


def test_a_job_whose_process_dies_is_tried_again(client, sqs, environment, start_worker, until, locked):
    psutil = pytest.importorskip("psutil")
    worker = start_worker(JOB_CONCURRENCY="1", JOB_SOFT_TIME_LIMIT_SECONDS="20", JOB_TIME_LIMIT_SECONDS="22")
    task = ask(client)
    until(lambda: status(client, task) == "STARTED")
    for child in psutil.Process(worker.process.pid).children():
        child.kill()
    locked.rollback()
    until(lambda: status(client, task) == "SUCCESS", what="another try")
    until(lambda: depth(sqs, environment["QUEUE_URL"]) == 0)
    assert worker.process.poll() is None


def test_a_job_that_outlasts_the_stop_is_handed_back_at_once(client, sqs, environment, start_worker, until, locked):
    sqs.set_queue_attributes(QueueUrl=environment["QUEUE_URL"], Attributes={"VisibilityTimeout": "600"})
    limits = {"JOB_SOFT_TIME_LIMIT_SECONDS": "58", "JOB_TIME_LIMIT_SECONDS": "60"}
    worker = start_worker(JOB_SHUTDOWN_SECONDS="2", **limits)
    task = ask(client)
    until(lambda: status(client, task) == "STARTED")
    began = time.monotonic()
    assert worker.stop() == 0
    assert 1.5 < time.monotonic() - began < 7
    start_worker(**limits)
    locked.rollback()
    until(lambda: status(client, task) == "SUCCESS", what="its being done by another worker")


def test_stops_strand_no_message_while_jobs_keep_coming(client, sqs, environment, start_worker, until):
    sqs.set_queue_attributes(QueueUrl=environment["QUEUE_URL"], Attributes={"VisibilityTimeout": "600"})
    worker = start_worker()
    tasks = [ask(client) for _ in range(5)]
    worker.process.terminate()
    tasks += [ask(client) for _ in range(5)]
    assert worker.process.wait(timeout=30) == 0
    start_worker()
    until(lambda: {status(client, task) for task in tasks} == {"SUCCESS"}, what="the end of all jobs")


def test_a_message_that_a_stopped_worker_s_last_poll_took_is_sent_again(client, sqs, environment, start_worker, until):
    """SQS hides it for the visibility timeout; a worker that has nothing to do does not wait for that."""
    sqs.set_queue_attributes(QueueUrl=environment["QUEUE_URL"], Attributes={"VisibilityTimeout": "600"})
    task = ask(client)
    assert sqs.receive_message(QueueUrl=environment["QUEUE_URL"], WaitTimeSeconds=5)["Messages"]
    start_worker(JOB_VISIBILITY_TIMEOUT_SECONDS="600")
    until(lambda: status(client, task) == "SUCCESS", 25)
