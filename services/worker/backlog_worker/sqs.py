"""kombu's SQS transport, mended where a queue that is away, or a message that is none of ours, would end the worker.

Tried with kombu 5.7.0:
- any answer to ReceiveMessage but a good one ends the process or, where a timer brings it, the polling;
- a request has no time limit: a connection that died silently is waited for forever;
- a DeleteMessage that is refused ends the process, and so does a message that is JSON and none of Celery's;
- a message that cannot be given back keeps its place in the prefetch window, and one that can stays hidden for
  `wait_time_seconds`.

Here each is a line in the log, and the next poll comes. A message that was not deleted is delivered again, which does
no harm (jobs are idempotent); one that nobody understands goes the way of all failures, to the dead-letter queue.
"""

import logging
import random
from collections.abc import Mapping
from typing import Any

import pycurl  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError, ClientError
from kombu.asynchronous.aws.connection import AsyncHTTPSConnection
from kombu.asynchronous.aws.sqs.connection import AsyncSQSConnection
from kombu.asynchronous.http.curl import CurlClient
from kombu.transport import SQS
from kombu.transport.SQS.exceptions import AccessDeniedQueueException

from backlog_worker import heartbeat, pause
from backlog_worker.depth import Depth
from backlog_worker.settings import WorkerSettings
from backlog_worker.sqs_queue import queue

log = logging.getLogger(__name__)

#: What a call of SQS raises when SQS is away, or refuses.
_AWAY = (BotoCoreError, ClientError, AccessDeniedQueueException, OSError)
_HTTP_OK = 200
_REST_LOOK = 1.0  # seconds until a resting worker looks whether it rests still
#: Seconds that a poll may take beyond the time that SQS holds it: to connect, and for the answer to travel.
_TRAVEL = 10
_CONNECT = 5
#: Seconds after a failed poll, doubled with each further one up to the last.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 8.0


