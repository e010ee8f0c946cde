"""What the services rely on of the embedded SQS, and a practical on queues would look at."""

import json
import time

import boto3
import pulumi
import pulumi_aws as aws
import pytest


@pytest.fixture
def sqs(realised):
    def program():
        dead = aws.sqs.Queue("dead")
        queue = aws.sqs.Queue("plain", visibility_timeout_seconds=1, receive_wait_time_seconds=5)
        aws.sqs.RedrivePolicy(
            "plain",
            queue_url=queue.url,
            redrive_policy=dead.arn.apply(lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})),
        )
        fifo = aws.sqs.Queue("fifo", fifo_queue=True, content_based_deduplication=True)
        for name, made in (("dead", dead), ("plain", queue), ("fifo", fifo)):
            pulumi.export(name, made.url)

    realised.up(program)
    urls = realised.outputs()
    endpoint = urls["plain"].rsplit("/", 2)[0]
    client = boto3.client(
        "sqs", endpoint_url=endpoint, region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    return client, urls


def bodies(answer):
    return [message["Body"] for message in answer.get("Messages", [])]


def test_queues_behave_as_sqs_does(sqs):
    """One stack for all of it: bringing one up takes longer than asking it."""
    client, urls = sqs

    # A FIFO queue keeps the order of a group, and takes equal messages once.
    for n in [0, 1, 2, 2, 1, 3]:
        client.send_message(QueueUrl=urls["fifo"], MessageBody=f"Message {n}", MessageGroupId="default")
    received = bodies(client.receive_message(QueueUrl=urls["fifo"], MaxNumberOfMessages=10))
    assert received == [f"Message {n}" for n in range(4)]

    # While a message of a group is in flight, the group waits.
    client.send_message(QueueUrl=urls["fifo"], MessageBody="next", MessageGroupId="default")
    assert bodies(client.receive_message(QueueUrl=urls["fifo"])) == []

    # A long poll ends when a message comes, and without one waits for its time.
    started = time.monotonic()
    assert bodies(client.receive_message(QueueUrl=urls["plain"], WaitTimeSeconds=1)) == []
    assert time.monotonic() - started >= 1

    # What is not deleted is seen again after the visibility timeout, and then buried.
    client.send_message(QueueUrl=urls["plain"], MessageBody="poison")
    for _ in range(2):
        assert bodies(client.receive_message(QueueUrl=urls["plain"], WaitTimeSeconds=5)) == ["poison"]
    deadline = time.monotonic() + 20
    while not (buried := bodies(client.receive_message(QueueUrl=urls["dead"]))):
        client.receive_message(QueueUrl=urls["plain"], WaitTimeSeconds=1)
        assert time.monotonic() < deadline
    assert buried == ["poison"]
