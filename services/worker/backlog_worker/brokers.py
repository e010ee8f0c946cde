"""What the worker adds to a broker: a mended transport, how it is asked, how messages are handed back."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol

from backlog_todos.broker import RabbitMq, Sqs, Valkey
from backlog_worker.depth import Depth
from backlog_worker.settings import WorkerSettings

_MODULES: Mapping[type, str] = {Sqs: "sqs", RabbitMq: "rabbitmq", Valkey: "valkey"}


class Side(Protocol):
    """The worker's side of a broker; each is a module of that name."""

    def celery(self, settings: WorkerSettings, /) -> dict[str, Any]:
        """Celery's settings beside what both doors have; transport options among them."""

    def ask(self, app: Any, settings: WorkerSettings, /) -> None:
        """Whether the broker is there; whatever it raises says that it is not."""

    def depth(self, app: Any, settings: WorkerSettings, /) -> Depth:
        """How much is on the queue; whatever it raises says that the broker is away."""

    def keep(self, request: Any, settings: WorkerSettings, /) -> None:
        """Hide the message of a job at work for another visibility timeout; whatever it raises, it is asked again."""

    def hand_back(self, request: Any, settings: WorkerSettings, /) -> None:
        """Let another worker have the message of a job that was ended here; whatever it raises says that it can't."""


def length(app: Any, queue: str) -> int:
    """Messages that wait in a queue; 0 where it was never made."""
    with app.connection_for_write() as connection:
        try:
            return int(connection.default_channel.queue_declare(queue, passive=True).message_count)
        except connection.channel_errors:
            return 0


def side(settings: WorkerSettings) -> Side:
    """That of the broker of the environment; the others, and their clients, are not imported."""
    module: Any = import_module(f"backlog_worker.{_MODULES[type(settings.broker)]}")
    return module