class Client(CurlClient):
    """kombu's HTTP client, with time limits."""

    def _setup_request(self, curl: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        super()._setup_request(curl, request, *args, **kwargs)
        curl.setopt(pycurl.CONNECTTIMEOUT, _CONNECT)
        curl.setopt(pycurl.TIMEOUT, int(request.request_timeout))


class Connection(AsyncSQSConnection):
    """Long polls whose failure is an empty answer; `failures` counts those since the last success."""

    failures = 0
    wait_time_seconds = 0

    def get_http_connection(self) -> AsyncHTTPSConnection:
        """A connection that waits for longer than SQS holds a poll."""
        return AsyncHTTPSConnection(timeout=self.wait_time_seconds + _TRAVEL, http_client=self._httpclient)

    def _on_list_ready(self, parent: Any, markers: Any, operation: str, response: Any) -> Mapping[str, Any]:
        if response.status != _HTTP_OK:
            return self._failed(operation, f"HTTP {response.status} {response.reason}".rstrip())
        try:
            answer = super()._on_list_ready(parent, markers, operation, response)
        except Exception as error:  # noqa: BLE001 - whatever a broken answer raises in botocore's parsers
            return self._failed(operation, f"{type(error).__name__}: {error}")
        if not isinstance(answer, dict):
            return self._failed(operation, "not an answer of SQS")
        self.failures = 0
        heartbeat.beat()
        return answer

    def _failed(self, operation: str, why: str) -> Mapping[str, Any]:
        self.failures += 1
        log.warning("%s failed", operation, extra={"detail": why, "failures": self.failures})
        return {}


class Channel(SQS.Channel):
    """A channel that outlives SQS being away, and messages that are none of ours."""

    def asynsqs(self, queue: str | None = None) -> AsyncSQSConnection:
        """The connection of a predefined queue, with our answer to failures."""
        if queue in self._predefined_queue_async_clients:
            return self._predefined_queue_async_clients[queue]
        hub: Any = self.hub
        if not isinstance(getattr(hub, "_current_http_client", None), Client):
            hub._current_http_client = Client(hub)  # noqa: SLF001 - where kombu looks for the hub's client
        made = super().asynsqs(queue)
        made.__class__ = Connection
        made.wait_time_seconds = self.wait_time_seconds
        return made

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:  # noqa: FBT001, FBT002 - kombu's signature
        """Delete the message; SQS delivers it again if that failed."""
        try:
            super().basic_ack(delivery_tag, multiple)
        except _AWAY as error:
            self._let_go(delivery_tag)
            log.warning("message not deleted", extra={"detail": str(error)})

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:  # noqa: FBT001, FBT002 - kombu's signature
        """Leave the message to its visibility timeout, and after maxReceiveCount to the dead-letter queue."""
        try:
            super().basic_reject(delivery_tag, requeue)
        except _AWAY as error:
            self._let_go(delivery_tag)
            log.warning("message not released", extra={"detail": str(error)})

    def _on_messages_ready(self, queue: str, qname: str, messages: Mapping[str, Any]) -> int:
        received = messages.get("Messages") or []
        for message in received:
            try:
                super()._on_messages_ready(queue, qname, {"Messages": [message]})
            except Exception:  # whatever Celery makes of what is no Celery message
                self._let_go(message["ReceiptHandle"])
                log.exception("message not understood", extra={"message_id": message.get("MessageId")})
        return len(received)

    def _loop1(self, queue: str, messages_fetched: int | None = None) -> None:
        connection = self._predefined_queue_async_clients.get(self.canonical_queue_name(queue))
        if failures := getattr(connection, "failures", 0):
            hub: Any = self.hub
            pause = min(_FIRST_PAUSE * 2 ** min(failures - 1, 10), _LONGEST_PAUSE)
            hub.call_later(pause * random.uniform(0.5, 1), self._schedule_queue, queue)  # noqa: S311 - no secret
        else:
            super()._loop1(queue, messages_fetched)

    def _schedule_queue(self, queue: str) -> None:
        """Poll, unless the worker rests."""
        if pause.asked():
            hub: Any = self.hub
            hub.call_later(_REST_LOOK, self._schedule_queue, queue)
        else:
            super()._schedule_queue(queue)

    def _put(self, queue: str, message: dict[str, Any], **kwargs: Any) -> None:
        """Send a message, or make one that is given back visible at once."""
        if not message.get("redelivered"):
            super()._put(queue, message, **kwargs)
            return
        self.sqs(queue=self.canonical_queue_name(queue)).change_message_visibility(
            QueueUrl=self._new_queue(queue),
            ReceiptHandle=message["properties"]["delivery_tag"],
            VisibilityTimeout=0,
        )

    def _let_go(self, delivery_tag: str) -> None:
        """Its place in the prefetch window is free again, else the window fills up and the polling ends."""
        self.qos.ack(delivery_tag)


class Transport(SQS.Transport):
    """For Celery's broker_transport."""

    Channel = Channel


def celery(_: WorkerSettings) -> dict[str, Any]:
    """Celery's settings for this transport."""
    return {
        "broker_transport": "backlog_worker.sqs:Transport",
        "broker_transport_options": {
            # SQS's longest poll: fewest empty answers, and no delay for what arrives meanwhile.
            "wait_time_seconds": 20,
            # Seconds between two polls, and two looks at a full prefetch window: short, as the poll itself waits.
            "polling_interval": 0.05,
        },
    }


def ask(_: Any, settings: WorkerSettings) -> None:
    """Ask how much is on it."""
    queue(settings).depth()


def depth(_: Any, settings: WorkerSettings) -> Depth:
    """How much is on the queue."""
    return queue(settings).depth()


def keep(request: Any, settings: WorkerSettings) -> None:
    """Hide the message for another visibility timeout from now."""
    queue(settings).hide(request.message.delivery_tag, settings.visibility_timeout)


def hand_back(request: Any, settings: WorkerSettings) -> None:
    """Make the message visible at once."""
    queue(settings).hide(request.message.delivery_tag, 0)
