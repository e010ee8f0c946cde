"""Valkey (or Redis): a stream and a group of consumers.

The server remembers who took what and when, and how often; taking over from a receiver that is gone, and burying a
message, are the clients' to do. Each group gets every message. Source: Valkey's documentation, "Streams".
"""

import contextlib
import time
import uuid
from typing import Any

import redis

from backlog_lab.batching import CLIENT, MOST_MESSAGES, Message
from backlog_lab.queue import LONG_POLL, UNKNOWN, Received
from backlog_lab.technologies.mailbox import DEAD_LETTERS, Terms, in_sentences

_ERRORS = (redis.RedisError,)
_CONNECT, _ANSWER = 5, 30  # seconds
#: Seconds after which a message that was taken and not deleted is another's, where nobody says how many.
_VISIBILITY = 30.0
#: Seconds between two looks for such messages.
_LOOK = 0.2


class Valkey:
    """A stream by its name; its group is made where it is not there yet, and gets all that was ever sent."""

    fifo = False

    def __init__(self, url: str, name: str, terms: Terms) -> None:
        """`url` is rediss://user:password@host:port, or redis:// without TLS."""
        self.name, self._group, self._attempts = name, terms.group, terms.attempts
        self._idle = int(1_000 * (_VISIBILITY if terms.visibility is None else terms.visibility))
        self._consumer = uuid.uuid4().hex
        with self._in_sentences():
            self._client: Any = redis.Redis.from_url(
                url, socket_connect_timeout=_CONNECT, socket_timeout=_ANSWER, decode_responses=True
            )
            with contextlib.suppress(redis.ResponseError):  # BUSYGROUP: it is there
                self._client.xgroup_create(name, self._group, "0", mkstream=True)

    def send(self, batch: list[Message]) -> None:
        with self._in_sentences(), self._client.pipeline(transaction=False) as together:
            for message in batch:
                together.xadd(self.name, {"body": message.body, CLIENT: message.client})
            together.execute()

    def receive(self, most: int = MOST_MESSAGES, wait: int = LONG_POLL) -> list[Received]:
        deadline = time.monotonic() + wait
        with self._in_sentences():
            while True:
                if taken := self._left_behind(most):
                    return taken
                left = min(_LOOK, deadline - time.monotonic())
                block = {"block": int(left * 1_000)} if left > _LOOK / 100 else {}
                answer = self._client.xreadgroup(self._group, self._consumer, {self.name: ">"}, count=most, **block)
                if entries := _entries(answer):
                    return [_received(*entry, 1) for entry in entries]
                if not block:
                    return []

    def delete(self, messages: list[Received]) -> None:
        """Acknowledged, for this group; the stream keeps its entries for the others."""
        with self._in_sentences():
            self._client.xack(self.name, self._group, *(message.receipt for message in messages))

    def give_back(self, messages: list[Received]) -> None:
        """As if they had been taken so long ago that anybody may take them over; that is no delivery."""
        with self._in_sentences():
            identities = [message.receipt for message in messages]
            self._client.xclaim(
                self.name, self._group, self._consumer, 0, identities, idle=self._idle, justid=True, force=True
            )

    def close(self) -> None:
        self._client.close()

    def _left_behind(self, most: int) -> list[Received]:
        """What others took too long ago; the ones that were taken too often are buried on the way."""
        claimed = self._client.xautoclaim(self.name, self._group, self._consumer, self._idle, count=most)[1]
        found = []
        for identity, fields in claimed:
            (pending,) = self._client.xpending_range(self.name, self._group, identity, identity, 1)
            if pending["times_delivered"] > self._attempts:
                self._bury(identity, fields)
            else:
                found.append(_received(identity, fields, pending["times_delivered"]))
        return found

    def _bury(self, identity: str, fields: dict[str, str]) -> None:
        with self._client.pipeline(transaction=True) as together:
            together.xadd(f"{self.name}{DEAD_LETTERS}", fields)
            together.xack(self.name, self._group, identity)
            together.execute()

    def _in_sentences(self) -> Any:
        return in_sentences("Valkey", self.name, *_ERRORS)


def _entries(answer: Any) -> list[tuple[str, dict[str, str]]]:
    """Of the one stream that was asked for, by whichever form the protocol's version has."""
    if isinstance(answer, dict):
        return [entry for batches in answer.values() for batch in batches for entry in batch]
    return [entry for _, entries in answer or [] for entry in entries]


def _received(identity: str, fields: dict[str, str], receives: int) -> Received:
    return Received(
        id=identity,
        body=fields.get("body", ""),
        client=fields.get(CLIENT) or UNKNOWN,
        sent_at=int(identity.split("-", maxsplit=1)[0]) / 1_000,
        receives=receives,
        receipt=identity,
    )
