"""kombu's Redis transport, with dead letters, and with failures that are left to the visibility timeout.

Tried with kombu 5.7.0:
- a rejected message is dropped; here it stays hidden, and is seen again after the visibility timeout, as on SQS;
- a message is restored for ever; here it counts how often, and after its last attempt goes to a list of dead letters;
- what is no message at all ends the worker; here it is buried at once.
"""

import logging
import time
from queue import Empty
from typing import Any

from kombu.transport import redis, virtual
from kombu.utils.encoding import bytes_to_str
from kombu.utils.json import dumps, loads

from backlog_todos.broker.wire import DEAD_LETTERS, QUEUE
from backlog_worker import heartbeat
from backlog_worker.depth import Depth
from backlog_worker.settings import WorkerSettings

log = logging.getLogger(__name__)

#: Message header: how often it was given back.
_RESTORED = "restored"
_SWEEP = 5  # seconds between two looks for messages whose visibility timeout is over


class QoS(redis.QoS):
    """A window whose rejected messages stay hidden."""

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:  # noqa: FBT001, FBT002 - kombu's signature
        """Leave the message to its visibility timeout; its place in the window is free."""
        if requeue:
            super().reject(delivery_tag, requeue=True)
        else:
            virtual.QoS.ack(self, delivery_tag)


class Channel(redis.Channel):
    """A channel that buries a message after its last attempt."""

    QoS = QoS
    attempts = 1
    from_transport_options: Any = (*redis.Channel.from_transport_options, "attempts")

    def _do_restore_message(
        self,
        payload: dict[str, Any],
        exchange: str,
        routing_key: str,
        pipe: Any,
        leftmost: bool = False,  # noqa: FBT001, FBT002 - kombu's signature
    ) -> None:
        """Within kombu's transaction, which takes the message from those at work."""
        headers = payload.setdefault("headers", {})
        headers[_RESTORED] = int(headers.get(_RESTORED, 0)) + 1
        if headers[_RESTORED] < self.attempts:
            super()._do_restore_message(payload, exchange, routing_key, pipe, leftmost)
        else:
            log.warning("message buried after its last attempt", extra={"job_id": headers.get("id")})
            pipe.lpush(DEAD_LETTERS, dumps(payload))

    def _brpop_read(self, **options: Any) -> bool:
        """Take the answer to BRPOP: a message, or nothing after a while."""
        try:
            try:
                answer = self.client.parse_response(self.client.connection, "BRPOP", **options)
            except self.connection_errors:
                self.client.connection.disconnect()  # the next poll connects again
                raise
            heartbeat.beat()
            if not answer:
                raise Empty
            queue, item = map(bytes_to_str, answer)
            if message := _message(item):
                self.connection._deliver(message, queue)  # noqa: SLF001 - as kombu does
            else:
                log.error("message not understood: buried")
                self.client.lpush(DEAD_LETTERS, item)
            return True
        finally:
            self._in_poll: Any = None


class Transport(redis.Transport):
    """For Celery's broker_transport."""

    Channel = Channel


def _message(text: str) -> dict[str, Any] | None:
    """What kombu can deliver; whether it is a job of ours is for Celery to say."""
    try:
        message: dict[str, Any] = loads(text)
        properties = message["properties"]
        sound = isinstance(properties["delivery_tag"], str) and isinstance(properties["delivery_info"], dict)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return message if sound and isinstance(message.get("headers"), dict) and "body" in message else None


def celery(settings: WorkerSettings) -> dict[str, Any]:
    """Celery's settings for this transport."""
    return {
        "broker_transport": "backlog_worker.valkey:Transport",
        "broker_transport_options": {
            "attempts": settings.attempts,
            "visibility_timeout": settings.visibility_timeout,
            "unacked_restore_interval": _SWEEP,
            "unacked_restore_throttle": 1,
        },
    }


def ask(app: Any, _: WorkerSettings) -> None:
    """Open a channel, which pings."""
    with app.connection_for_write() as connection:
        _ = connection.default_channel


def depth(app: Any, _: WorkerSettings) -> Depth:
    """The length of the list, and of the hash of what is received and not acknowledged."""
    with app.connection_for_write() as connection:
        channel = connection.default_channel
        with channel.conn_or_acquire() as client:
            return Depth(waiting=client.llen(QUEUE), hidden=client.hlen(channel.unacked_key))


def keep(request: Any, _: WorkerSettings) -> None:
    """Let its visibility timeout begin anew, unless it is over: then the message is no longer in the index."""
    channel, tag = request.message.channel, request.message.delivery_tag
    with channel.conn_or_acquire() as client:
        client.zadd(channel.unacked_index_key, {tag: time.time()}, xx=True)


def hand_back(request: Any, _: WorkerSettings) -> None:
    """Put the message back to the head of the list."""
    request.message.channel.qos.restore_by_tag(request.message.delivery_tag)
