"""SQS queues and their policies, in the embedded AWS."""

from botocore.exceptions import ClientError

from local.machine.emulator import Emulator
from local.provider.properties import Bag
from local.resources import Resource

#: Pulumi's property -> SQS's attribute (SQS API Reference, SetQueueAttributes).
_ATTRIBUTES = {
    "visibilityTimeoutSeconds": "VisibilityTimeout",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "maxMessageSize": "MaximumMessageSize",
    "delaySeconds": "DelaySeconds",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deduplicationScope": "DeduplicationScope",
    "fifoThroughputLimit": "FifoThroughputLimit",
    "policy": "Policy",
    "redrivePolicy": "RedrivePolicy",
}
_FIXED = {"fifoQueue": "FifoQueue"}  # set when a queue is made, never after
#: Codes by which SQS says that there is no such queue.
NO_SUCH_QUEUE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")


class Queues:
    """aws.sqs.Queue."""

    def __init__(self, aws: Emulator) -> None:
        self._aws = aws

    def create(self, resource: Resource, outputs: Bag) -> Bag:
        name = outputs["name"]
        url = self._aws.sqs.create_queue(
            QueueName=name, Attributes=_attributes(outputs, _FIXED) if outputs.get("fifoQueue") else {}
        )["QueueUrl"]
        if attributes := _attributes(resource.inputs, _ATTRIBUTES):
            # Apart from making it: an interrupted run may have left the queue with other attributes.
            self._aws.sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
        arn = self._aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return {**outputs, "id": url, "url": url, "arn": arn}

    def alive(self, state: Bag) -> bool:
        return state["url"].startswith(self._aws.endpoint) and attributes_of(self._aws, state["id"]) is not None

    def update(self, resource: Resource, old: Bag, outputs: Bag) -> Bag:
        if attributes := _attributes(outputs, _ATTRIBUTES):
            self._aws.sqs.set_queue_attributes(QueueUrl=old["id"], Attributes=attributes)
        return {**outputs, "url": old["url"], "arn": old["arn"]}

    def delete(self, state: Bag) -> None:
        if self.alive(state):
            self._aws.sqs.delete_queue(QueueUrl=state["id"])


class QueueAttribute:
    """aws.sqs.QueuePolicy, RedrivePolicy and RedriveAllowPolicy: one attribute of a queue each."""

    def __init__(self, aws: Emulator, name: str, attribute: str) -> None:
        self._aws, self._property, self._attribute = aws, name, attribute

    def create(self, resource: Resource, outputs: Bag) -> Bag:
        self._set(outputs["queueUrl"], outputs[self._property])
        return outputs

    def alive(self, state: Bag) -> bool:
        attributes = attributes_of(self._aws, state["queueUrl"])
        return attributes is not None and bool(attributes.get(self._attribute))

    def update(self, resource: Resource, old: Bag, outputs: Bag) -> Bag:
        self._set(outputs["queueUrl"], outputs[self._property])
        return outputs

    def delete(self, state: Bag) -> None:
        if self.alive(state):
            self._set(state["queueUrl"], "")

    def _set(self, url: str, value: str) -> None:
        self._aws.sqs.set_queue_attributes(QueueUrl=url, Attributes={self._attribute: value})


def attributes_of(aws: Emulator, url: str) -> dict[str, str] | None:
    """All attributes of a queue; None when there is no such queue."""
    try:
        return dict(aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"])
    except ClientError as error:
        if error.response["Error"]["Code"] in NO_SUCH_QUEUE:
            return None
        raise


def _attributes(bag: Bag, names: dict[str, str]) -> dict[str, str]:
    values = {attribute: bag.get(name) for name, attribute in names.items()}
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in values.items()
        if value is not None
    }
