"""What a builder sees: the todos that changed since the last build, and the pieces that stay, as of one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, text

from backlog_todos.calendar import About, Shown
from backlog_todos.calendars.pieces import Sum

#: Todos whose ids, divided by it, give the same number are one piece.
IN_PIECE = 256
HEAD, TAIL = -1, 1 << 62

_LIST = text(
    "select name, time_zone, remind_minutes, wanted, version, todos_etag, events_etag "
    "from lists join calendars on calendars.list_id = id join builds on builds.list_id = id where id = :list_id"
)
_CHANGED = text(
    "select id, title, description, completed, completed_at, deadline_at, all_day, revision, created_at, updated_at "
    "from todos where list_id = :list_id and version > :version order by id"
)
_EVERYTHING = text(_CHANGED.text.replace(" and version > :version", ""))
_REMOVED = text("select todo_id from removed_todos where list_id = :list_id")
_KEPT = text(
    "select todo_id, todo, event from unnest(cast(:numbers as bigint[])) number join fragments on list_id = :list_id "
    "and todo_id >= number * :in_piece and todo_id < (number + 1) * :in_piece "
    "where todo_id <> all(cast(:without as bigint[]))"
)
_PIECES = text("select kind, number, size, crc, digest from chunks where list_id = :list_id")


@dataclass(frozen=True)
class Fragment:
    """A todo as rendered components."""

    todo: bytes
    event: bytes | None


@dataclass(frozen=True)
class Kept(Sum):
    """A published piece, without what it holds."""

    digest: bytes


@dataclass(frozen=True)
class Seen:
    """`version` is published (-1: nothing is), `wanted` is what a build of this has.

    `changed` and `removed` are the todos that differ; `fragments` those of the others in the pieces where one of them
    is; `pieces` all that is published, by kind and number.
    """

    about: About
    version: int
    wanted: int
    etags: tuple[str | None, str | None]
    changed: Sequence[Shown]
    removed: frozenset[int]
    fragments: Mapping[int, Fragment]
    pieces: Mapping[tuple[str, int], Kept]

    @property
    def numbers(self) -> set[int]:
        """The pieces that differ."""
        return {number(each.id) for each in self.changed} | {number(each) for each in self.removed}


def number(todo_id: int) -> int:
    """Which piece a todo is in."""
    return todo_id // IN_PIECE


def seen(connection: Connection, list_id: int) -> Seen | None:
    """All that a build needs, in one snapshot (REPEATABLE READ); None when there is no such list."""
    of_list = {"list_id": list_id}
    row = connection.execute(_LIST, of_list).one_or_none()
    if row is None:
        return None
    about = About(row.name, row.time_zone, row.remind_minutes)
    etags = (row.todos_etag, row.events_etag)
    if row.wanted == row.version:
        return Seen(about, row.version, row.wanted, etags, [], frozenset(), {}, {})
    if row.version < 0:
        every = cast("Sequence[Shown]", connection.execute(_EVERYTHING, of_list).all())
        return Seen(about, row.version, row.wanted, etags, every, frozenset(), {}, {})
    changed = cast("Sequence[Shown]", connection.execute(_CHANGED, {**of_list, "version": row.version}).all())
    ids = {each.id for each in changed}
    removed = frozenset(connection.execute(_REMOVED, of_list).scalars()) - ids
    at_hand: dict[str, Any] = {
        "numbers": sorted({number(each) for each in ids | removed}),
        "without": sorted(ids | removed),
        "in_piece": IN_PIECE,
    }
    kept = connection.execute(_KEPT, {**of_list, **at_hand}).all() if ids or removed else []
    pieces = connection.execute(_PIECES, of_list).all()
    return Seen(
        about,
        row.version,
        row.wanted,
        etags,
        changed,
        removed,
        {each.todo_id: Fragment(each.todo, each.event) for each in kept},
        {(each.kind, each.number): Kept(each.size, each.crc, each.digest) for each in pieces},
    )
