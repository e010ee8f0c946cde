"""Which messages travel together in one request.

A batch holds at most 10 messages and 1 MiB, counted as SQS does: the body, and name, type and value of each attribute
(Amazon SQS Developer Guide, "Message quotas").
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from backlog_lab.failures import LabError

#: Messages in one request.
MOST_MESSAGES = 10
#: Bytes in one request, and in one message.
MOST_BYTES = 1024 * 1024
#: The name of the attribute that says who sent a message.
CLIENT = "client"

#: With a rate, the seconds of it that one request may hold: a batch that waits longer to be full is no pace any more.
_SMOOTH = 0.1


@dataclass(frozen=True)
class Message:
    """What one client sends."""

    body: str
    client: str

    @property
    def size(self) -> int:
        """Bytes, as SQS counts them."""
        return sum(len(part.encode()) for part in (self.body, CLIENT, "String", self.client))


def numbered(count: int, client: str, prepend: str = "") -> Iterator[Message]:
    """`Message 0` to `Message count-1`, each behind the text that is to precede it."""
    for number in range(count):
        yield Message(f"{prepend} Message {number}" if prepend else f"Message {number}", client)


def batches(
    messages: Iterable[Message], most_messages: int = MOST_MESSAGES, most_bytes: int = MOST_BYTES
) -> Iterator[list[Message]]:
    """The messages in their order, in as few requests as the limits allow.

    Raises:
        LabError: one message alone is over the limit.
    """
    batch: list[Message] = []
    size = 0
    for message in messages:
        if message.size > most_bytes:
            raise LabError(f"A message of {message.size:,} bytes is too long: a queue takes {most_bytes:,} at most")
        if batch and (len(batch) == most_messages or size + message.size > most_bytes):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += message.size
    if batch:
        yield batch


def most_at_rate(rate: float | None) -> int:
    """Messages in one request at so many messages per second; as many as fit without a rate."""
    return MOST_MESSAGES if rate is None else max(1, min(MOST_MESSAGES, int(rate * _SMOOTH)))
