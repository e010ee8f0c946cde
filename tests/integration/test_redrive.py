"""Dead letters and their way back, on a real SQS: seen first, then moved, and none of them lost."""

import json
import time
import uuid

import pytest

from operations import dead_letters
from operations.dead_letters import DeadLetters
from operations.outputs import Deployed
from operations.redrive import redrive

CELERY = {"body": "W10=", "headers": {"task": "backlog.build_calendar", "id": "job-1"}, "properties": {}}


@pytest.fixture
def stack(servers, environment):
    outputs = {"queue_url": environment["QUEUE_URL"], "dlq_url": environment["DLQ_URL"]}
    return Deployed("test", outputs, emulated=True, variables=servers.emulator.agent_environment())


@pytest.fixture
def fifo(servers, sqs):
    """A FIFO queue, and its dead-letter queue."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    kind = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    dead = sqs.create_queue(QueueName=f"{name}-dead.fifo", Attributes=kind)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    queue = sqs.create_queue(QueueName=f"{name}.fifo", Attributes={**kind, "RedrivePolicy": policy})["QueueUrl"]
    outputs = {"queue_url": queue, "dlq_url": dead}
    yield Deployed("test", outputs, emulated=True, variables=servers.emulator.agent_environment())
    for url in (queue, dead):
        sqs.delete_queue(QueueUrl=url)


def all_of(sqs, url):
    found = []
    while messages := sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=10,
        AttributeNames=["All"],
        MessageAttributeNames=["All"],
        VisibilityTimeout=60,
        WaitTimeSeconds=0,
    ).get("Messages"):
        found += messages
        for message in messages:  # else the rest of its group stays hidden
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def waiting(sqs, url):
    return int(
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["ApproximateNumberOfMessages"]
    )


def test_dead_letters_go_back_to_their_queue_as_they_were(stack, sqs, capsys):
    for n in range(23):
        sqs.send_message(
            QueueUrl=stack.outputs["dlq_url"],
            MessageBody=f"body {n}",
            MessageAttributes={
                "n": {"DataType": "Number", "StringValue": str(n)},
                "bytes": {"DataType": "Binary", "BinaryValue": bytes([n])},
            },
        )
    assert redrive(stack, "dlq_url", None, dry_run=False) == 0
    assert waiting(sqs, stack.outputs["dlq_url"]) == 0
    found = {message["Body"]: message["MessageAttributes"] for message in all_of(sqs, stack.outputs["queue_url"])}
    assert found.keys() == {f"body {n}" for n in range(23)}
    assert found["body 7"]["n"]["StringValue"] == "7"
    assert found["body 7"]["bytes"]["BinaryValue"] == bytes([7])
    assert "23 moved, 0 left" in capsys.readouterr().out


def test_a_dry_run_tells_what_is_there_and_moves_nothing(stack, sqs, capsys):
    dead = stack.outputs["dlq_url"]
    sqs.send_message(QueueUrl=dead, MessageBody=json.dumps(CELERY))
    sqs.send_message(QueueUrl=dead, MessageBody=json.dumps({"type": "todo.created", "id": "e-1", "data": "private"}))
    sqs.send_message(QueueUrl=dead, MessageBody="my diary")
    assert redrive(stack, "dlq_url", None, dry_run=True) == 0
    said = capsys.readouterr().out
    assert "3 dead letters in dlq_url" in said
    assert "job backlog.build_calendar job-1" in said
    assert "event todo.created e-1" in said
    assert "8 characters" in said
    assert "private" not in said
    assert "diary" not in said
    assert waiting(sqs, dead) == 3
    assert waiting(sqs, stack.outputs["queue_url"]) == 0


def test_a_fifo_queues_letters_keep_their_groups_and_their_order(fifo, sqs):
    dead = fifo.outputs["dlq_url"]
    for n in range(12):
        sqs.send_message(QueueUrl=dead, MessageBody=f"{n}", MessageGroupId="even" if n % 2 == 0 else "odd")
    assert redrive(fifo, "dlq_url", None, dry_run=False) == 0
    found = [(m["Attributes"]["MessageGroupId"], int(m["Body"])) for m in all_of(sqs, fifo.outputs["queue_url"])]
    assert [n for group, n in found if group == "even"] == [0, 2, 4, 6, 8, 10]
    assert [n for group, n in found if group == "odd"] == [1, 3, 5, 7, 9, 11]


def test_a_fifo_queues_letter_that_died_within_five_minutes_of_its_sending_arrives_all_the_same(fifo, sqs):
    """Under its old deduplication id SQS would take it for a duplicate, and drop it."""
    queue, dead = fifo.outputs["queue_url"], fifo.outputs["dlq_url"]
    sqs.send_message(QueueUrl=queue, MessageBody="x", MessageGroupId="g")
    sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0)
    sqs.receive_message(QueueUrl=queue)  # over maxReceiveCount: it is buried
    assert waiting(sqs, dead) == 1
    assert redrive(fifo, "dlq_url", None, dry_run=False) == 0
    assert [message["Body"] for message in all_of(sqs, queue)] == ["x"]


def test_a_message_is_sent_before_it_is_deleted(stack, sqs, monkeypatch):
    """A stop between the two leaves it twice, and never loses it."""
    sqs.send_message(QueueUrl=stack.outputs["dlq_url"], MessageBody="x")
    client = stack.client("sqs")
    letters = DeadLetters(client, stack.outputs["dlq_url"], one_by_one=True)

    def stops(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(client, "delete_message", stops)
    with pytest.raises(KeyboardInterrupt):
        list(letters.move(1))
    assert [message["Body"] for message in all_of(sqs, stack.outputs["queue_url"])] == ["x"]


def test_letters_that_come_back_at_once_are_not_moved_in_a_circle(stack, sqs, monkeypatch):
    dead = stack.outputs["dlq_url"]
    for n in range(12):
        sqs.send_message(QueueUrl=dead, MessageBody=f"{n}")
    client = stack.client("sqs")
    letters = DeadLetters(client, dead, one_by_one=True)
    monkeypatch.setattr(letters, "target", dead)
    assert list(letters.move(12)) == [10, 12]


def test_a_rate_is_kept(stack, sqs):
    for n in range(6):
        sqs.send_message(QueueUrl=stack.outputs["dlq_url"], MessageBody=f"{n}")
    began = time.monotonic()
    redrive(stack, "dlq_url", 5, dry_run=False)
    assert time.monotonic() - began >= 1.0


def test_what_a_subscription_could_not_deliver_goes_to_the_queue_that_it_was_meant_for(stack, sqs):
    outputs = {"mail_queue_url": stack.outputs["queue_url"], "mail_undelivered_dlq_url": stack.outputs["dlq_url"]}
    sqs.set_queue_attributes(QueueUrl=stack.outputs["queue_url"], Attributes={"RedrivePolicy": ""})
    error = {"DataType": "String", "StringValue": "AccessDenied"}
    sqs.send_message(QueueUrl=stack.outputs["dlq_url"], MessageBody="x", MessageAttributes={"ErrorCode": error})
    meant = Deployed("test", outputs, variables=stack.variables)
    assert redrive(meant, "mail_undelivered_dlq_url", None, dry_run=False) == 0
    (message,) = all_of(sqs, outputs["mail_queue_url"])
    assert (message["Body"], message.get("MessageAttributes")) == ("x", None)


def test_a_queue_that_is_no_dead_letter_queue_is_not_emptied(stack):
    with pytest.raises(
        dead_letters.CannotMove, match=r"queue_url is no dead-letter queue of stack test; these are: dlq_url"
    ):
        redrive(stack, "queue_url", None, dry_run=False)
