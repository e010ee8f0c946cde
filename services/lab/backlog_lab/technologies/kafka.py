"""Kafka: a topic of two partitions and a group of consumers.

It is a log and no queue: a group reads each partition in order and remembers how far it is. So one message can't be
given back alone (the partition is read again from there), and counting attempts and burying are the client's to do.
What one client sends is in one partition, and stays in order. Source: Apache Kafka's documentation, "Design".
"""

import contextlib
import time
from collections import Counter
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined] # it is a public name

from backlog_lab.batching import CLIENT, MOST_MESSAGES, Message
from backlog_lab.failures import LabError
from backlog_lab.queue import LONG_POLL, UNKNOWN, Received
from backlog_lab.technologies.mailbox import DEAD_LETTERS, Terms, in_sentences

PARTITIONS = 2
_ANSWER = 15  # seconds
_SESSION = 6_000  # milliseconds until a receiver that is silent has left its group; a broker's least


class Kafka:
    """A topic by its name, made where it is not there yet; a new group reads it from its beginning."""

    fifo = False

    def __init__(self, url: str, name: str, terms: Terms) -> None:
        """`url` is kafka://host:port."""
        self.name, self._terms = name, terms
        self._where: dict[str, Any] = {"bootstrap.servers": url.partition("://")[2].rstrip("/"), "log_level": 0}
        self._producer: Any = None
        self._consumer: Any = None
        self._receives: Counter[tuple[int, int]] = Counter()
        with self._in_sentences():
            self._make()

    def send(self, batch: list[Message]) -> None:
        failed: list[str] = []

        def told(error: Any, _: Any) -> None:
            if error:
                failed.append(str(error))

        with self._in_sentences():
            self._producer = self._producer or Producer({**self._where, "enable.idempotence": True, "linger.ms": 0})
            for message in batch:
                self._producer.produce(
                    self.name, message.body, message.client, headers={CLIENT: message.client}, on_delivery=told
                )
            if self._producer.flush(_ANSWER) or failed:
                raise LabError(f"Kafka does not take messages for {self.name}: {(failed or ['no answer'])[0]}")

    def receive(self, most: int = MOST_MESSAGES, wait: int = LONG_POLL) -> list[Received]:
        with self._in_sentences():
            self._consumer = self._consumer or self._subscribed()
            found: list[Received] = []
            patience = float(wait)
            while len(found) < most and (message := self._consumer.poll(patience)) is not None:
                patience = 0
                if error := message.error():
                    if error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client has no other name for it
                        raise KafkaException(error)
                    continue
                found += self._taken(message)
            return found

    def delete(self, messages: list[Received]) -> None:
        """The group is past them, as far as none before them is still to be handled."""
        with self._in_sentences():
            self._handled([message.receipt for message in messages])

    def give_back(self, messages: list[Received]) -> None:
        """Each partition is read again from the first of them."""
        with self._in_sentences():
            first: dict[int, int] = {}
            for message in messages:
                partition, offset = message.receipt
                first[partition] = min(first.get(partition, offset), offset)
            for partition, offset in first.items():
                self._consumer.seek(TopicPartition(self.name, partition, offset))

    def close(self) -> None:
        if self._consumer:
            self._consumer.close()

    def _taken(self, message: Any) -> list[Received]:
        """The message, unless it was received too often: then it is buried, and the group is past it."""
        place = (message.partition(), message.offset())
        self._receives[place] += 1
        if self._receives[place] <= self._terms.attempts:
            return [_received(message, self._receives[place])]
        dead = Producer({**self._where, "enable.idempotence": True})
        dead.produce(f"{self.name}{DEAD_LETTERS}", message.value(), message.key(), headers=message.headers())
        dead.flush(_ANSWER)
        self._handled([place])
        return []

    def _handled(self, places: list[tuple[int, int]]) -> None:
        past: dict[int, int] = {}
        for partition, offset in places:
            past[partition] = max(past.get(partition, 0), offset + 1)
            self._receives.pop((partition, offset), None)
        for partition, offset in self._receives:
            if partition in past:
                past[partition] = min(past[partition], offset)
        offsets = [TopicPartition(self.name, partition, offset) for partition, offset in past.items()]
        self._consumer.commit(offsets=offsets, asynchronous=False)

    def _subscribed(self) -> Any:
        consumer = Consumer(
            {
                **self._where,
                "group.id": f"{self.name}-{self._terms.group}",
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "session.timeout.ms": _SESSION,
                "heartbeat.interval.ms": _SESSION // 3,
                "fetch.wait.max.ms": 50,
            }
        )
        consumer.subscribe([self.name])
        return consumer

    def _make(self) -> None:
        admin = AdminClient(self._where)
        names = [self.name] if self.name.endswith(DEAD_LETTERS) else [self.name, f"{self.name}{DEAD_LETTERS}"]
        wanted = [NewTopic(name, num_partitions=PARTITIONS, replication_factor=1) for name in names]
        for made in admin.create_topics(wanted, request_timeout=_ANSWER).values():
            with contextlib.suppress(KafkaException):  # it is there; a broker that is away is told by the next call
                made.result()
        admin.list_topics(self.name, timeout=_ANSWER)

    def _in_sentences(self) -> Any:
        return in_sentences("Kafka", self.name, KafkaException)


def _received(message: Any, receives: int) -> Received:
    headers = dict(message.headers() or [])
    kind, at = message.timestamp()
    return Received(
        id=f"{message.partition()}-{message.offset()}",
        body=(message.value() or b"").decode(errors="replace"),
        client=(headers.get(CLIENT) or b"").decode(errors="replace") or UNKNOWN,
        sent_at=at / 1_000 if kind else time.time(),
        receives=receives,
        receipt=(message.partition(), message.offset()),
    )
