"""Tells the streams what the outbox holds: at least once, a subject's events in their order, each stream by itself.

Every worker relays; the database shares the work out among them (backlog_todos.events.due). A stream that is away is
tried again, less and less often, and told everything once it is back.
"""

import logging
import random
import threading
import time
from collections.abc import Sequence
from typing import Protocol

from backlog_todos import events
from backlog_todos.tables import Event
from backlog_worker import metrics
from backlog_worker.database import database
from backlog_worker.settings import WorkerSettings
from backlog_worker.sns import Sns

log = logging.getLogger(__name__)

_BATCH = 100  # events of one transaction, whose rows are locked for as long as the stream takes to answer
_INTERVAL = 1.0  # seconds between two looks at an outbox that was empty
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0  # seconds after a failure, doubled with each further one
_REPORT = 60.0  # seconds between two lines that say how far behind the stream is
_RETENTION = 7 * 86_400  # seconds that the events of a stream which is configured no more are kept


class Stream(Protocol):
    """Where events go."""

    def publish(self, batch: Sequence[Event]) -> tuple[list[int], str]:
        """Tell of events, each of another subject; the positions of those that were taken, and why others were not."""


class Relay(threading.Thread):
    """Relays to one stream until it is told to stop."""

    def __init__(self, name: str, stream: Stream, streams: Sequence[str], stack: str | None = None) -> None:
        super().__init__(name=f"relay-{name}", daemon=True)
        self._stream_name, self._stream, self._streams, self._stack = name, stream, streams, stack
        self._stop_asked = threading.Event()
        self._told, self._failures, self._report_at = 0, 0, time.monotonic()

    def run(self) -> None:
        """Look at once, and again as soon as there may be more."""
        while not self._stop_asked.is_set():
            pause = self._turn()
            if pause:
                self._stop_asked.wait(pause)

    def _turn(self) -> float:
        """One batch; returns the seconds until the next."""
        try:
            if time.monotonic() >= self._report_at:
                self._report()  # first, as a stream that is away is what there is to report
            told, failure = self.relay()
            self._told += told
        except Exception as error:  # noqa: BLE001 - database or stream are away: nothing is lost, and they are tried again
            told, failure = 0, f"{type(error).__name__}: {error}"
        if not failure:
            self._failures = 0
            return 0.0 if told else _INTERVAL
        self._failures += 1
        log.warning(
            "events not relayed",
            extra={"stream": self._stream_name, "failures": self._failures, "detail": failure},
        )
        pause = min(_FIRST_PAUSE * 2.0 ** min(self._failures - 1, 10), _LONGEST_PAUSE)
        return pause * random.uniform(0.5, 1)  # noqa: S311 - no secret

    def relay(self) -> tuple[int, str]:
        """Publish one batch; how many events the stream took, and why not the others (empty if there are none)."""
        with database().begin() as session:
            batch = events.due(session, self._stream_name, _BATCH)
            if not batch:
                return 0, ""
            taken, failure = self._stream.publish(batch)
            events.published(session, taken)
        return len(taken), failure

    def _report(self) -> None:
        self._report_at = time.monotonic() + _REPORT
        with database().begin() as session:
            dropped = events.dropped(session, self._streams, _RETENTION)
            behind = events.backlog(session, self._stream_name)
        if dropped:
            log.warning("events dropped: their stream is configured no more", extra={"events": dropped})
        lag = round(behind.lag_seconds, 3)
        if self._stack:
            dimensions = {"Stack": self._stack, "Stream": self._stream_name}
            metrics.tell("events", dimensions, {"EventsWaiting": behind.waiting, "EventLagSeconds": lag})
        log.info(
            "events relayed",
            extra={"stream": self._stream_name, "told": self._told, "waiting": behind.waiting, "lag_seconds": lag},
        )
        self._told = 0

    def stop(self) -> None:
        """Ask it to end."""
        self._stop_asked.set()


def relays(settings: WorkerSettings) -> list[Relay]:
    """One for each stream."""
    made: dict[str, Stream] = {}
    if settings.topic_arn:
        made["sns"] = Sns(settings.topic_arn)
    if settings.kafka:
        from backlog_worker.kafka import Kafka  # noqa: PLC0415 - its libraries are there only where it is wanted

        made["kafka"] = Kafka(settings.kafka)
    return [Relay(name, stream, settings.streams, settings.event_stack) for name, stream in made.items()]
