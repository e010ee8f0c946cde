"""The tables. The database is the truth; docs/architecture.md says which way the data goes through them."""

import uuid
from datetime import datetime
from typing import Any, cast

import sqlalchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_NOW = func.clock_timestamp()


class Table(DeclarativeBase):
    """What all tables share: times with a zone."""

    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own form
        datetime: DateTime(timezone=True),
        str: Text(),
        int: BigInteger(),
        bytes: LargeBinary(),
    }

    @classmethod
    def rows(cls) -> sqlalchemy.Table:
        """The table itself, for statements that need rows and no objects."""
        return cast("sqlalchemy.Table", cls.__table__)


class TodoList(Table):
    """A list of todos, which has a calendar. `time_zone` is an IANA name (null: UTC).

    `remind_minutes` before a deadline the calendar's alarms go off, if it is set.
    """

    __tablename__ = "lists"

    id: Mapped[int] = mapped_column(Identity(start=2), primary_key=True)
    name: Mapped[str]
    time_zone: Mapped[str | None]
    remind_minutes: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    updated_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class Todo(Table):
    """Something to be done.

    `revision` counts the changes of this todo, `version` is its list's version at the last of them; a trigger of the
    database sets both (migration 0003). `all_day` says that the deadline is a day, and its time means nothing: it is
    00:00 UTC of that day whatever the list's zone, so that the day stays what it is when the zone changes.
    `completed_at` is when it was last ticked off, and null while it is open.
    """

    __tablename__ = "todos"
    # Serves `?window=`: the open end is cut off by the deadline, which most todos of long ago have passed.
    __table_args__ = (
        Index("todos_deadline_at", "list_id", "deadline_at", postgresql_where=text("deadline_at is not null")),
        # Serves `?completed=`, and counts what is open and what is done without a look at the rows.
        Index("todos_completed", "list_id", "completed", "id"),
        Index("todos_list", "list_id", "id"),
        Index("todos_version", "list_id", "version"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    description: Mapped[str | None]
    completed: Mapped[bool] = mapped_column(server_default=text("false"))
    deadline_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    updated_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id", ondelete="cascade"), server_default=text("1"))
    all_day: Mapped[bool] = mapped_column(server_default=text("false"))
    completed_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(server_default=text("0"))
    version: Mapped[int] = mapped_column(server_default=text("0"))


class RemovedTodo(Table):
    """A todo that left its list, until a build has taken it out of the calendar."""

    __tablename__ = "removed_todos"

    list_id: Mapped[int] = mapped_column(primary_key=True)
    todo_id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]


class Calendar(Table):
    """The version that a list's calendar should have: each transaction that changes the list's todos adds one.

    It is apart from `builds`, so that who writes todos and who builds never wait for each other.
    """

    __tablename__ = "calendars"

    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id", ondelete="cascade"), primary_key=True)
    wanted: Mapped[int] = mapped_column(server_default=text("0"))


class Build(Table):
    """The version that is published (-1: none yet), and who may publish the next.

    A builder takes the next `fence` and a lease; who comes with an older fence is refused. `asked_at` is set while a
    message for this calendar is under way, so that no second one is sent.
    """

    __tablename__ = "builds"

    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id", ondelete="cascade"), primary_key=True)
    version: Mapped[int] = mapped_column(server_default=text("-1"))
    fence: Mapped[int] = mapped_column(server_default=text("0"))
    asked_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    modified_at: Mapped[datetime | None]
    todos_etag: Mapped[str | None]
    events_etag: Mapped[str | None]
    error: Mapped[str | None]


class Fragment(Table):
    """A todo as a rendered, folded component: VTODO, and VEVENT where it has a deadline."""

    __tablename__ = "fragments"

    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id", ondelete="cascade"), primary_key=True)
    todo_id: Mapped[int] = mapped_column(primary_key=True)
    revision: Mapped[int]
    todo: Mapped[bytes]
    event: Mapped[bytes | None]


class Chunk(Table):
    """A piece of a published calendar: the fragments of some neighbouring todos, compressed; head and tail too.

    Pieces of one kind ("todo", "event"), joined by number, are the calendar. `size`, `crc` (of gzip) and `digest`
    (SHA-256) are of the plain bytes.
    """

    __tablename__ = "chunks"

    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id", ondelete="cascade"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int]
    crc: Mapped[int]
    digest: Mapped[bytes]
    gzip: Mapped[bytes]
    brotli: Mapped[bytes]


class Result(Table):
    """A calendar as it was at a version, gzipped, kept for the jobs that asked for it."""

    __tablename__ = "results"
    __table_args__ = (UniqueConstraint("list_id", "version", name="results_version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int]
    version: Mapped[int]
    todos: Mapped[bytes]
    events: Mapped[bytes]


class Feed(Table):
    """An address of a list's calendar for calendar apps; its token is known to whoever made it, and hashed here."""

    __tablename__ = "feeds"
    __table_args__ = (Index("feeds_list", "list_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id", ondelete="cascade"))
    name: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    rotated_at: Mapped[datetime | None]


class IdempotencyKey(Table):
    """A POST that was answered, and with what; `request` is the SHA-256 of method, path and body."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("idempotency_keys_age", "created_at"),)

    client: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request: Mapped[bytes]
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    body: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class AccessToken(Table):
    """A bearer token of the API, hashed."""

    __tablename__ = "access_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    revoked_at: Mapped[datetime | None]


class CalendarJob(Table):
    """A calendar that was asked for. Its id is the task's id; its status has one of Celery's names.

    `sent_at` is when its message last went to the queue, and null while none has; the reconciler goes by it.
    `attempts` counts starts, whatever became of them.
    """

    __tablename__ = "calendar_jobs"
    __table_args__ = (
        Index("calendar_jobs_open", "sent_at", postgresql_where=text("status not in ('SUCCESS', 'FAILURE')")),
        # They serve the forgetting of what was over long ago (backlog_todos.calendars.results) and of whole lists.
        Index("calendar_jobs_over", "finished_at", postgresql_where=text("finished_at is not null")),
        Index("calendar_jobs_result", "result_id", postgresql_where=text("result_id is not null")),
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
    list_id: Mapped[int] = mapped_column(server_default=text("1"))
    version: Mapped[int] = mapped_column(server_default=text("0"))
    result_id: Mapped[int | None] = mapped_column(ForeignKey("results.id"))


class Event(Table):
    """An event that a stream is not yet told of (backlog_todos.events); `position` orders a subject's events."""

    __tablename__ = "events"
    __table_args__ = (Index("events_subject", "stream", "subject", "position"),)

    position: Mapped[int] = mapped_column(primary_key=True)
    stream: Mapped[str]
    id: Mapped[uuid.UUID]
    type: Mapped[str]
    subject: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    occurred_at: Mapped[datetime] = mapped_column(server_default=_NOW)
