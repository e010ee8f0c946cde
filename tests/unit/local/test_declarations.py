"""What the embedded AWS keeps of what was declared, by calls that come at once."""

import io
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
from moto.secretsmanager.models import secretsmanager_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from local.machine.declarations import Declarations
from local.machine.faithful_sqs import Queue


@pytest.fixture(autouse=True)
def _nothing_declared():
    """The emulator's memory is the process's, and other tests use it too."""
    for backends in (sqs_backends, sns_backends, secretsmanager_backends):
        backends.reset()


def test_calls_that_come_at_once_are_each_written_and_answered(tmp_path):
    kept = Declarations(tmp_path / "aws.declared").kept(lambda _, __: [b"done"])
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: list(kept({}, None)), range(400)))
    assert answers == [[b"done"]] * 400
    assert (tmp_path / "aws.declared").is_file()
    assert not (tmp_path / "aws.new").exists()


@pytest.mark.parametrize(
    ("call", "written"),
    [
        ({"HTTP_X_AMZ_TARGET": "AmazonSQS.SendMessage"}, False),
        ({"HTTP_X_AMZ_TARGET": "AmazonSQS.CreateQueue"}, True),
        (b"Action=PublishBatch&TopicArn=t", False),
        (b"Action=CreateTopic&Name=t", True),
    ],
    ids=["send", "make a queue", "publish", "make a topic"],
)
def test_calls_that_only_carry_messages_write_nothing_and_reach_aws_whole(tmp_path, call, written):
    environ = call
    if isinstance(call, bytes):
        form = {"CONTENT_TYPE": "application/x-www-form-urlencoded; charset=utf-8", "CONTENT_LENGTH": str(len(call))}
        environ = {**form, "wsgi.input": io.BytesIO(call)}
    seen = []

    def aws(environ, _):
        seen.append(environ["wsgi.input"].read() if "wsgi.input" in environ else b"")
        return [b"done"]

    assert list(Declarations(tmp_path / "aws.declared").kept(aws)(environ, None)) == [b"done"]
    assert (tmp_path / "aws.declared").is_file() == written
    assert seen == [call if isinstance(call, bytes) else b""]


def test_a_queue_is_declared_without_what_is_in_it():
    """Messages come and go while it is written."""
    queue = Queue("q", "us-east-1", "123456789012")
    queue.deleted_messages.add("receipt")
    again = pickle.loads(pickle.dumps(queue))  # noqa: S301 - our own
    assert (again.name, again.deleted_messages, again._messages) == ("q", set(), [])
