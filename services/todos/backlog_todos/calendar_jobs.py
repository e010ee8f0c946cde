"""The life of a calendar that was asked for: requested, sent, started, finished or failed.

All of it is in the database; a message on the queue is only a hint that there is work.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.orm import Session

from backlog_todos import calendar, todos
from backlog_todos.tables import CalendarJob

OPEN = ("PENDING", "STARTED", "RETRY")
_NOW = func.clock_timestamp()


@dataclass(frozen=True)
class Standing:
    """How a job stands, without its calendar."""

    id: uuid.UUID
    status: str


def requested(session: Session) -> uuid.UUID:
    """A new job; send its id to the queue after the commit, never before."""
    return session.execute(insert(CalendarJob).values(id=uuid.uuid4()).returning(CalendarJob.id)).scalar_one()


def sent(session: Session, job_id: uuid.UUID) -> None:
    """Its message is on the queue."""
    session.execute(update(CalendarJob).where(CalendarJob.id == job_id).values(sent_at=_NOW))


def standing(session: Session, job_id: uuid.UUID) -> Standing | None:
    """How a job stands; None for an id that nobody was given."""
    row = session.execute(select(CalendarJob.id, CalendarJob.status).where(CalendarJob.id == job_id)).one_or_none()
    return Standing(*row) if row else None


def result(session: Session, job_id: uuid.UUID, *, events: bool = False) -> tuple[Standing, str | None] | None:
    """How a job stands, and its calendar once it is done."""
    column = CalendarJob.events if events else CalendarJob.todos
    row = session.execute(
        select(CalendarJob.id, CalendarJob.status, column).where(CalendarJob.id == job_id)
    ).one_or_none()
    return (Standing(row[0], row[1]), row[2]) if row else None


def started(session: Session, job_id: uuid.UUID) -> bool:
    """Count an attempt; False when there is nothing to do: the message of a finished or unknown job."""
    statement = (
        update(CalendarJob)
        .where(CalendarJob.id == job_id, CalendarJob.status.in_(OPEN))
        .values(status="STARTED", started_at=_NOW, attempts=CalendarJob.attempts + 1)
    )
    return bool(session.execute(statement.returning(CalendarJob.id)).scalar_one_or_none())


def build(session: Session, job_id: uuid.UUID) -> None:
    """Render the todos as they are now and keep the result; doing it twice does no harm."""
    everything = todos.listed(session)
    session.execute(
        update(CalendarJob)
        .where(CalendarJob.id == job_id)
        .values(
            status="SUCCESS",
            finished_at=_NOW,
            error=None,
            todos=calendar.of_todos(everything),
            events=calendar.of_events(everything),
        )
    )


def failed(session: Session, job_id: uuid.UUID, error: str, *, attempts: int) -> str | None:
    """An attempt failed: it is tried again, or has failed for good when all `attempts` are used up.

    Returns:
        The status now; None when the job is finished or unknown, and nothing was changed.
    """
    job = session.get(CalendarJob, job_id, with_for_update=True)
    if job is None or job.status not in OPEN:
        return None
    job.error = error
    job.status = "FAILURE" if job.attempts >= attempts else "RETRY"
    if job.status == "FAILURE":
        job.finished_at = session.execute(select(_NOW)).scalar_one()
    return job.status


def given_up(session: Session, *, attempts: int, older_than_seconds: float) -> Sequence[uuid.UUID]:
    """Fail the jobs whose last attempt ended with its worker: nobody is left to say so, and SQS sends them no more."""
    statement = (
        update(CalendarJob)
        .where(
            CalendarJob.status.in_(OPEN),
            CalendarJob.attempts >= attempts,
            CalendarJob.started_at < _ago(older_than_seconds),
        )
        .values(status="FAILURE", finished_at=_NOW, error=func.coalesce(CalendarJob.error, "the worker was lost"))
    )
    return session.scalars(statement.returning(CalendarJob.id)).all()


def lost(
    session: Session,
    *,
    unsent_for_seconds: float,
    unstarted_for_seconds: float,
    silent_for_seconds: float,
    limit: int = 100,
) -> Sequence[uuid.UUID]:
    """Open jobs without a message: never sent, sent and not once started, or silent since an attempt began.

    They count as sent now, so that no other worker sends them too.
    """
    never_sent = CalendarJob.sent_at.is_(None) & (CalendarJob.requested_at < _ago(unsent_for_seconds))
    never_started = (CalendarJob.status == "PENDING") & (CalendarJob.sent_at < _ago(unstarted_for_seconds))
    silent = func.greatest(CalendarJob.sent_at, CalendarJob.started_at) < _ago(silent_for_seconds)
    candidates = (
        select(CalendarJob.id)
        .where(CalendarJob.status.in_(OPEN), never_sent | never_started | silent)
        .order_by(CalendarJob.requested_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = update(CalendarJob).where(CalendarJob.id.in_(candidates)).values(sent_at=_NOW)
    return session.scalars(statement.returning(CalendarJob.id)).all()


def _ago(seconds: float) -> ColumnElement[datetime]:
    return _NOW - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
