"""An SNS topic: sent to, and never received from. Its subscribers' queues get the messages, by their filters."""

from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from backlog_lab.batching import CLIENT, Message
from backlog_lab.failures import LabError, sentence
from backlog_lab.queue import Received

_NO_RECEIVING = "a topic is sent to: receive from the queue of one of its subscribers"


class Topic:
    """A topic by its ARN."""

    fifo = False

    def __init__(self, arn: str, endpoint_url: str | None = None, region: str | None = None) -> None:
        self.name = arn
        try:
            self._sns: Any = boto3.client("sns", endpoint_url=endpoint_url, region_name=region)
            self._sns.get_topic_attributes(TopicArn=arn)
        except (BotoCoreError, ClientError) as failure:
            raise LabError(sentence(failure, arn)) from failure

    def send(self, batch: list[Message]) -> None:
        """All of it, in one request."""
        entries = [
            {
                "Id": str(n),
                "Message": message.body,
                "MessageAttributes": {CLIENT: {"DataType": "String", "StringValue": message.client}},
            }
            for n, message in enumerate(batch)
        ]
        try:
            failed = self._sns.publish_batch(TopicArn=self.name, PublishBatchRequestEntries=entries).get("Failed", [])
        except (BotoCoreError, ClientError) as failure:
            raise LabError(sentence(failure, self.name)) from failure
        if failed:
            raise LabError(f"{self.name} does not take {len(failed)} of the messages: {failed[0].get('Message')}")

    def receive(self, most: int = 0, wait: int = 0) -> list[Received]:  # noqa: ARG002 - as every mailbox has it
        """Never.

        Raises:
            LabError: always.
        """
        raise LabError(_NO_RECEIVING)

    def delete(self, messages: list[Received]) -> None:
        """There is none."""

    def give_back(self, messages: list[Received]) -> None:
        """There is none."""

    def close(self) -> None:
        """Nothing is open."""
