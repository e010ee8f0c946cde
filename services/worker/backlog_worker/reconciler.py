"""Sends again what the queue lost: the database knows which jobs are open, and since when nothing was heard of them.

It also knows which calendars are behind. What is not built when it is sent again is built here, so that a queue which
delivers nothing delays a calendar, and no more.
"""

import logging
import threading
import time

from celery import Celery
from celery.worker import state
from sqlalchemy.orm import Session

from backlog_todos import broker, calendar_jobs
from backlog_todos.calendars import overdue, results
from backlog_worker import brokers, metrics, tasks
from backlog_worker.database import database
from backlog_worker.settings import WorkerSettings

log = logging.getLogger(__name__)

INTERVAL = 5.0  # seconds between two looks, each of them one indexed query
#: Seconds that a message may be on its way to a worker that has nothing to do. One that takes longer is hidden: the
#: last poll of a worker that was stopped can take a message with it, when SQS answers a connection that is gone.
_UNSTARTED_AFTER = 5.0
_TELL_EVERY = 30.0  # seconds; CloudWatch keeps a value a minute
_HEARD_WITHIN = 0.5  # seconds that a worker has to take a message that is sent again
_CLEAN_EVERY = 60.0  # seconds
_UNSENT_AFTER = 3.0  # seconds; the API sends right after its commit, or not at all


class Reconciler(threading.Thread):
    """Looks until it is told to stop; an error is logged, and the next look comes."""

    def __init__(self, app: Celery, settings: WorkerSettings, interval: float = INTERVAL) -> None:
        super().__init__(name="reconciler", daemon=True)
        self._app, self._settings, self._interval = app, settings, interval
        self._stop_asked = threading.Event()
        self._send = tasks.sending(app, settings)
        self._told_at = float("-inf")
        self._cleaned_at = time.monotonic()
        self._was_idle = False  # at the last look: a worker that has just begun may have a long queue before it

    def run(self) -> None:
        """Look at once, then again and again."""
        while True:
            begun = time.monotonic()
            for part in (self.look, self.tell, self.clean, self.publish):
                try:
                    part()
                except Exception:  # database or queue are away: they are looked for again
                    log.exception("could not reconcile")
            if self._stop_asked.wait(max(0.0, begun + self._interval - time.monotonic())):
                return

    def publish(self) -> int:
        """Ask again for calendars that are behind, and build those of which nobody hears; how many were built here."""
        with database().kw["bind"].connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            asked = overdue.asked_again(connection, self._send)
        if not asked or self._stop_asked.wait(_HEARD_WITHIN):
            return 0
        return overdue.built(database(), asked, self._send)

    def clean(self) -> None:
        """Forget old jobs, some at a time, until none is left."""
        if time.monotonic() < self._cleaned_at + _CLEAN_EVERY:
            return
        with database().begin() as session:
            if not results.dropped(session):
                self._cleaned_at = time.monotonic()

    def look(self) -> int:
        """Fail what is used up, send what is lost; returns how many jobs were sent.

        A job that cannot be sent now stays marked as sent only if the transaction commits, which it then does not.
        """
        settings = self._settings
        idle, self._was_idle = self._was_idle and not state.reserved_requests, not state.reserved_requests
        with database().begin() as session:
            calendar_jobs.given_up(session, attempts=settings.attempts, older_than_seconds=settings.resend_after)
            ids = [*calendar_jobs.unsent(session, for_seconds=_UNSENT_AFTER)]
            suspects = calendar_jobs.unheard_of(
                session,
                unstarted_for_seconds=_UNSTARTED_AFTER if idle else settings.resend_after,
                silent_for_seconds=settings.resend_after,
            )
            if suspects:
                ids += suspects[: self._missing(session, idle=idle)]
            calendar_jobs.sent_again(session, ids)
            for job_id in ids:
                self._app.send_task(
                    broker.BUILD_CALENDAR, args=[str(job_id)], task_id=str(job_id), **settings.broker.sending()
                )
                log.info("sent again", extra={"job_id": str(job_id)})
        return len(ids)

    def _missing(self, session: Session, *, idle: bool) -> int | None:
        """How many messages the queue has lost; None is all of them. What waits in a long queue is not lost.

        Each open job has a message, so that there are too few messages where some are lost. A worker that has nothing
        to do knows more: when no message waits either, whatever is hidden is with nobody who works on it.
        """
        depth = brokers.side(self._settings).depth(self._app, self._settings)
        if not depth.waiting and (idle or depth.hidden is None):
            return None
        if depth.hidden is None:
            return 0
        return max(0, calendar_jobs.on_the_way(session) - depth.waiting - depth.hidden)

    def tell(self) -> None:
        """Tell how jobs stand, where the broker does not."""
        stack, now = self._settings.metrics_stack, time.monotonic()
        if stack is None or now < self._told_at + _TELL_EVERY:
            return
        with database().begin() as session:
            backlog = calendar_jobs.backlog(session)
        values = {
            "JobsWaiting": backlog.waiting,
            "JobsAtWork": backlog.working,
            "OldestJobSeconds": backlog.oldest_seconds,
        }
        try:
            values["DeadLetters"] = brokers.length(self._app, broker.DEAD_LETTERS)
        except Exception as error:  # noqa: BLE001 - the jobs are the database's, and are told whether it is there or not
            log.warning("dead letters not counted", extra={"detail": str(error)})
        metrics.tell("jobs", {"Stack": stack}, values)
        self._told_at = now

    def stop(self) -> None:
        """Ask it to end."""
        self._stop_asked.set()
