"""SQS: the queue is named by its URL, so that neither door needs the right to list or to make queues."""

from dataclasses import dataclass
from typing import Any

from backlog_todos.broker.wire import COMMON, QUEUE, Patience


@dataclass(frozen=True)
class Sqs:
    """A queue by its URL; credentials are the task role's."""

    queue_url: str
    region: str

    def client(self, patience: Patience) -> dict[str, Any]:
        """Botocore's configuration."""
        return {
            "connect_timeout": patience.connect,
            "read_timeout": patience.answer,
            "retries": {"total_max_attempts": patience.tries, "mode": "standard"},
        }

    def celery(self, patience: Patience) -> dict[str, Any]:
        """Celery's settings."""
        return COMMON | {
            "broker_url": "sqs://",
            "broker_transport_options": {
                "region": self.region,
                "predefined_queues": {QUEUE: {"url": self.queue_url}},
                "client-config": self.client(patience),
            },
            "task_default_queue": QUEUE,  # Celery's own name for it; the URL says which it is
        }

    def sending(self) -> dict[str, Any]:
        """What is added to each sending: botocore tries again by itself."""
        return {"retry": False}
