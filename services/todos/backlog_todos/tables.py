"""The tables: todos, and the calendars that somebody asked for. The database is the truth."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Index, Text, func, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_NOW = func.clock_timestamp()


class Table(DeclarativeBase):
    """What all tables share: times with a zone."""

    type_annotation_map = {datetime: DateTime(timezone=True), str: Text(), int: BigInteger()}  # noqa: RUF012 - SQLAlchemy's own form


class Todo(Table):
    """Something to be done."""

    __tablename__ = "todos"
    # Serves `?window=`: the open end is cut off by the deadline, which most todos of long ago have passed.
    __table_args__ = (
        Index("todos_deadline_at", "deadline_at", postgresql_where=text("deadline_at is not null")),
        Index("todos_completed", "completed", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    description: Mapped[str | None]
    completed: Mapped[bool] = mapped_column(server_default=text("false"))
    deadline_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    updated_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class CalendarJob(Table):
    """A calendar that was asked for. Its id is the task's id; its status has one of Celery's names.

    `sent_at` is when its message last went to the queue, and null while none has; the reconciler goes by it.
    `attempts` counts starts, whatever became of them.
    """

    __tablename__ = "calendar_jobs"
    __table_args__ = (
        Index("calendar_jobs_open", "sent_at", postgresql_where=text("status not in ('SUCCESS', 'FAILURE')")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(server_default=text("'PENDING'"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    requested_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    sent_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]
    todos: Mapped[str | None] = mapped_column(comment="the calendar of VTODOs")
    events: Mapped[str | None] = mapped_column(comment="the calendar of VEVENTs, for apps that know no VTODO")
