"""RabbitMQ: a quorum queue, which counts deliveries and buries a message by itself.

A receiver holds what it took for as long as its connection lasts: there is no visibility timeout, and a crash gives
everything back at once. Source: RabbitMQ's documentation, "Quorum queues", "Publisher confirms".
"""

import time
import uuid
from collections import deque
from typing import Any
from urllib.parse import unquote, urlsplit

import amqp

from backlog_lab.batching import CLIENT, MOST_MESSAGES, Message
from backlog_lab.queue import LONG_POLL, UNKNOWN, Received
from backlog_lab.technologies.mailbox import DEAD_LETTERS, Terms, in_sentences

_TITLE = "RabbitMQ"
_ERRORS = (amqp.exceptions.AMQPError,)
_CONNECT, _ANSWER = 5, 30  # seconds
#: Seconds that what is on its way already may take to arrive.
_ON_ITS_WAY = 0.02
#: Messages that a receiver has in hand at most.
_PREFETCH = 2 * MOST_MESSAGES
_SENT_AT = "sent-at"  # seconds since the epoch: AMQP's own timestamp has no fractions


class RabbitMq:
    """A queue by its name, declared where it is not there yet; with an exchange, sent to all queues bound to that."""

    fifo = False

    def __init__(self, url: str, name: str, terms: Terms, exchange: str = "") -> None:
        """`url` is amqps://user:password@host:port, or amqp:// without TLS."""
        self.name, self._exchange = name, exchange
        self._came: deque[Any] = deque()
        self._consumes = False
        self._confirmed = 0
        at = urlsplit(url)
        with self._in_sentences():
            self._connection = amqp.Connection(
                host=f"{at.hostname}:{at.port or (5671 if at.scheme == 'amqps' else 5672)}",
                userid=unquote(at.username or "guest"),
                password=unquote(at.password or "guest"),
                ssl={"server_hostname": at.hostname} if at.scheme == "amqps" else False,
                connect_timeout=_CONNECT,
                read_timeout=_ANSWER,
                write_timeout=_ANSWER,
            )
            self._connection.connect()
            self._channel = self._connection.channel()
            self._channel.confirm_select()
            self._channel.events["basic_ack"].add(self._confirm)
            self._declare(terms)

    def send(self, batch: list[Message]) -> None:
        with self._in_sentences():
            for message in batch:
                headers = {CLIENT: message.client, _SENT_AT: str(time.time())}
                made = amqp.Message(
                    message.body, application_headers=headers, delivery_mode=2, message_id=uuid.uuid4().hex
                )
                self._confirmed -= 1
                self._channel.basic_publish(
                    made, exchange=self._exchange, routing_key="" if self._exchange else self.name
                )
            # All are sent before the first answer is waited for: the disk is asked once for many.
            while self._confirmed < 0:
                self._connection.drain_events(timeout=_ANSWER)

    def receive(self, most: int = MOST_MESSAGES, wait: int = LONG_POLL) -> list[Received]:
        with self._in_sentences():
            if not self._consumes:
                self._channel.basic_qos(0, _PREFETCH, False)
                self._channel.basic_consume(self.name, callback=self._came.append)
                self._consumes = True
            deadline, patience = time.monotonic() + wait, max(_ON_ITS_WAY, float(wait))
            while len(self._came) < most and patience > 0:
                try:
                    self._connection.drain_events(timeout=patience)
                except TimeoutError:
                    break
                patience = min(_ON_ITS_WAY, deadline - time.monotonic())
            return [_received(self._came.popleft()) for _ in range(min(most, len(self._came)))]

    def delete(self, messages: list[Received]) -> None:
        with self._in_sentences():
            for message in messages:
                self._channel.basic_ack(message.receipt)

    def give_back(self, messages: list[Received]) -> None:
        with self._in_sentences():
            for message in messages:
                self._channel.basic_reject(message.receipt, requeue=True)

    def close(self) -> None:
        with self._in_sentences():
            self._connection.close()

    def bind(self, exchange: str) -> None:
        """The queue gets a copy of all that is sent to the exchange, which is made where it is not there yet."""
        with self._in_sentences():
            self._channel.exchange_declare(exchange, "fanout", durable=True, auto_delete=False)
            self._channel.queue_bind(self.name, exchange)

    def _declare(self, terms: Terms) -> None:
        if self._exchange:
            self._channel.exchange_declare(self._exchange, "fanout", durable=True, auto_delete=False)
            return
        quorum = {"x-queue-type": "quorum"}
        buries = {
            "x-delivery-limit": terms.attempts - 1,  # deliveries after the first
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": f"{self.name}{DEAD_LETTERS}",
        }
        if not self.name.endswith(DEAD_LETTERS):
            self._queue(f"{self.name}{DEAD_LETTERS}", quorum)
            self._queue(self.name, quorum | buries)
        else:
            self._queue(self.name, quorum)

    def _queue(self, name: str, arguments: dict[str, Any]) -> None:
        self._channel.queue_declare(name, durable=True, auto_delete=False, arguments=arguments)

    def _confirm(self, tag: int, multiple: bool) -> None:  # noqa: FBT001 - amqp's signature
        """RabbitMQ answers for one message, or for all up to one."""
        self._confirmed += tag - self._last_tag if multiple else 1
        self._last_tag = max(tag, self._last_tag)

    _last_tag = 0

    def _in_sentences(self) -> Any:
        return in_sentences(_TITLE, self.name, *_ERRORS)


def _received(message: Any) -> Received:
    headers = message.headers or {}
    return Received(
        id=str(message.properties.get("message_id", message.delivery_tag)),
        body=message.body if isinstance(message.body, str) else message.body.decode(errors="replace"),
        client=str(headers.get(CLIENT) or UNKNOWN),
        sent_at=float(headers.get(_SENT_AT, time.time())),
        receives=int(headers.get("x-delivery-count", 0)) + 1,
        receipt=message.delivery_tag,
    )
