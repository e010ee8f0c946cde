"""Todos as JSON that PostgreSQL writes, for lists of any length.

It writes a thousand of them in about half the time that reading their rows and writing them here takes, and this
process only passes them on.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    Engine,
    Integer,
    Text,
    case,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from backlog_todos.tables import Todo

#: Rows that are in memory at a time.
PIECE = 1_000
_TABLE = Todo.rows()
#: Microseconds, which Python's isoformat() writes whole or not at all, and PostgreSQL without zeros at their end.
_FORMAT, _SECOND = 'YYYY-MM-DD"T"HH24:MI:SS.US+00:00', 1_000_000


@dataclass(frozen=True)
class Wanted:
    """Which todos of a list, in the order of their ids; None means any.

    `until` keeps those whose deadline lies between now and then; `after` is an id, `columns` are what is shown of each.
    """

    list_id: int
    columns: tuple[str, ...]
    completed: bool | None = None
    until: timedelta | None = None
    after: int = 0


@dataclass(frozen=True)
class Texts:
    """Todos as JSON objects with commas between, how many, and the last one's id (0: none)."""

    text: str
    count: int
    last: int


def page(source: Connection, wanted: Wanted, limit: int) -> Texts:
    """The first `limit` of them."""
    shown = (
        select(*(_shown(_TABLE.c[name]) for name in wanted.columns))
        .where(*_conditions(wanted))
        .order_by(Todo.id)
        .limit(limit)
        .subquery("shown")
    )
    written = cast(func.row_to_json(literal_column("shown")), Text)
    joined = func.string_agg(written, aggregate_order_by(literal_column("', '"), shown.c.id))
    text, count, last = source.execute(select(joined, func.count(), func.max(shown.c.id)).select_from(shown)).one()
    return Texts(text or "", count, last or 0)


def more(source: Connection, wanted: Wanted) -> bool:
    """Whether there are any."""
    return source.execute(select(Todo.id).where(*_conditions(wanted)).limit(1)).one_or_none() is not None


def pieces(engine: Engine, wanted: Wanted) -> Generator[str]:
    """All of them as they are at one moment, in pieces of an array; to be closed, if it is not read to its end."""
    with engine.connect() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        found = page(connection, wanted, PIECE)
        yield f"[{found.text}"
        while found.count == PIECE:
            found = page(connection, replace(wanted, after=found.last), PIECE)
            if found.count:
                yield f", {found.text}"
    yield "]"


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    yield Todo.list_id == wanted.list_id
    if wanted.after:
        yield Todo.id > wanted.after
    if wanted.completed is not None:
        yield Todo.completed.is_(wanted.completed)
    if wanted.until is not None:
        yield Todo.deadline_at.between(func.now(), func.now() + wanted.until)


def _shown(column: ColumnElement[Any]) -> ColumnElement[Any]:
    if not isinstance(column.type, DateTime):
        return column
    micro = cast(func.date_part("microseconds", column), Integer)
    alike = (micro % 10 != 0) | (micro % _SECOND == 0)
    shown = case((alike, func.to_json(column)), else_=func.to_json(func.to_char(column, _FORMAT)))
    return shown.label(column.key)
