"""The life of a calendar that was asked for: requested, sent, started, finished or failed.

All of it is in the database; a message on the queue is only a hint that there is work.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, insert, literal, select, update
from sqlalchemy.orm import Session

from backlog_todos import events
from backlog_todos.calendars import pieces, results
from backlog_todos.lists import FIRST
from backlog_todos.tables import Calendar, CalendarJob, Result, Todo

OPEN = ("PENDING", "STARTED", "RETRY")
_NOW = func.clock_timestamp()


@dataclass(frozen=True)
class Standing:
    """How a job stands, without its calendar."""

    id: uuid.UUID
    status: str


def requested(session: Session, list_id: int = FIRST) -> uuid.UUID | None:
    """A new job, for the calendar of a list as it is now; None when there is no such list.

    Send its id to the queue after the commit, never before.
    """
    now = select(literal(uuid.uuid4()), Calendar.list_id, Calendar.wanted).where(Calendar.list_id == list_id)
    statement = insert(CalendarJob).from_select([CalendarJob.id, CalendarJob.list_id, CalendarJob.version], now)
    return session.execute(statement.returning(CalendarJob.id)).scalar_one_or_none()


def sent(session: Session, job_id: uuid.UUID) -> None:
    """Its message is on the queue."""
    session.execute(update(CalendarJob).where(CalendarJob.id == job_id).values(sent_at=_NOW))


def standing(session: Session, job_id: uuid.UUID, list_id: int = FIRST) -> Standing | None:
    """How a job of a list stands; None for an id that nobody was given."""
    of = (CalendarJob.id == job_id, CalendarJob.list_id == list_id)
    row = session.execute(select(CalendarJob.id, CalendarJob.status).where(*of)).one_or_none()
    return Standing(*row) if row else None


def result(
    session: Session, job_id: uuid.UUID, list_id: int = FIRST, *, events: bool = False
) -> tuple[Standing, str | None] | None:
    """How a job stands, and its calendar once it is done; older releases' jobs have it as text in their rows."""
    text, packed = (CalendarJob.events, Result.events) if events else (CalendarJob.todos, Result.todos)
    query = select(CalendarJob.id, CalendarJob.status, text, packed).outerjoin(Result)
    row = session.execute(query.where(CalendarJob.id == job_id, CalendarJob.list_id == list_id)).one_or_none()
    if row is None:
        return None
    return Standing(row[0], row[1]), row[2] if row[3] is None else pieces.plain(row[3]).decode()


@dataclass(frozen=True)
class Asked:
    """What a job asks for: this version of a list's calendar, or a later one."""

    list_id: int
    version: int


def started(session: Session, job_id: uuid.UUID) -> Asked | None:
    """Count an attempt; None when there is nothing to do: the message of a finished or unknown job."""
    statement = (
        update(CalendarJob)
        .where(CalendarJob.id == job_id, CalendarJob.status.in_(OPEN))
        .values(status="STARTED", started_at=_NOW, attempts=CalendarJob.attempts + 1)
    )
    # An older release's API names no version: then it is that of now.
    now = select(Calendar.wanted).where(Calendar.list_id == CalendarJob.list_id).scalar_subquery()
    version = case((CalendarJob.version == 0, func.coalesce(now, 0)), else_=CalendarJob.version)
    row = session.execute(statement.returning(CalendarJob.list_id, version)).one_or_none()
    return Asked(*row) if row else None


def handed_back(session: Session, ids: Sequence[uuid.UUID]) -> None:
    """Attempts that were broken off: the jobs wait again, and their messages have just become visible."""
    cut_off = CalendarJob.id.in_(ids) & (CalendarJob.status == "STARTED")
    session.execute(update(CalendarJob).where(cut_off).values(status="PENDING", sent_at=_NOW))


def finished(session: Session, job_id: uuid.UUID, asked: Asked) -> None:
    """The calendar is published: keep it as it is for this job, and for all others that find it so.

    Raises:
        NoResultFound: the list is gone.
    """
    result_id = results.kept(session, asked.list_id)
    done = {"status": "SUCCESS", "finished_at": _NOW, "error": None, "result_id": result_id}
    session.execute(update(CalendarJob).where(CalendarJob.id == job_id).values(**done))
    if session.info.get(events.INFO):  # where nobody is told, nothing has to be counted
        count = session.execute(select(func.count()).where(Todo.list_id == asked.list_id)).scalar_one()
        events.record(session, "calendar.published", f"calendars/{job_id}", {"task_id": str(job_id), "todos": count})


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


def unsent(session: Session, *, for_seconds: float, limit: int = 100) -> Sequence[uuid.UUID]:
    """Jobs whose message never went to the queue, the oldest first; they are this transaction's until it ends."""
    return _held(session, CalendarJob.sent_at.is_(None) & (CalendarJob.requested_at < _ago(for_seconds)), limit)


def unheard_of(
    session: Session, *, unstarted_for_seconds: float, silent_for_seconds: float, limit: int = 100
) -> Sequence[uuid.UUID]:
    """Open jobs that were sent and not once started, or are silent since an attempt began, the oldest first.

    Their messages may be lost, or wait in a long queue. They are this transaction's until it ends.
    """
    never_started = (CalendarJob.status == "PENDING") & (CalendarJob.sent_at < _ago(unstarted_for_seconds))
    silent = func.greatest(CalendarJob.sent_at, CalendarJob.started_at) < _ago(silent_for_seconds)
    return _held(session, CalendarJob.sent_at.is_not(None) & (never_started | silent), limit)


def on_the_way(session: Session) -> int:
    """How many open jobs were sent: as many messages are on the queue, where none is lost."""
    sent_and_open = CalendarJob.status.in_(OPEN) & CalendarJob.sent_at.is_not(None)
    return session.execute(select(func.count()).where(sent_and_open)).scalar_one()


def sent_again(session: Session, ids: Sequence[uuid.UUID]) -> None:
    """Their messages are on the queue, once more or at last."""
    session.execute(update(CalendarJob).where(CalendarJob.id.in_(ids)).values(sent_at=_NOW))


def _held(session: Session, which: ColumnElement[bool], limit: int) -> Sequence[uuid.UUID]:
    statement = (
        select(CalendarJob.id)
        .where(CalendarJob.status.in_(OPEN), which)
        .order_by(CalendarJob.requested_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(statement).all()


@dataclass(frozen=True)
class Backlog:
    """How many jobs wait and are at work, and how long ago the oldest of them was asked for (seconds)."""

    waiting: int
    working: int
    oldest_seconds: float


def backlog(session: Session) -> Backlog:
    """All open jobs."""
    working = CalendarJob.status == "STARTED"
    oldest = func.coalesce(func.extract("epoch", _NOW - func.min(CalendarJob.requested_at)), 0)
    row = session.execute(
        select(func.count().filter(~working), func.count().filter(working), oldest).where(CalendarJob.status.in_(OPEN))
    ).one()
    return Backlog(int(row[0]), int(row[1]), float(row[2]))


def _ago(seconds: float) -> ColumnElement[datetime]:
    return _NOW - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
