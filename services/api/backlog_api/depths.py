"""How much is on the queue, whichever broker it is; None for what a broker does not say."""

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from celery import Celery

from backlog_todos.broker import DEAD_LETTERS, Broker, Patience, RabbitMq, Sqs

log = logging.getLogger(__name__)

_FRESH = 2.0  # seconds for which an answer of the broker serves everybody who asks
_WAITING, _HIDDEN = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"


@dataclass(frozen=True)
class Depths:
    """Messages that wait, that are with a worker, and that failed for good."""

    waiting: int
    in_flight: int | None
    dead: int | None


class LastDepths:
    """The broker's last answer. One thread asks it, however long that takes; the others are told what was known."""

    def __init__(self, read: Callable[[], Depths]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._at = -_FRESH
        self._known: Depths | None = None

    def now(self) -> Depths | None:
        """None when the broker does not answer, with a line in the log."""
        if time.monotonic() - self._at > _FRESH and self._lock.acquire(blocking=False):
            try:
                self._known = self._read()
            except Exception as error:  # noqa: BLE001 - whatever a broker raises, it is no answer
                log.warning("queue does not say how it stands", extra={"detail": str(error)})
                self._known = None
            finally:
                self._at = time.monotonic()
                self._lock.release()
        return self._known


def reader(broker: Broker, celery: Celery, patience: Patience) -> Callable[[], Depths]:
    """What asks the broker; it raises whatever the broker's client does."""
    if isinstance(broker, Sqs):
        return _of_sqs(broker, patience)
    return _of_rabbitmq(broker, celery) if isinstance(broker, RabbitMq) else _of_valkey(celery)


def _of_sqs(broker: Sqs, patience: Patience) -> Callable[[], Depths]:
    sqs = boto3.client("sqs", region_name=broker.region, config=Config(**broker.client(patience)))

    def ask(url: str) -> dict[str, str]:
        found: dict[str, str] = sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=[_WAITING, _HIDDEN, "RedrivePolicy"]
        )["Attributes"]
        return found

    def read() -> Depths:
        jobs = ask(broker.queue_url)
        try:
            dead = int(ask(_dead_letters(broker.queue_url, jobs))[_WAITING])
        except (ClientError, LookupError):  # there are none, or they are not for us to see
            dead = None
        return Depths(int(jobs[_WAITING]), int(jobs[_HIDDEN]), dead)

    return read


def _dead_letters(url: str, attributes: dict[str, str]) -> str:
    """The queue's neighbour whose name its redrive policy has: the last part of an ARN."""
    arn: str = json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"]
    return f"{url.rpartition('/')[0]}/{arn.rpartition(':')[2]}"


def _of_rabbitmq(broker: RabbitMq, celery: Celery) -> Callable[[], Depths]:
    """What consumers hold is told to administrators only (RabbitMQ, queue.declare-ok)."""

    def read() -> Depths:
        with celery.connection_for_write() as connection:
            channel: Any = connection.default_channel
            waiting = channel.queue_declare(broker.queue, passive=True).message_count
            dead = channel.queue_declare(DEAD_LETTERS, passive=True).message_count
        return Depths(waiting, None, dead)

    return read


def _of_valkey(celery: Celery) -> Callable[[], Depths]:
    def read() -> Depths:
        with celery.connection_for_write() as connection:
            channel: Any = connection.default_channel
            with channel.conn_or_acquire() as client:
                held = client.hlen(channel.unacked_key)
                return Depths(client.llen(celery.conf.task_default_queue), held, client.llen(DEAD_LETTERS))

    return read
