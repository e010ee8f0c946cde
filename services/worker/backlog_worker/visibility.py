"""Keeps the messages of jobs at work hidden, for as long as the jobs may take.

A message's visibility timeout covers what a job usually takes, so that one whose worker died is soon done by another
(docs/adr/). From half of it on, a job that takes longer has its message hidden for another timeout, again and again up
to its hard limit. A call that failed is made again: the other half of the timeout is for that. When the job ends, or
this process, nothing is hidden any more.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from backlog_worker import at_work
from backlog_worker.settings import WorkerSettings

log = logging.getLogger(__name__)

_LOOK = 0.5  # seconds between two looks at the jobs
_TRY_AGAIN = 1.0  # seconds after a failed call


class Visibility(threading.Thread):
    """`keep` hides the message of a request for another visibility timeout; it may raise anything."""

    def __init__(
        self,
        settings: WorkerSettings,
        keep: Callable[[Any], None],
        jobs: Callable[[], Sequence[Any]] = at_work.requests,
    ) -> None:
        super().__init__(name="visibility", daemon=True)
        self._half, self._limit = settings.visibility_timeout / 2, settings.time_limit
        self._keep, self._jobs = keep, jobs
        self._due: dict[Any, float] = {}  # request -> when its message is to be hidden anew
        self._over: dict[Any, float] = {}  # request -> when its hard limit is over
        self._looking = threading.Lock()
        self._stop_asked = threading.Event()

    def run(self) -> None:
        """Look until told to stop."""
        while not self._stop_asked.wait(min(_LOOK, self._half / 2)):
            with self._looking:
                self.look()

    def look(self) -> None:
        """Hide what is due, and forget the jobs that are over."""
        now = time.monotonic()
        jobs = [request for request in self._jobs() if not request.acknowledged]
        self._due = {request: self._due.get(request, now + self._half) for request in jobs}
        self._over = {request: self._over.get(request, now + self._limit) for request in jobs}
        for request in jobs:
            if self._due[request] <= now < self._over[request] and not self._stop_asked.is_set():
                self._due[request] = now + (self._half if self._hidden(request) else _TRY_AGAIN)

    def stop(self) -> None:
        """Hide nothing any more; when this returns, no call is under way."""
        self._stop_asked.set()
        with self._looking:
            pass

    def _hidden(self, request: Any) -> bool:
        if request.acknowledged or request not in self._jobs():
            return True  # over since the look began
        try:
            self._keep(request)
        except Exception as error:  # noqa: BLE001 - whatever a broker raises, it is asked again
            log.warning("message not kept hidden", extra={"job_id": request.id, "detail": str(error)})
            return False
        log.info("job takes longer than most: its message stays hidden", extra={"job_id": request.id})
        return True
