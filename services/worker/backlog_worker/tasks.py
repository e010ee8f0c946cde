"""The jobs."""

import logging
import uuid
from collections.abc import Callable
from typing import Any

from billiard.exceptions import SoftTimeLimitExceeded
from celery import Celery

from backlog_todos import broker, calendar_jobs
from backlog_todos.calendars import builds
from backlog_worker.database import database
from backlog_worker.settings import WorkerSettings

log = logging.getLogger(__name__)

#: Asks for the calendar of a list, after so many seconds.
Send = Callable[[int, float], object]


def register(app: Celery, settings: WorkerSettings) -> None:
    """Give the app its tasks, by their names on the wire."""
    asking = sending(app, settings)
    lease = min(builds.LEASE, settings.time_limit)

    @app.task(name=broker.BUILD_CALENDAR)
    def build_calendar(job_id: str) -> None:
        build(uuid.UUID(job_id), settings.attempts, asking, lease)

    @app.task(name=broker.REFRESH_CALENDAR)
    def refresh_calendar(list_id: int) -> None:
        refresh(list_id, asking, lease)


def sending(app: Celery, settings: WorkerSettings) -> Send:
    """What asks for the calendar of a list after some seconds; a queue that is away loses nothing but time."""

    def send(list_id: int, wait: float) -> None:
        try:
            app.send_task(broker.REFRESH_CALENDAR, args=[list_id], countdown=wait or None, **settings.broker.sending())
        except Exception as error:  # noqa: BLE001 - whatever a broker raises, the reconciler finds the calendar behind
            log.warning("calendar not asked for", extra={"list_id": list_id, "detail": str(error)})

    return send


def build(job_id: uuid.UUID, attempts: int, send: Send, lease: float) -> None:
    """Have the calendar of a job published, and keep it for the job, unless it is done.

    Any error leaves the message to the queue.
    """
    with database().begin() as session:
        asked = calendar_jobs.started(session, job_id)
    if asked is None:
        log.info("nothing to do: the job is finished, or nobody's")
        return
    try:
        there = builds.ensure(database(), asked.list_id, asked.version, send, lease)
        with database().begin() as session:
            if there:
                calendar_jobs.finished(session, job_id, asked)
            else:
                calendar_jobs.failed(session, job_id, "the list is gone", attempts=0)
    except Exception as error:
        with database().begin() as session:
            status = calendar_jobs.failed(session, job_id, _sentence(error), attempts=attempts)
        log.warning("attempt failed", extra={"status": status})
        raise
    log.info("calendar built" if there else "nothing to do: the list is gone")


def refresh(list_id: int, send: Send, lease: float) -> None:
    """Publish the calendar of a list. An error is no dead letter: the reconciler asks again, as long as it takes."""
    try:
        published = builds.refresh(database(), list_id, send, lease)
    except Exception as error:  # noqa: BLE001 - whatever it is, the calendar stays behind, and is found
        log.warning("calendar not published", extra={"detail": _sentence(error)})
    else:
        log.info("calendar published" if published else "nothing to do: the calendar is built, or being built")


def _sentence(error: Exception) -> str:
    """For people: no values, no SQL."""
    if isinstance(error, SoftTimeLimitExceeded):
        return "building the calendar took too long"
    return f"building the calendar failed ({type(error).__name__})"


def context(task: Any) -> dict[str, str]:
    """The ids of the job at hand, for the log; a calendar that is to be published is no job, but its list's."""
    if not task or not task.request.id:
        return {}
    request_id = (task.request.headers or {}).get("request_id") or getattr(task.request, "request_id", None)
    is_refresh = task.name == broker.REFRESH_CALENDAR and task.request.args
    about = {"list_id": str(task.request.args[0])} if is_refresh else {"job_id": task.request.id}
    return about | ({"request_id": request_id} if request_id else {})
