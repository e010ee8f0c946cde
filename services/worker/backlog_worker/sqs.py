"""kombu's SQS transport, mended where SQS being away would end the worker.

kombu 5.7.0 answers a failed ReceiveMessage with an empty list where its own reader expects a mapping, or raises within
the event loop; and a failed DeleteMessage raises there as well. Each ends the process. Here each is a line in the log:
the next poll comes, and a message that was not deleted is delivered again, which does no harm (jobs are idempotent).
"""

import logging
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from kombu.asynchronous.aws.sqs.connection import AsyncSQSConnection
from kombu.transport import SQS

from backlog_worker import heartbeat

log = logging.getLogger(__name__)

_AWAY = (BotoCoreError, ClientError, OSError)
_HTTP_OK = 200


class Connection(AsyncSQSConnection):
    """Long polls whose failure is an empty answer."""

    def _on_list_ready(self, parent: Any, markers: Any, operation: str, response: Any) -> dict[str, Any]:
        if response.status != _HTTP_OK:
            log.warning("%s failed", operation, extra={"status": response.status, "detail": response.reason})
            return {}
        try:
            answer: dict[str, Any] = super()._on_list_ready(parent, markers, operation, response)
        except Exception as error:  # noqa: BLE001 - whatever a broken answer raises in botocore's parsers
            log.warning("%s was not understood", operation, extra={"detail": str(error)})
            return {}
        heartbeat.beat()
        return answer


class Channel(SQS.Channel):
    """A channel that outlives SQS being away."""

    def asynsqs(self, queue: str | None = None) -> AsyncSQSConnection:
        """The connection of a predefined queue, with our answer to failures."""
        if queue in self._predefined_queue_async_clients:
            return self._predefined_queue_async_clients[queue]
        made = super().asynsqs(queue)
        made.__class__ = Connection
        return made

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:  # noqa: FBT001, FBT002 - kombu's signature
        """Delete the message; SQS delivers it again if that failed."""
        try:
            super().basic_ack(delivery_tag, multiple)
        except _AWAY as error:
            log.warning("message not deleted", extra={"detail": str(error)})

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:  # noqa: FBT001, FBT002 - kombu's signature
        """Leave the message to its visibility timeout, and after maxReceiveCount to the dead-letter queue."""
        try:
            super().basic_reject(delivery_tag, requeue)
        except _AWAY as error:
            log.warning("message not released", extra={"detail": str(error)})


class Transport(SQS.Transport):
    """For Celery's broker_transport."""

    Channel = Channel
