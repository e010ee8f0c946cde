"""Sends again what the queue lost: the database knows which jobs are open, and since when nothing was heard of them."""

import logging
import threading

from celery import Celery
from celery.worker import state

from backlog_todos import broker, calendar_jobs
from backlog_worker.database import database
from backlog_worker.settings import WorkerSettings

log = logging.getLogger(__name__)

INTERVAL = 5.0  # seconds between two looks, each of them one indexed query
#: Seconds that a message may be on its way to a worker that has nothing to do. One that takes longer is hidden: the
#: last poll of a worker that was stopped can take a message with it, when SQS answers a connection that is gone.
_UNSTARTED_AFTER = 5.0
_UNSENT_AFTER = 3.0  # seconds; the API sends right after its commit, or not at all


class Reconciler(threading.Thread):
    """Looks until it is told to stop; an error is logged, and the next look comes."""

    def __init__(self, app: Celery, settings: WorkerSettings, interval: float = INTERVAL) -> None:
        super().__init__(name="reconciler", daemon=True)
        self._app, self._settings, self._interval = app, settings, interval
        self._stop_asked = threading.Event()
        self._was_idle = False  # at the last look: a worker that has just begun may have a long queue before it

    def run(self) -> None:
        """Look at once, then again and again."""
        while True:
            try:
                self.look()
            except Exception:  # database or queue are away: they are looked for again
                log.exception("could not reconcile")
            if self._stop_asked.wait(self._interval):
                return

    def look(self) -> int:
        """Fail what is used up, send what is lost; returns how many jobs were sent.

        A job that cannot be sent now stays marked as sent only if the transaction commits, which it then does not.
        """
        settings = self._settings
        idle, self._was_idle = self._was_idle and not state.reserved_requests, not state.reserved_requests
        with database().begin() as session:
            calendar_jobs.given_up(session, attempts=settings.attempts, older_than_seconds=settings.resend_after)
            ids = calendar_jobs.lost(
                session,
                unsent_for_seconds=_UNSENT_AFTER,
                unstarted_for_seconds=_UNSTARTED_AFTER if idle else settings.resend_after,
                silent_for_seconds=settings.resend_after,
            )
            for job_id in ids:
                self._app.send_task(broker.BUILD_CALENDAR, args=[str(job_id)], task_id=str(job_id), retry=False)
        if ids:
            log.info("sent again", extra={"jobs": len(ids)})
        return len(ids)

    def stop(self) -> None:
        """Ask it to end."""
        self._stop_asked.set()
