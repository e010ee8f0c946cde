"""Domain events: what happened to todos and calendars, written down in the transaction in which it happened.

The table `events` is a transactional outbox. Each event has a row for every stream that it goes to, so that one
which is away holds back no other; a relay publishes it, at least once, and deletes the row. Events of one subject (one
todo, one calendar) are published in their order.

As JSON an event is a CloudEvent 1.0; docs/events/ has its schema.
"""

import json
import secrets
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, insert, select, text
from sqlalchemy.orm import Session, aliased, sessionmaker

from backlog_todos.straight import Straight
from backlog_todos.tables import Event, Todo

TYPES = ("todo.created", "todo.updated", "todo.completed", "todo.deleted", "calendar.published")
#: Raised when consumers of the older one would not understand the newer: see docs/events/.
SCHEMA_VERSION = "1"
SOURCE = "/backlog"
#: Key of a session's `info`: the streams that its process writes events for.
INFO = "event_streams"
#: Characters of a todo's title that an event carries: SNS takes 256 KiB, and so do ten events together.
_LONGEST_TITLE = 1_000
#: The columns of a todo that an event of it is made from.
TOLD = tuple(Todo.rows().c[name] for name in ("id", "title", "completed", "deadline_at", "updated_at"))
_MANY = text("""
    insert into events (stream, id, type, subject, data)
    select stream, told.id, told.type, told.subject, told.data::json
    from unnest(cast(:ids as uuid[]), cast(:types as text[]), cast(:subjects as text[]), cast(:data as text[]))
        with ordinality as told (id, type, subject, data, number),
        unnest(cast(:streams as text[])) as stream
    order by told.number
""")
_NOW = func.clock_timestamp()


def told(sessions: sessionmaker[Session]) -> bool:
    """Whether these sessions write events at all."""
    return bool(sessions.kw.get("info", {}).get(INFO))


def record(session: Session | Straight, kind: str, subject: str, data: Mapping[str, Any]) -> None:
    """Write an event down; it is told if the transaction commits, and nothing is written where there is no stream."""
    streams: Sequence[str] = session.info.get(INFO, ())
    if streams:
        assert isinstance(session, Session)  # noqa: S101 - a single statement has no event beside it
        event_id = new_id()
        written = {"id": event_id, "type": kind, "subject": subject, "data": dict(data)}
        session.execute(insert(Event), [{"stream": stream, **written} for stream in streams])


def record_todo(session: Session | Straight, kind: str, todo: Row[Any]) -> None:
    """An event of a todo, with the todo as it is after it; its description stays in the database."""
    if session.info.get(INFO):
        record(session, kind, f"todos/{todo.id}", _of_todo(todo))


def record_todos(session: Session, happened: Iterable[tuple[str, Row[Any]]]) -> None:
    """The same for many todos, each with what happened to it, in one statement."""
    streams: Sequence[str] = session.info.get(INFO, ())
    told = [(str(new_id()), kind, f"todos/{todo.id}", json.dumps(_of_todo(todo))) for kind, todo in happened if streams]
    if told:
        columns = dict(zip(("ids", "types", "subjects", "data"), map(list, zip(*told, strict=True)), strict=True))
        session.execute(_MANY, {"streams": list(streams), **columns})


def due(session: Session, stream: str, limit: int) -> Sequence[Event]:
    """The first event of each subject, oldest first, locked until the transaction ends.

    What another relay holds is skipped; what follows it in the same subject is not due before it is gone. So any number
    of relays share the work, and a subject's events keep their order.
    """
    earlier = aliased(Event)
    is_first = ~(
        select(earlier.position)
        .where(earlier.stream == Event.stream, earlier.subject == Event.subject, earlier.position < Event.position)
        .exists()
    )
    query = select(Event).where(Event.stream == stream, is_first).order_by(Event.position).limit(limit)
    return session.scalars(query.with_for_update(skip_locked=True, of=Event)).all()


def published(session: Session, positions: Sequence[int]) -> None:
    """They were told: their rows go."""
    session.execute(delete(Event).where(Event.position.in_(positions)))


def dropped(session: Session, streams: Sequence[str], older_than_seconds: float) -> int:
    """Remove what no relay will publish, as its stream is configured no more; returns how many rows that was."""
    statement = delete(Event).where(
        Event.stream.not_in(streams), Event.occurred_at < _NOW - _seconds(older_than_seconds)
    )
    return len(session.scalars(statement.returning(Event.position)).all())


@dataclass(frozen=True)
class Backlog:
    """What waits to be published: how many events, and the age of the oldest in seconds."""

    waiting: int
    lag_seconds: float


def backlog(session: Session, stream: str) -> Backlog:
    """How far a stream is behind."""
    age = func.extract("epoch", _NOW - func.min(Event.occurred_at))
    waiting, lag = session.execute(
        select(func.count(), func.coalesce(age, 0)).select_from(Event).where(Event.stream == stream)
    ).one()
    return Backlog(int(waiting), max(0.0, float(lag)))


def envelope(event: Event) -> dict[str, Any]:
    """The event as a CloudEvent (CloudEvents 1.0.2, JSON format; `sequence` is the extension of that name)."""
    return {
        "specversion": "1.0",
        "id": str(event.id),
        "source": SOURCE,
        "type": event.type,
        "subject": event.subject,
        "time": event.occurred_at.astimezone(UTC).isoformat(),
        "sequence": f"{event.position:019}",
        "schemaversion": SCHEMA_VERSION,
        "datacontenttype": "application/json",
        "data": event.data,
    }


def as_json(event: Event) -> str:
    """The envelope as text."""
    return json.dumps(envelope(event), separators=(",", ":"))


def new_id() -> uuid.UUID:
    """A version 7 UUID: milliseconds first, then 74 random bits (RFC 9562, section 5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    random = secrets.randbits(74)
    number = (
        (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    )
    return uuid.UUID(int=number)


def _of_todo(todo: Row[Any]) -> dict[str, Any]:
    return {
        "id": todo.id,
        "title": todo.title[:_LONGEST_TITLE],
        "completed": todo.completed,
        "deadline_at": todo.deadline_at.astimezone(UTC).isoformat() if todo.deadline_at else None,
        "updated_at": todo.updated_at.astimezone(UTC).isoformat(),
    }


def _seconds(seconds: float) -> ColumnElement[Any]:
    return func.make_interval(0, 0, 0, 0, 0, 0, seconds)
