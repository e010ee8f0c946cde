"""What the lab asks of a queue, whatever carries it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from backlog_lab.batching import Message
from backlog_lab.failures import LabError
from backlog_lab.queue import Received

#: Behind a queue's name: where its messages go that failed too often.
DEAD_LETTERS = "_dead_letters"


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How a queue is received from.

    Attributes:
        visibility: seconds that a received message is hidden from others; None for the queue's own.
        attempts: receives after which a message goes to the dead letters, where the client has to see to it.
        group: who shares the messages; where a technology knows groups, each group gets them all.
    """

    visibility: float | None = None
    attempts: int = 3
    group: str = "lab"


class Mailbox(Protocol):
    """A queue, opened. Every method raises LabError with a sentence for a person."""

    name: str
    fifo: bool

    def send(self, batch: list[Message]) -> None:
        """All of it, in its order; on return the technology answers for it."""

    def receive(self, most: int = ..., wait: int = ...) -> list[Received]:
        """At most so many; waits so many seconds for the first one."""

    def delete(self, messages: list[Received]) -> None:
        """They are handled."""

    def give_back(self, messages: list[Received]) -> None:
        """They are not handled: a receiver may have them at once."""

    def close(self) -> None:
        """The connection ends; what was not deleted is another's."""


@contextmanager
def in_sentences(title: str, name: str, *errors: type[Exception]) -> Iterator[None]:
    """Whatever of these a client raises is one line for a person."""
    try:
        yield
    except Exception as failure:
        if not isinstance(failure, (OSError, *errors)):
            raise
        said = " ".join(str(failure).split()).rstrip(".") or type(failure).__name__
        raise LabError(f"{title} can't be used for {name} ({said}): check --endpoint-url") from failure
