"""A dead-letter queue: what is in it, and the way back.

SQS moves messages by itself (StartMessageMoveTask), if the dead letters come from a queue and not from a subscription
of SNS. Where it does not, they are moved one by one: sent to their queue first, then deleted, so that a stop in between
leaves a message twice and never loses one.
"""

import base64
import binascii
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_BATCH = 10  # messages; SQS's most for one receive
#: Seconds that a message taken from the dead letters is hidden while it is moved; one of a batch takes milliseconds.
_HIDDEN = 120
_POLL = 1.0  # seconds between two looks at SQS's own move
#: What SNS adds to a message that it could not deliver (SNS Developer Guide, "Dead-letter queues").
_OF_SNS = frozenset({"RequestID", "ErrorCode", "ErrorMessage"})


class CannotMove(Exception):
    """Why the messages stay where they are, or some of them, in a sentence."""


@dataclass(frozen=True)
class Letter:
    """What may be told of a dead letter: no part of its body. `age` is in seconds since it was first sent."""

    message_id: str
    what: str
    age: float
    receives: int


class DeadLetters:
    """The dead letters of `url`, whose way back is `target`: the queue that leaves them there, if SQS knows it.

    `sqs` is boto3's client; `one_by_one` says that this SQS can't move messages by itself.
    """

    def __init__(self, sqs: Any, url: str, target: str | None = None, *, one_by_one: bool = False) -> None:
        self._sqs, self._url = sqs, url
        sources = sqs.list_dead_letter_source_queues(QueueUrl=url)["queueUrls"]
        self._one_by_one = one_by_one or not sources
        if len(sources) == 1:
            target = sources[0]
        if target is None and self._one_by_one:
            raise CannotMove(f"{url} has {len(sources)} queues that leave dead letters there, and not one to return to")
        self.target = target or f"the {len(sources)} queues that they came from"

    def count(self) -> tuple[int, int]:
        """Messages that wait, and messages that somebody is looking at; both are SQS's approximations."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=names)["Attributes"]
        waiting, taken = (int(found[name]) for name in names)
        return waiting, taken

    def sample(self) -> list[Letter]:
        """Up to ten of them; they stay visible to others."""
        return [_letter(message) for message in self._received(visible_after=0)]

    def move(self, most: int, per_second: int | None = None) -> Iterator[int]:
        """Move up to `most` messages back, and tell from time to time how many that are by now.

        Raises:
            CannotMove: SQS says why.
        """
        yield from self._by_hand(most, per_second) if self._one_by_one else self._by_sqs(per_second)

    def _by_sqs(self, per_second: int | None) -> Iterator[int]:
        """Source: SQS API Reference, StartMessageMoveTask: without a destination each goes to where it came from."""
        arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pace = {"MaxNumberOfMessagesPerSecond": per_second} if per_second else {}
        handle = self._sqs.start_message_move_task(SourceArn=arn, **pace)["TaskHandle"]
        try:
            while True:
                (task,) = self._sqs.list_message_move_tasks(SourceArn=arn, MaxResults=1)["Results"]
                yield int(task.get("ApproximateNumberOfMessagesMoved", 0))
                if task["Status"] not in ("RUNNING", "CANCELLING"):
                    break
                time.sleep(_POLL)
        except (KeyboardInterrupt, GeneratorExit):
            self._sqs.cancel_message_move_task(TaskHandle=handle)
            raise
        if task["Status"] != "COMPLETED":
            why = task.get("FailureReason", "no reason given")
            raise CannotMove(f"SQS ended the move ({task['Status'].lower()}): {why}")

    def _by_hand(self, most: int, per_second: int | None) -> Iterator[int]:
        """No more than were there at first: one that fails at once comes back, and would go round for ever."""
        moved, started = 0, time.monotonic()
        while moved < most and (messages := self._received(visible_after=_HIDDEN, most=most - moved)):
            for message in messages:
                if per_second and (ahead := moved / per_second - (time.monotonic() - started)) > 0:
                    time.sleep(ahead)
                self._sqs.send_message(QueueUrl=self.target, **_resent(message))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
                moved += 1
            yield moved

    def _received(self, visible_after: int, most: int = _BATCH) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=min(most, _BATCH),
            VisibilityTimeout=visible_after,
            WaitTimeSeconds=1,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))


def _resent(message: Mapping[str, Any]) -> dict[str, Any]:
    """The message as it was first sent, with its group.

    Its deduplication id is a new one, as it may have been sent within the last five minutes, and the same each time
    that this dead letter is moved: one that could not be deleted here does not arrive there twice.
    """
    attributes = {
        name: {key: value for key, value in attribute.items() if key in ("DataType", "StringValue", "BinaryValue")}
        for name, attribute in message.get("MessageAttributes", {}).items()
        if name not in _OF_SNS
    }
    group = message["Attributes"].get("MessageGroupId")
    fifo = {"MessageGroupId": group, "MessageDeduplicationId": f"redrive-{message['MessageId']}"} if group else {}
    return {"MessageBody": message["Body"], **({"MessageAttributes": attributes} if attributes else {}), **fifo}


def _letter(message: Mapping[str, Any]) -> Letter:
    attributes = message["Attributes"]
    return Letter(
        message_id=message["MessageId"],
        what=_what(message),
        age=max(0.0, time.time() - int(attributes["SentTimestamp"]) / 1_000),
        receives=int(attributes.get("ApproximateReceiveCount", 0)),
    )


def _what(message: Mapping[str, Any]) -> str:
    """A job by its task's name and id, an event by its type and id; never what else the body says."""
    named = {name: value.get("StringValue") for name, value in message.get("MessageAttributes", {}).items()}
    content = _content(message["Body"])
    headers = content.get("headers")
    if isinstance(headers, dict) and headers.get("task"):
        return f"job {headers['task']} {headers.get('id')}"
    event = {**content, **{name: value for name, value in named.items() if value}}
    if isinstance(event.get("type"), str) and isinstance(event.get("id"), str):
        return f"event {event['type']} {event['id']}"
    return f"{len(message['Body'])} characters that are neither a job nor an event"


def _content(body: str) -> dict[str, Any]:
    """JSON in clear, or in base64, as kombu writes it; empty where it is neither."""
    for text in (body, _decoded(body)):
        try:
            content = json.loads(text)
        except ValueError:
            continue
        if isinstance(content, dict):
            return content
    return {}


def _decoded(body: str) -> str:
    try:
        return base64.b64decode(body, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
