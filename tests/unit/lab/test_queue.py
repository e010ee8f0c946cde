"""What a queue is asked, and what becomes of an answer that takes only a part."""

import boto3
import pytest

from backlog_lab import queue as module
from backlog_lab.batching import numbered
from backlog_lab.failures import LabError
from backlog_lab.queue import Queue


class ScriptedSqs:
    """Takes a batch but for the entries that the next of its failures name."""

    def __init__(self, failures):
        self.failures, self.single, self.batches = list(failures), [], []

    def get_queue_url(self, **_):
        return {"QueueUrl": "url"}

    def send_message(self, **message):
        self.single.append(message)

    def send_message_batch(self, QueueUrl, Entries):  # noqa: ARG002, N803 - the names are SQS's
        self.batches.append([entry["MessageBody"] for entry in Entries])
        failed = self.failures.pop(0) if self.failures else {}
        ids = [(entry["Id"], failed[entry["MessageBody"]]) for entry in Entries if entry["MessageBody"] in failed]
        return {"Failed": [{"Id": i, "SenderFault": fault, "Code": "Code", "Message": "why"} for i, fault in ids]}


@pytest.fixture
def sqs_that_fails(monkeypatch):
    def make(*failures):
        sqs = ScriptedSqs(failures)
        monkeypatch.setattr(boto3, "client", lambda *_, **__: sqs)
        monkeypatch.setattr(module.time, "sleep", lambda _: None)
        return sqs

    return make


def test_one_message_needs_no_batch_and_a_fifo_queue_gets_the_group(sqs_that_fails):
    sqs = sqs_that_fails()
    Queue("q").send(list(numbered(1, "alice")))
    Queue("q.fifo").send(list(numbered(1, "alice")))
    assert sqs.batches == []
    assert [message.get("MessageGroupId") for message in sqs.single] == [None, "default"]
    assert sqs.single[0]["MessageAttributes"] == {"client": {"DataType": "String", "StringValue": "alice"}}


def test_only_what_failed_of_a_batch_is_sent_again(sqs_that_fails):
    sqs = sqs_that_fails({"Message 1": False, "Message 3": False}, {"Message 3": False})
    Queue("q").send(list(numbered(4, "alice")))
    assert sqs.batches == [[f"Message {n}" for n in range(4)], ["Message 1", "Message 3"], ["Message 3"]]


def test_what_is_our_fault_is_not_tried_again(sqs_that_fails):
    sqs = sqs_that_fails({"Message 1": True})
    with pytest.raises(LabError, match=r"q does not take 1 of the messages: why \(Code\)"):
        Queue("q").send(list(numbered(2, "alice")))
    assert len(sqs.batches) == 1


def test_a_queue_that_keeps_failing_is_given_up(sqs_that_fails):
    sqs = sqs_that_fails(*[{"Message 0": False, "Message 1": False}] * 9)
    with pytest.raises(LabError, match="does not take 2 of the messages"):
        Queue("q").send(list(numbered(2, "alice")))
    assert len(sqs.batches) == 5
