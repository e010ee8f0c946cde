"""Keeps ECS from stopping this task, by a scale-in or a deployment, while it has jobs.

The parent holds the protection, for all the jobs of its pool processes: it counts none, but goes by Celery's own
account of them (at_work.py), so that nothing that happens to a process leaves it held. One thread makes every call. It
is released when there was no job for a while, since a call for each of a hundred jobs a second would be refused; and
renewed after half of its time, so that each job has the other half, which is its hard limit (infra/job_contract.py).

A worker that is never without a job would never be released, and a deployment would wait for it in vain. So it rests
after a while: it takes no job until the last one has ended, is released, and goes on if it is still there then.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from backlog_worker import at_work, pause
from backlog_worker.protection_endpoint import Refused

log = logging.getLogger(__name__)

#: Seconds that a job waits at most until the task is protected; after that it starts all the same.
LONGEST_WAIT = 3.0
_LOOK = 0.5  # seconds between two looks at the jobs
#: Seconds until a refused call is made again, doubled up to the last.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
#: Seconds that a task stays unprotected on purpose: for ECS to stop it, if it wants to.
REST = 30.0
#: Seconds that a resting worker waits for a job that was already on its way.
_ON_ITS_WAY = 2.0
_NEVER = float("-inf")


class Endpoint(Protocol):
    """See protection_endpoint.py; both raise Refused."""

    def protect(self, minutes: int) -> None:
        """Protect the task."""

    def release(self) -> None:
        """End that."""


class Protection(threading.Thread):
    """Holds the protection for `minutes` at a time, and for `linger` seconds after the last job.

    After `hold` seconds without an end of it the worker rests.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        minutes: int,
        linger: float,
        hold: float,
        busy: Callable[[], bool] = at_work.any_request,
    ) -> None:
        super().__init__(name="protection", daemon=True)
        self._endpoint, self._minutes, self._linger, self._busy = endpoint, minutes, linger, busy
        self._hold = hold
        self._changed = threading.Condition()
        self._ended = False
        self._last_job = self._held_until = self._renew_at = _NEVER
        self._held_since = self._rest_ends = _NEVER
        self._to_release = False  # also after a call of which nobody knows what became of it
        self._refusals = 0
        self._next_try = _NEVER

    def job_comes(self) -> None:
        """A job is about to start: wait until the task is protected, but LONGEST_WAIT seconds at most.

        Once ECS has refused, jobs do not wait: it is asked again in the background.
        """
        with self._changed:
            self._last_job = time.monotonic()
            if self.is_alive() and not (self._held() or self._refusals or self._ended):
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._held() or self._refusals, LONGEST_WAIT)

    def run(self) -> None:
        """Make the calls that are due, until the end; then release."""
        while not self._ended:
            with self._changed:
                self._changed.wait_for(lambda: self._ended or self._due(), _LOOK)
                due = None if self._ended else self._next_call()
            if due:
                self._call(due)
        if self._to_release:
            self._call(self._release)

    def end(self) -> None:
        """The worker is about to leave: release, and wait for that, LONGEST_WAIT seconds at most."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        if self.is_alive():
            self.join(LONGEST_WAIT)

    def _held(self) -> bool:
        return time.monotonic() < self._held_until

    def _next_call(self) -> Callable[[], None] | None:
        if (due := self._due()) == self._release:
            self._held_until = _NEVER  # whoever comes from now on waits for a new one
        return due

    def _due(self) -> Callable[[], None] | None:
        now = time.monotonic()
        if now < self._next_try:
            return None
        if self._busy():
            self._last_job = now
        self._rest(now)
        if now - self._last_job < (_ON_ITS_WAY if pause.asked() else self._linger):
            return self._protect if now >= self._renew_at or not self._held() else None
        return self._release if self._to_release else None

    def _rest(self, now: float) -> None:
        """Begin a rest, or end it: also one whose jobs do not end, or whose release is refused, after a while."""
        if not pause.asked() and self._held() and now - self._held_since > self._hold:
            self._rest_ends = now + self._minutes * 60
            pause.set_to(True)
            log.info("taking no job until the task was released from its protection for a while")
        elif pause.asked() and now > self._rest_ends:
            self._held_since = now
            pause.set_to(False)

    def _call(self, make: Callable[[], None]) -> None:
        try:
            make()
        except Refused as refusal:
            with self._changed:
                self._refusals += 1
                pause = min(_FIRST_PAUSE * 2 ** min(self._refusals - 1, 10), _LONGEST_PAUSE)
                self._next_try = time.monotonic() + pause
                self._changed.notify_all()
            log.warning("scale-in protection refused", extra={"detail": str(refusal), "try_again_in": pause})
        else:
            with self._changed:
                self._refusals = 0
                self._changed.notify_all()

    def _protect(self) -> None:
        began, seconds = time.monotonic(), self._minutes * 60
        anew = not self._held()
        self._to_release = True
        self._endpoint.protect(self._minutes)
        with self._changed:
            self._held_until, self._renew_at = began + seconds, began + seconds / 2
        if anew:
            self._held_since = began
            log.info("task protected from scale-in", extra={"minutes": self._minutes})

    def _release(self) -> None:
        self._endpoint.release()
        self._to_release = False
        self._rest_ends = time.monotonic() + REST
        log.info("task no longer protected from scale-in")
