"""The embedded AWS where moto alone would differ from AWS, and what it keeps when it dies."""

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.config import Config

from local.folder import CHECKOUT
from local.machine.ports import free_port

LOGIN = {"region_name": "eu-central-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}
POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}]}
)


class EmbeddedAws:
    """One process, which a test may kill."""

    def __init__(self, port, file):
        self.port, self._file = port, file
        self.start()

    def start(self):
        command = [sys.executable, "-m", "local.machine.aws_server", str(self.port), str(self._file)]
        self.process = subprocess.Popen(command, cwd=CHECKOUT)
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            assert self.process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def client(self, service):
        config = Config(retries={"max_attempts": 0})
        return boto3.client(service, endpoint_url=f"http://127.0.0.1:{self.port}", config=config, **LOGIN)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    made = EmbeddedAws(free_port(), tmp_path_factory.mktemp("aws") / "declared")
    yield made
    made.kill()


@pytest.fixture
def sqs(embedded):
    return embedded.client("sqs")


@pytest.fixture
def queue(sqs, request):
    return sqs.create_queue(QueueName=f"plain-{abs(hash(request.node.name))}")["QueueUrl"]


@pytest.fixture
def fifo(sqs, request):
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true", "VisibilityTimeout": "30"}
    return sqs.create_queue(QueueName=f"ordered-{abs(hash(request.node.name))}.fifo", Attributes=attributes)["QueueUrl"]


def bodies(answer):
    return [message["Body"] for message in answer.get("Messages", [])]


def send(sqs, fifo, *texts, group="a"):
    for text in texts:
        sqs.send_message(QueueUrl=fifo, MessageBody=text, MessageGroupId=group)


def test_a_message_that_was_worked_on_and_deleted_is_still_a_duplicate(sqs, fifo):
    send(sqs, fifo, "once")
    (message,) = sqs.receive_message(QueueUrl=fifo)["Messages"]
    sqs.delete_message(QueueUrl=fifo, ReceiptHandle=message["ReceiptHandle"])
    send(sqs, fifo, "once", "twice")
    assert bodies(sqs.receive_message(QueueUrl=fifo, MaxNumberOfMessages=10)) == ["twice"]


def test_duplicates_are_told_in_each_group_where_the_queue_says_so(sqs):
    scope = {"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true", **scope}
    url = sqs.create_queue(QueueName="scoped.fifo", Attributes=attributes)["QueueUrl"]
    for group in ("a", "b", "a"):
        send(sqs, url, "same", group=group)
    assert bodies(sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)) == ["same", "same"]


def test_of_receivers_that_wait_one_alone_gets_a_group(sqs, fifo):
    def receive(_):
        return bodies(sqs.receive_message(QueueUrl=fifo, MaxNumberOfMessages=1, WaitTimeSeconds=4))

    with ThreadPoolExecutor(4) as receivers:
        polls = [receivers.submit(receive, n) for n in range(4)]
        time.sleep(1)  # all four poll
        send(sqs, fifo, "a0", "a1", "a2", "a3")
        received = [poll.result() for poll in polls]
    assert [batch for batch in received if batch] == [["a0"]]


def test_a_group_goes_on_once_its_message_is_deleted_or_visible_again(sqs, fifo):
    send(sqs, fifo, "first", "second")
    (first,) = sqs.receive_message(QueueUrl=fifo)["Messages"]
    assert bodies(sqs.receive_message(QueueUrl=fifo)) == []
    sqs.change_message_visibility(QueueUrl=fifo, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0)
    (first,) = sqs.receive_message(QueueUrl=fifo, WaitTimeSeconds=5)["Messages"]
    assert first["Body"] == "first"
    sqs.delete_message(QueueUrl=fifo, ReceiptHandle=first["ReceiptHandle"])
    assert bodies(sqs.receive_message(QueueUrl=fifo)) == ["second"]


def test_a_message_is_handed_to_one_of_many_receivers(sqs, queue):
    for n in range(40):
        sqs.send_message(QueueUrl=queue, MessageBody=str(n))

    def drain(_):
        found = []
        while batch := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=4).get("Messages"):
            for message in batch:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                found.append(int(message["Body"]))
        return found

    with ThreadPoolExecutor(8) as receivers:
        received = [body for found in receivers.map(drain, range(8)) for body in found]
    assert sorted(received) == list(range(40))


def test_a_long_poll_whose_client_is_gone_takes_no_message(embedded, sqs, queue):
    body = json.dumps({"QueueUrl": queue, "WaitTimeSeconds": 20})
    head = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-amz-json-1.0\r\n"
    target = f"X-Amz-Target: AmazonSQS.ReceiveMessage\r\nContent-Length: {len(body)}\r\n\r\n"
    signed = "Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/eu-central-1/sqs/aws4_request\r\n"
    with socket.create_connection(("127.0.0.1", embedded.port)) as client:
        client.sendall((head + signed + target + body).encode())
        client.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.recv(1)  # it is polling
    sqs.send_message(QueueUrl=queue, MessageBody="for the living")
    assert bodies(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)) == ["for the living"]


def test_a_long_poll_gets_what_becomes_visible_again(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="again")
    sqs.receive_message(QueueUrl=queue, VisibilityTimeout=1)
    started = time.monotonic()
    assert bodies(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)) == ["again"]
    assert time.monotonic() - started < 5


def test_an_attribute_that_is_set_leaves_the_others(sqs, queue):
    allow = json.dumps({"redrivePermission": "denyAll"})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": POLICY, "RedriveAllowPolicy": allow})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "7"})
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert json.loads(attributes["Policy"]) == json.loads(POLICY)
    assert attributes["RedriveAllowPolicy"] == allow
    assert attributes["VisibilityTimeout"] == "7"
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": "", "RedriveAllowPolicy": ""})
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert not {"Policy", "RedriveAllowPolicy"} & attributes.keys()


def test_what_was_declared_is_there_again_after_a_kill(embedded, sqs, queue, fifo):
    sns, secrets = embedded.client("sns"), embedded.client("secretsmanager")
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": POLICY, "VisibilityTimeout": "7"})
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=redrive)
    topic = sns.create_topic(Name="events", Tags=[{"Key": "app", "Value": "backlog"}])["TopicArn"]
    attributes = {"FilterPolicy": json.dumps({"kind": ["done"]}), "RawMessageDelivery": "true"}
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)["SubscriptionArn"]
    secret = secrets.create_secret(Name="rds!db-password", SecretString="one")["ARN"]
    secrets.put_secret_value(SecretId=secret, SecretString="two")

    def declared():
        told = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
        current = secrets.get_secret_value(SecretId=secret)
        of_queues = [
            sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"] for url in (queue, dead, fifo)
        ]
        return (
            told,
            current["SecretString"],
            current["VersionId"],
            of_queues,
            sns.list_tags_for_resource(ResourceArn=topic)["Tags"],
        )

    before = declared()
    embedded.kill()
    embedded.start()
    assert declared() == before

    # And it is alive: what is published arrives, is received once, and then buried.
    sns.publish(
        TopicArn=topic, Message="hello", MessageAttributes={"kind": {"DataType": "String", "StringValue": "done"}}
    )
    assert bodies(sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=5)) == ["hello"]
    send(sqs, fifo, "in order")
    assert bodies(sqs.receive_message(QueueUrl=fifo)) == ["in order"]


def test_a_poll_that_waits_holds_nobody_up(sqs, queue):
    poll = threading.Thread(target=lambda: sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=3))
    poll.start()
    started = time.monotonic()
    assert "Attributes" in sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])
    assert time.monotonic() - started < 2
    poll.join()
