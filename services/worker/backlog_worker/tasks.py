"""The jobs."""

import logging
import uuid
from typing import Any

from billiard.exceptions import SoftTimeLimitExceeded
from celery import Celery

from backlog_todos import broker, calendar_jobs
from backlog_worker.database import database
from backlog_worker.settings import WorkerSettings

log = logging.getLogger(__name__)


def register(app: Celery, settings: WorkerSettings) -> None:
    """Give the app its tasks, by their names on the wire."""

    @app.task(name=broker.BUILD_CALENDAR)
    def build_calendar(job_id: str) -> None:
        build(uuid.UUID(job_id), settings.attempts)


def build(job_id: uuid.UUID, attempts: int) -> None:
    """Build the calendar of a job; again if need be, and not when it is done. Any error leaves the message to SQS."""
    with database().begin() as session:
        if not calendar_jobs.started(session, job_id):
            log.info("nothing to do: the job is finished, or nobody's")
            return
    try:
        with database().begin() as session:
            calendar_jobs.build(session, job_id)
    except Exception as error:
        with database().begin() as session:
            status = calendar_jobs.failed(session, job_id, _sentence(error), attempts=attempts)
        log.warning("attempt failed", extra={"status": status})
        raise


def _sentence(error: Exception) -> str:
    """For people: no values, no SQL."""
    if isinstance(error, SoftTimeLimitExceeded):
        return "building the calendar took too long"
    return f"building the calendar failed ({type(error).__name__})"


def context(task: Any) -> dict[str, str]:
    """The ids of the job at hand, for the log."""
    if not task or not task.request.id:
        return {}
    request_id = (task.request.headers or {}).get("request_id") or getattr(task.request, "request_id", None)
    return {"job_id": task.request.id} | ({"request_id": request_id} if request_id else {})
