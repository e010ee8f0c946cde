"""One queue of SQS, or of whatever speaks its protocol."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from backlog_lab.batching import CLIENT, MOST_MESSAGES, Message
from backlog_lab.failures import LabError, sentence

#: Seconds that an empty receive waits for a message. SQS allows 20, but a poll must not be abandoned: the queue may
#: answer it all the same, and then nobody sees the messages, or any of their group, before the visibility timeout.
#: So this is also how long Ctrl-C takes.
LONG_POLL = 2
#: The one message group of a FIFO queue: it keeps everything in order.
GROUP = "default"
#: Who sent a message that does not say so.
UNKNOWN = "unknown"

_CONNECT_SECONDS = 5
#: A message of a batch that fails by no fault of ours is sent so often, after so many seconds more each time.
_TRIES, _PAUSE = 5, 0.2


@dataclass(frozen=True)
class Received:
    """A message as it came: times are seconds since the epoch, `receives` is how often the queue has handed it out.

    `receipt` is what the queue knows it by.
    """

    id: str
    body: str
    client: str
    sent_at: float
    receives: int
    receipt: Any


class Queue:
    """Sends to a queue, and receives from it. Every method raises LabError with a sentence for a person."""

    def __init__(
        self,
        name: str,
        endpoint_url: str | None = None,
        region: str | None = None,
        visibility: float | None = None,
    ) -> None:
        """Finds the queue by its name; without an endpoint or a region, botocore's own configuration says which.

        `visibility` is the seconds that what is received stays hidden, where not as long as the queue says.
        """
        self.name = name
        self._hidden = {} if visibility is None else {"VisibilityTimeout": round(visibility)}
        self.fifo = name.endswith(".fifo")
        with self._in_sentences():
            config = Config(
                connect_timeout=_CONNECT_SECONDS,
                read_timeout=LONG_POLL + 15,
                retries={"mode": "standard", "total_max_attempts": 3},
            )
            self._sqs: Any = boto3.client("sqs", endpoint_url=endpoint_url, region_name=region, config=config)
            self._url: str = self._sqs.get_queue_url(QueueName=name)["QueueUrl"]

    def send(self, batch: list[Message]) -> None:
        """All of it, in its order: one by SendMessage, several by SendMessageBatch.

        What SQS fails to take by its own fault is sent again, and then comes after the rest of its batch.
        """
        with self._in_sentences():
            if len(batch) == 1:
                self._sqs.send_message(QueueUrl=self._url, **self._parameters(batch[0]))
                return
            left = [{"Id": str(n), **self._parameters(message)} for n, message in enumerate(batch)]
            for attempt in range(_TRIES):
                time.sleep(_PAUSE * attempt)
                failed = self._sqs.send_message_batch(QueueUrl=self._url, Entries=left).get("Failed", [])
                self._refuse([failure for failure in failed if failure.get("SenderFault")])
                again = {failure["Id"] for failure in failed}
                left = [entry for entry in left if entry["Id"] in again]
                if not left:
                    return
            self._refuse(failed)

    def receive(self, most: int = MOST_MESSAGES, wait: int = LONG_POLL) -> list[Received]:
        """At most so many messages; waits so many seconds for the first one, and gives none when none comes."""
        with self._in_sentences():
            answer = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=most,
                WaitTimeSeconds=wait,
                **self._hidden,
                MessageAttributeNames=[CLIENT],
                MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
            )
            return [_received(message) for message in answer.get("Messages", [])]

    def delete(self, messages: list[Received]) -> None:
        """They are handled. One whose receipt has run out stays, and is seen again: SQS promises at least once."""
        with self._in_sentences():
            entries = [{"Id": str(n), "ReceiptHandle": message.receipt} for n, message in enumerate(messages)]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)

    def give_back(self, messages: list[Received]) -> None:
        """They are not handled: another receiver may have them at once."""
        with self._in_sentences():
            entries = [
                {"Id": str(n), "ReceiptHandle": message.receipt, "VisibilityTimeout": 0}
                for n, message in enumerate(messages)
            ]
            self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)

    def close(self) -> None:
        """Nothing is held open for it."""

    def _parameters(self, message: Message) -> dict[str, Any]:
        group = {"MessageGroupId": GROUP} if self.fifo else {}
        attributes = {CLIENT: {"DataType": "String", "StringValue": message.client}}
        return {"MessageBody": message.body, "MessageAttributes": attributes, **group}

    def _refuse(self, failures: list[dict[str, Any]]) -> None:
        if failures:
            first = failures[0]
            said = f"{first.get('Message', 'no reason given')} ({first.get('Code', 'unknown')})"
            raise LabError(f"{self.name} does not take {len(failures)} of the messages: {said}")

    @contextmanager
    def _in_sentences(self) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError, ResponseParserError, KeyError, ValueError) as failure:
            raise LabError(sentence(failure, self.name)) from failure


def _received(message: dict[str, Any]) -> Received:
    """What other clients of the queue leave out is filled in."""
    system = message.get("Attributes", {})
    return Received(
        id=message["MessageId"],
        body=message["Body"],
        client=message.get("MessageAttributes", {}).get(CLIENT, {}).get("StringValue") or UNKNOWN,
        sent_at=int(system.get("SentTimestamp", time.time() * 1000)) / 1000,
        receives=int(system.get("ApproximateReceiveCount", 1)),
        receipt=message["ReceiptHandle"],
    )
