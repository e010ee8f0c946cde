"""The end of a warm shutdown: what is not done in time is handed back to the queue, for another worker to do at once.

Celery waits for running jobs for as long as they take. A container is killed after its stop timeout, and the messages
of its jobs would stay hidden until their visibility timeouts are over.
"""

import logging
import os
import signal
import threading
import uuid
from collections.abc import Callable
from typing import Any

import billiard

from backlog_todos import calendar_jobs
from backlog_worker import at_work, brokers
from backlog_worker.database import database
from backlog_worker.settings import WorkerSettings
from backlog_worker.visibility import Visibility

log = logging.getLogger(__name__)


def set_deadline(settings: WorkerSettings, visibility: Visibility, leave: Callable[[], None]) -> threading.Timer:
    """From now on the shutdown may take `settings.shutdown` seconds; `leave` is the last that is done after that."""
    timer = threading.Timer(settings.shutdown, _hand_back, (settings, visibility, leave))
    timer.daemon = True
    timer.start()
    return timer


def _hand_back(settings: WorkerSettings, visibility: Visibility, leave: Callable[[], None]) -> None:
    """End the jobs, then make their messages visible, then leave; in this order no job is done here and given away.

    A poll of this worker that is still under way at SQS may take such a message with it. The rows say that the jobs
    wait, by which the reconciler of a worker that has nothing to do knows (reconciler.py).
    """
    visibility.stop()
    unfinished = [request for request in at_work.requests() if not request.acknowledged]
    for child in billiard.active_children():
        os.kill(child.pid, signal.SIGKILL)
    handed_back = [request.id for request in unfinished if _made_visible(settings, request)]
    log.warning("shutdown took too long", extra={"unfinished": len(unfinished), "handed_back": len(handed_back)})
    try:
        with database().begin() as session:
            calendar_jobs.handed_back(session, [uuid.UUID(job_id) for job_id in handed_back])
    except Exception as error:  # noqa: BLE001 - it only makes a lost message known sooner
        log.warning("jobs not marked as waiting", extra={"detail": type(error).__name__})
    leave()
    logging.shutdown()
    os._exit(0)


def _made_visible(settings: WorkerSettings, request: Any) -> bool:
    try:
        brokers.side(settings).hand_back(request, settings)
    except Exception as error:  # noqa: BLE001 - whatever it is, the broker finds out by itself, later
        log.warning("message not handed back", extra={"job_id": request.id, "detail": str(error)})
        return False
    return True
