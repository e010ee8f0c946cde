"""kombu's AMQP transport, with a pause before a failed job is tried again, and a heart that beats.

A failed message goes back to the queue, which counts its deliveries and buries it after the last one. The broker would
deliver it again at once: a database that is away for a moment would cost all attempts within a second. So it is held
for a pause, and its place in the prefetch window with it: a worker whose every job fails slows down.
"""

import logging
from typing import Any

from amqp.exceptions import AMQPError
from kombu.asynchronous import get_event_loop
from kombu.transport import pyamqp

from backlog_todos.broker import DEAD_LETTERS
from backlog_worker import heartbeat
from backlog_worker.depth import Depth
from backlog_worker.settings import WorkerSettings

log = logging.getLogger(__name__)

#: Seconds between a failed attempt and the next.
PAUSE = 3.0
#: Seconds without a sign of life after which a connection is given up; the server sends one in half of it.
_HEARTBEAT = 10


class Channel(pyamqp.Channel):
    """A channel whose rejected messages come back after a pause."""

    def queue_declare(self, queue: str = "", *args: Any, **kwargs: Any) -> Any:
        """Declare the queue, and before it the one that its dead letters go to."""
        arguments = kwargs.get("arguments") or {}
        if arguments.get("x-dead-letter-routing-key") == DEAD_LETTERS:
            quorum = {"x-queue-type": "quorum"}
            super().queue_declare(DEAD_LETTERS, durable=True, auto_delete=False, arguments=quorum)
        return super().queue_declare(queue, *args, **kwargs)

    def basic_reject(self, delivery_tag: Any, requeue: bool, argsig: str = "Lb") -> None:  # noqa: FBT001 - amqp's signature
        """Give the message back: for the next attempt, or to be buried when this was the last (delivery limit)."""
        if requeue:
            super().basic_reject(delivery_tag, requeue, argsig)
        else:
            _hub().call_later(PAUSE, self._give_back, delivery_tag)

    def _give_back(self, delivery_tag: Any) -> None:
        try:
            super().basic_reject(delivery_tag, requeue=True)
        except (AMQPError, OSError, AttributeError) as error:
            # The connection is gone, and with it the broker took back all that was not acknowledged.
            log.info("message given back by the broker itself", extra={"detail": str(error)})


class Connection(pyamqp.Connection):
    """A connection with our channels."""

    Channel = Channel


class Transport(pyamqp.Transport):
    """For Celery's broker_transport."""

    Connection = Connection

    def establish_connection(self) -> Any:
        """Connect; the broker has answered."""
        made = super().establish_connection()
        heartbeat.beat()
        return made

    def heartbeat_check(self, connection: Any, rate: int = 2) -> Any:
        """Send a sign of life, and look for the broker's: whatever has come since the last look is one."""
        before = connection.prev_recv
        answer = super().heartbeat_check(connection, rate=rate)
        if before != connection.prev_recv:
            heartbeat.beat()
        return answer

    def qos_semantics_matches_spec(self, connection: Any) -> bool:  # noqa: ARG002 - kombu's signature
        """The prefetch window is the consumer's: a quorum queue knows no other."""
        return True


def _hub() -> Any:
    return get_event_loop()


def celery(_: WorkerSettings) -> dict[str, Any]:
    """Celery's settings for this transport."""
    return {
        "broker_transport": "backlog_worker.rabbitmq:Transport",
        "broker_heartbeat": _HEARTBEAT,
        "broker_transport_options": {},
        "worker_consumer": "backlog_worker.rabbitmq_consumer:Consumer",
        # What it would look for is said by qos_semantics_matches_spec.
        "worker_detect_quorum_queues": False,
        "worker_enable_prefetch_count_reduction": False,
    }


def ask(app: Any, _: WorkerSettings) -> None:
    """Open a channel on a connection of its own."""
    with app.connection_for_write() as connection:
        _ = connection.default_channel


def depth(app: Any, _: WorkerSettings) -> Depth:
    """How much waits; what consumers hold is told to administrators only (RabbitMQ, queue.declare-ok)."""
    with app.connection_for_write() as connection:
        declared = connection.default_channel.queue_declare(app.conf.task_default_queue, passive=True)
    return Depth(waiting=declared.message_count, hidden=None)


def keep(_request: Any, _settings: WorkerSettings) -> None:
    """Nothing to do: a message is its consumer's until the connection ends."""


def hand_back(_request: Any, _settings: WorkerSettings) -> None:
    """Nothing to do: with the connection, which ends with the process, the broker takes everything back."""
