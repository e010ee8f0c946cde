"""RabbitMQ, as Amazon MQ has it: a quorum queue that buries a message after its last attempt, by TLS alone."""

import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from backlog_todos.broker.wire import COMMON, DEAD_LETTERS, QUEUE, Patience


@dataclass(frozen=True)
class RabbitMq:
    """A broker by its address; the password is shown nowhere. A message is delivered at most `attempts` times."""

    host: str
    port: int
    user: str
    attempts: int
    password: str = field(repr=False)

    @property
    def queue(self) -> str:
        """The queue's name has the number of attempts in it.

        A queue keeps what it was made with, and declaring it with another limit is refused: another number of attempts
        is another queue. What waits in the old one is sent to the new one by the worker's reconciler.
        """
        return f"{QUEUE}-{self.attempts}"

    def celery(self, patience: Patience) -> dict[str, Any]:
        """Celery's settings; both doors declare the same queue."""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return COMMON | {
            "broker_url": f"amqp://{login}@{self.host}:{self.port}//",
            # Against the machine's own authorities, as any client: SSL_CERT_FILE names others.
            "broker_use_ssl": {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": self.host},
            "broker_connection_timeout": patience.connect,
            "broker_transport_options": {
                "confirm_publish": True,  # a job is sent when the broker has it on disk, and not before
                "read_timeout": patience.answer,
                "write_timeout": patience.answer,
                "max_retries": patience.tries - 1,
                "interval_start": 0,
            },
            "task_default_queue": self.queue,
            "task_queues": {
                self.queue: {
                    "exchange": "",
                    "routing_key": self.queue,
                    "queue_arguments": {
                        "x-queue-type": "quorum",
                        # Deliveries after the first (RabbitMQ, "Quorum queues", poison message handling).
                        "x-delivery-limit": self.attempts - 1,
                        "x-dead-letter-exchange": "",
                        "x-dead-letter-routing-key": DEAD_LETTERS,
                        # Without both a dead letter is lost when a node goes at the wrong moment.
                        "x-dead-letter-strategy": "at-least-once",
                        "x-overflow": "reject-publish",
                    },
                }
            },
        }

    def sending(self) -> dict[str, Any]:
        """One more try on a new connection: a broker that restarted leaves dead ones behind, and nobody notices."""
        return {"retry": True, "retry_policy": {"max_retries": 1, "interval_start": 0}}
