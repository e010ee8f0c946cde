"""SQS and SNS."""

import json
from collections.abc import Iterator

from local.provider.naming import AutoName
from local.provider.properties import Bag, has_unknown
from local.provider.schema import Failure
from local.resources.policy_document import check_policy
from local.resources.table import Resource, resource


def _check_queue(inputs: Bag) -> Iterator[Failure]:
    name, fifo = inputs.get("name", ""), bool(inputs.get("fifoQueue"))
    if not has_unknown(name) and name.endswith(".fifo") != fifo:
        yield Failure("name", f"{name!r}: a FIFO queue's name ends in .fifo, and only a FIFO queue's does")
    for key, low, high, unit in (
        ("visibilityTimeoutSeconds", 0, 43_200, "seconds"),
        ("messageRetentionSeconds", 60, 1_209_600, "seconds"),
        ("receiveWaitTimeSeconds", 0, 20, "seconds"),
        ("delaySeconds", 0, 900, "seconds"),
        ("maxMessageSize", 1_024, 1_048_576, "bytes"),
    ):
        value = inputs.get(key)
        if isinstance(value, int) and not low <= value <= high:
            yield Failure(key, f"{value} is outside SQS's {low} to {high} {unit}")
    if inputs.get("contentBasedDeduplication") and not fifo:
        yield Failure("contentBasedDeduplication", "is for FIFO queues alone")


def _check_redrive(inputs: Bag) -> Iterator[Failure]:
    text = inputs.get("redrivePolicy", "")
    if has_unknown(text):
        return
    try:
        policy = json.loads(text)
        count = int(policy["maxReceiveCount"])
        _ = policy["deadLetterTargetArn"]
    except (ValueError, TypeError, KeyError) as error:
        yield Failure("redrivePolicy", f"must be JSON with deadLetterTargetArn and maxReceiveCount ({error})")
        return
    if not 1 <= count <= 1_000:
        yield Failure("redrivePolicy", f"maxReceiveCount {count} is outside SQS's 1 to 1000")


@resource("aws:sqs/queue:Queue", auto_name=AutoName(longest=80), check=_check_queue)
def queue(r: Resource) -> Bag:
    url = f"https://sqs.{r.region}.amazonaws.com/{r.account}/{r.get('name')}"
    fifo = {"deduplicationScope": "queue", "fifoThroughputLimit": "perQueue"} if r.get("fifoQueue") else {}
    return {
        "id": url,
        "url": url,
        "arn": r.arn("sqs", r.get("name")),
        "visibilityTimeoutSeconds": 30,
        "messageRetentionSeconds": 345_600,
        "maxMessageSize": 262_144,
        "delaySeconds": 0,
        "receiveWaitTimeSeconds": 0,
        "kmsDataKeyReusePeriodSeconds": 300,
        "sqsManagedSseEnabled": "kmsMasterKeyId" not in r.inputs,
        **fifo,
    }


@resource("aws:sqs/queuePolicy:QueuePolicy", check=lambda inputs: check_policy(inputs, "policy"))
@resource("aws:sqs/redrivePolicy:RedrivePolicy", check=_check_redrive)
@resource("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy")
def queue_attribute(r: Resource) -> Bag:
    return {"id": r.get("queueUrl")}


@resource("aws:sns/topic:Topic", auto_name=AutoName(longest=256))
def topic(r: Resource) -> Bag:
    arn = r.arn("sns", r.get("name"))
    return {
        "id": arn,
        "arn": arn,
        "owner": r.account,
        "beginningArchiveTime": "",
        "signatureVersion": 1,
        "tracingConfig": "PassThrough",
    }


@resource("aws:sns/topicSubscription:TopicSubscription")
def subscription(r: Resource) -> Bag:
    uuid = r.hex(32)
    arn = f"{r.get('topic')}:{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}"
    confirmed = r.get("protocol") in ("sqs", "lambda", "firehose")
    return {
        "id": arn,
        "arn": arn,
        "ownerId": r.account,
        "confirmationWasAuthenticated": confirmed,
        "pendingConfirmation": not confirmed,
        "filterPolicyScope": "MessageAttributes",
    }


@resource("aws:sns/topicPolicy:TopicPolicy", check=lambda inputs: check_policy(inputs, "policy"))
def topic_policy(r: Resource) -> Bag:
    return {"id": r.get("arn"), "owner": r.account}
