"""Which broker it is: read from the environment."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from backlog_todos.broker.rabbitmq import RabbitMq
from backlog_todos.broker.sqs import Sqs
from backlog_todos.broker.valkey import Valkey
from backlog_todos.broker.wire import Patience
from backlog_todos.settings import Reader

_MOST_ATTEMPTS = 1_000


class Broker(Protocol):
    """What both doors ask of a broker."""

    def celery(self, patience: Patience) -> dict[str, Any]:
        """Celery's settings."""

    def sending(self) -> dict[str, Any]:
        """Arguments of each `send_task`."""


def read(reader: Reader) -> Broker:
    """Read BROKER (sqs where it is not set), and the variables that this broker needs."""
    kind = reader.one_of("BROKER", tuple(_KINDS), "sqs")
    return _KINDS.get(kind, _sqs)(reader)


def _sqs(reader: Reader) -> Sqs:
    return Sqs(queue_url=reader.text("QUEUE_URL"), region=reader.text("AWS_REGION"))


def _rabbitmq(reader: Reader) -> RabbitMq:
    return RabbitMq(**_address(reader), attempts=reader.number("BROKER_ATTEMPTS", 1, _MOST_ATTEMPTS))


def _valkey(reader: Reader) -> Valkey:
    return Valkey(**_address(reader))


def _address(reader: Reader) -> dict[str, Any]:
    return {
        "host": reader.text("BROKER_HOST"),
        "port": reader.number("BROKER_PORT", 1, 65_535),
        "user": reader.text("BROKER_USER"),
        "password": reader.text("BROKER_PASSWORD"),
    }


_KINDS: Mapping[str, Callable[[Reader], Broker]] = {"sqs": _sqs, "rabbitmq": _rabbitmq, "valkey": _valkey}
