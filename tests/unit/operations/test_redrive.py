"""SQS's own way to move dead letters, as far as its answers are known; and the command's words."""

import boto3
import pytest
from botocore.stub import Stubber

from operations import dead_letters, redrive
from operations.dead_letters import CannotMove, DeadLetters
from operations.outputs import Deployed, NotDeployed

DEAD, QUEUE, ARN = "https://sqs/1/dead", "https://sqs/1/jobs", "arn:aws:sqs:us-east-1:1:dead"


@pytest.fixture
def sqs(monkeypatch):
    monkeypatch.setattr(dead_letters, "_POLL", 0)
    client = boto3.client("sqs", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        stub.add_response("list_dead_letter_source_queues", {"queueUrls": [QUEUE]}, {"QueueUrl": DEAD})
        client.stub = stub
        yield client
        stub.assert_no_pending_responses()


def task(status, moved, **more):
    return {"Results": [{"Status": status, "ApproximateNumberOfMessagesMoved": moved, **more}]}


def started(sqs, **pace):
    sqs.stub.add_response("get_queue_attributes", {"Attributes": {"QueueArn": ARN}})
    sqs.stub.add_response("start_message_move_task", {"TaskHandle": "handle"}, {"SourceArn": ARN, **pace})


def test_sqs_moves_by_itself_and_says_how_far_it_is(sqs):
    started(sqs, MaxNumberOfMessagesPerSecond=50)
    for answer in (task("RUNNING", 3), task("RUNNING", 7), task("COMPLETED", 9)):
        sqs.stub.add_response("list_message_move_tasks", answer, {"SourceArn": ARN, "MaxResults": 1})
    assert list(DeadLetters(sqs, DEAD).move(9, 50)) == [3, 7, 9]


def test_a_move_that_sqs_gives_up_is_told_with_its_reason(sqs):
    started(sqs)
    sqs.stub.add_response("list_message_move_tasks", task("FAILED", 2, FailureReason="CouldNotDetermineMessageSource"))
    with pytest.raises(CannotMove, match=r"ended the move \(failed\): CouldNotDetermineMessageSource"):
        list(DeadLetters(sqs, DEAD).move(9))


def test_a_move_is_cancelled_with_the_command(sqs):
    started(sqs)
    sqs.stub.add_response("list_message_move_tasks", task("RUNNING", 2))
    sqs.stub.add_response("cancel_message_move_task", {}, {"TaskHandle": "handle"})
    moves = DeadLetters(sqs, DEAD).move(9)
    assert next(moves) == 2
    moves.close()


def test_an_error_is_one_line(monkeypatch, capsys):
    def gone(_):
        raise NotDeployed("stack dev\nis away")

    monkeypatch.setattr(redrive, "deployed", gone)
    assert redrive.main(["dev"]) == 1
    assert capsys.readouterr().err == "redrive: stack dev is away\n"


@pytest.mark.parametrize("rate", ["0", "501", "fast"])
def test_a_rate_that_sqs_does_not_take_is_refused(rate, capsys):
    with pytest.raises(SystemExit):
        redrive.main(["dev", "--rate", rate])
    assert "must be 1 to 500 messages per second" in capsys.readouterr().err


def test_an_output_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(NotDeployed, match="has no output x; it has queue_url"):
        Deployed("dev", {"queue_url": QUEUE}).text("x")
