"""Where moto's SQS is not as SQS is, and services or people would notice: its queues, mended (docs/adr/0002).

Source of each rule: Amazon SQS Developer Guide, "Amazon SQS standard queues", "FIFO queue delivery logic", "Using the
message deduplication ID" and "Visibility timeout"; SQS API Reference, SetQueueAttributes.
"""

import random
import socket
import threading
import time
import zlib
from contextvars import ContextVar
from copy import deepcopy
from typing import Any

from moto.core.utils import unix_time
from moto.sqs import models

_DEDUPLICATION = 300.0  # seconds from the first sending, whatever became of the message
_HOSTS = 4  # that a standard queue's messages are spread over
_LOOK = 0.1  # seconds between two looks of a long poll: messages become visible again without a call

#: The connection of the client that is answered.
CLIENT: ContextVar[socket.socket | None] = ContextVar("client", default=None)


class Queue(models.Queue):
    """A queue that keeps what was set, takes a FIFO message once, and gives a FIFO group to one receiver.

    A standard queue gives its messages in no strict order.
    """

    BASE_ATTRIBUTES = [*models.Queue.BASE_ATTRIBUTES, "RedriveAllowPolicy"]  # noqa: RUF012 - as moto has it
    redrive_allow_policy: str | None = None
    # moto sets these by the attributes' names.
    deduplication_scope: str
    message_retention_period: int

    def __init__(self, *args: Any, **attributes: Any) -> None:
        self._sent = dict[tuple[str | None, str], float]()
        super().__init__(*args, **attributes)

    def __getstate__(self) -> dict[str, Any]:
        """Its declaration: messages are not kept, and a lock can't be."""
        sets = {"_pending_messages": set[Any](), "deleted_messages": set[str]()}
        return {**self.__dict__, **sets, "_messages": [], "_sent": {}, "_messages_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """As it was declared, with no messages."""
        self.__dict__ |= {**state, "_messages_lock": threading.Condition()}

    def _set_attributes(self, attributes: dict[str, Any], now: float | None = None) -> None:
        """Set those that are named and keep the others; moto drops the policy."""
        kept = {"Policy": self.policy} if hasattr(self, "_policy_json") else {}
        super()._set_attributes({**kept, **attributes}, now)
        self.redrive_allow_policy = self.redrive_allow_policy or None

    def add_message(self, message: Any) -> None:
        """Take a message that is sent; moto compares it with those alone that are still in the queue."""
        with self._messages_lock:
            if self.fifo_queue and message.deduplication_id and self._twice(message):
                return
            self._messages.append(message)
            self._messages_lock.notify_all()

    def _twice(self, message: Any) -> bool:
        now = time.monotonic()
        self._sent = {sent: at for sent, at in self._sent.items() if now - at < _DEDUPLICATION}
        scope = message.group_id if self.deduplication_scope == "messageGroup" else None
        return self._sent.setdefault((scope, message.deduplication_id), now) != now

    def delete_message(self, receipt_handle: str) -> None:
        """Delete a message; moto may lose one that is sent meanwhile."""
        with self._messages_lock:
            super().delete_message(receipt_handle)

    def receive(self, count: int, wait: float, visibility_timeout: int) -> list[Any]:
        """Up to `count` messages, as soon as there are some, within `wait` seconds; none for a client that is gone."""
        deadline = time.monotonic() + wait
        with self._messages_lock:
            while not _gone(CLIENT.get()):
                taken = self._take(count, visibility_timeout)
                left = deadline - time.monotonic()
                if taken or left <= 0:
                    return taken
                self._messages_lock.wait(min(left, _LOOK))
        return []

    def _take(self, count: int, visibility_timeout: int) -> list[Any]:
        kept_since = (unix_time() - self.message_retention_period) * 1000
        self._messages = [message for message in self._messages if (message.sent_timestamp or 0) > kept_since]
        if self.dead_letter_queue and self.redrive_policy:
            self._bury(self.dead_letter_queue, self.redrive_policy["maxReceiveCount"])
        # A group with a message in flight gives nothing more of it, to no receiver; nor one whose next is delayed.
        free = [(message, message.visible and not message.delayed) for message in self._messages]
        held = {message.group_id for message, is_free in free if self.fifo_queue and not is_free}
        seen = [message for message, is_free in free if is_free and message.group_id not in held]
        taken = (seen if self.fifo_queue else _by_host(seen))[:count]
        for message in taken:
            message.mark_received(visibility_timeout=visibility_timeout)
        return deepcopy(taken)

    def _bury(self, dead_letters: models.Queue, most: int) -> None:
        dead = [m for m in self._messages if m.visible and m.approximate_receive_count >= most]
        for message in dead:
            self._messages.remove(message)
            with dead_letters._messages_lock:  # noqa: SLF001 - it is a queue too
                dead_letters._messages.append(message)  # noqa: SLF001
                dead_letters._messages_lock.notify_all()  # noqa: SLF001


def _by_host(messages: list[Any]) -> list[Any]:
    """As a standard queue gives them: host after host, in no order of hosts; moto has them all in one row."""
    hosts = random.sample(range(_HOSTS), _HOSTS)
    return sorted(messages, key=lambda message: hosts[zlib.crc32(message.id.encode()) % _HOSTS])


def _gone(client: socket.socket | None) -> bool:
    """Whether a client has closed its connection: a message that is handed to it would be in flight for nobody."""
    if client is None:
        return False
    try:
        return client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def receive_message(
    backend: Any, queue_name: str, count: int, wait: int, visibility_timeout: int, attribute_names: Any = None
) -> list[Any]:
    """ReceiveMessage; takes the place of the backend's own method."""
    messages: list[Any] = backend.get_queue(queue_name).receive(count, wait, visibility_timeout)
    for message in messages:
        models._filter_message_attributes(message, attribute_names or [])  # noqa: SLF001 - as moto's own does
    return messages


def mend() -> None:
    """Have moto make these queues."""
    models.Queue = Queue  # type: ignore[misc]
    models.SQSBackend.receive_message = receive_message  # type: ignore[method-assign, assignment]
