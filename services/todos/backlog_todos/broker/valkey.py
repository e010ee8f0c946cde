"""Valkey, as ElastiCache has it: a list, and beside it what is at work, hidden for a while; by TLS alone."""

import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from backlog_todos.broker.wire import COMMON, QUEUE, Patience


@dataclass(frozen=True)
class Valkey:
    """A server by its address; the password is shown nowhere."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)

    def celery(self, patience: Patience) -> dict[str, Any]:
        """Celery's settings."""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return COMMON | {
            "broker_url": f"redis://{login}@{self.host}:{self.port}/0",
            # Against the machine's own authorities, as any client: SSL_CERT_FILE names others.
            "broker_use_ssl": {"ssl_cert_reqs": ssl.CERT_REQUIRED},
            "broker_connection_timeout": patience.connect,
            "broker_transport_options": {
                "socket_connect_timeout": patience.connect,
                "socket_timeout": patience.answer,
                "socket_keepalive": True,
                "max_retries": patience.tries - 1,
                "interval_start": 0,
                "priority_steps": [0],  # one list; all jobs are alike
            },
            "task_default_queue": QUEUE,
            "task_queues": {QUEUE: {"exchange": QUEUE, "routing_key": QUEUE}},
        }

    def sending(self) -> dict[str, Any]:
        """One more try on a new connection: a server that restarted leaves dead ones behind, and nobody notices."""
        return {"retry": True, "retry_policy": {"max_retries": 1, "interval_start": 0}}
