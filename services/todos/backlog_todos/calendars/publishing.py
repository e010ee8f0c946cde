"""Puts a rendered calendar in the place of the published one, in one transaction, by the fence of a claim."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from backlog_todos.calendars.rendering import Made
from backlog_todos.calendars.snapshot import Seen

# A list that is being deleted is waited for; who asks for a build is not held up, until the commit.
_MAY = text("select true from builds where list_id = :list_id and fence = :fence for key share")
_FRAGMENTS = text(
    "insert into fragments (list_id, todo_id, revision, todo, event) select :list_id, * from "
    "unnest(cast(:ids as bigint[]), cast(:revisions as bigint[]), cast(:todos as bytea[]), cast(:events as bytea[])) "
    "on conflict (list_id, todo_id) do update set revision = excluded.revision, todo = excluded.todo, "
    "event = excluded.event"
)
_NO_FRAGMENTS = text("delete from fragments where list_id = :list_id and todo_id = any(cast(:ids as bigint[]))")
_PIECES = text(
    "insert into chunks (list_id, kind, number, size, crc, digest, gzip, brotli) select :list_id, * from "
    "unnest(cast(:kinds as text[]), cast(:numbers as bigint[]), cast(:sizes as bigint[]), cast(:crcs as bigint[]), "
    "cast(:digests as bytea[]), cast(:gzips as bytea[]), cast(:brotlis as bytea[])) "
    "on conflict (list_id, kind, number) do update set size = excluded.size, crc = excluded.crc, "
    "digest = excluded.digest, gzip = excluded.gzip, brotli = excluded.brotli"
)
_NO_PIECES = text(
    "delete from chunks using unnest(cast(:kinds as text[]), cast(:numbers as bigint[])) gone (kind, number) "
    "where list_id = :list_id and chunks.kind = gone.kind and chunks.number = gone.number"
)
_NOTHING_OF_BEFORE = tuple(text(f"delete from {table} where list_id = :list_id") for table in ("fragments", "chunks"))  # noqa: S608
_CONSUMED = text("delete from removed_todos where list_id = :list_id and version <= :wanted")
_PUBLISHED = text(
    "update builds set version = :wanted, todos_etag = :todos_etag, events_etag = :events_etag, "
    "published_at = clock_timestamp(), leased_until = null, asked_at = null, error = null, "
    "modified_at = case when :changed then clock_timestamp() else modified_at end "
    "where list_id = :list_id and fence = :fence returning true"
)
_AT_ONCE = 2_000  # rows of one statement

Item = TypeVar("Item")


def publish(session: Session, list_id: int, fence: int, seen: Seen, made: Made) -> bool | None:
    """Within the session's transaction; whether the calendar differs from the one before.

    None, and the transaction is to be rolled back, when the fence is an old one.

    The row of the build is locked by the last statement alone: whoever changes a todo meanwhile is not held up.
    """
    of_list = {"list_id": list_id}
    if not session.execute(_MAY, {**of_list, "fence": fence}).scalar_one_or_none():
        return None
    if seen.version < 0:
        for statement in _NOTHING_OF_BEFORE:
            session.execute(statement, of_list)
    revisions = {each.id: each.revision for each in seen.changed}
    for some in _in_batches(sorted(made.fragments.items())):
        columns = {
            "ids": [todo_id for todo_id, _ in some],
            "revisions": [revisions[todo_id] for todo_id, _ in some],
            "todos": [fragment.todo for _, fragment in some],
            "events": [fragment.event for _, fragment in some],
        }
        session.execute(_FRAGMENTS, {**of_list, **columns})
    if seen.removed:
        session.execute(_NO_FRAGMENTS, {**of_list, "ids": sorted(seen.removed)})
    session.execute(_CONSUMED, {**of_list, "wanted": seen.wanted})
    for pieces in _in_batches(sorted(made.pieces.items(), key=lambda item: item[0])):
        columns = {
            "kinds": [kind for (kind, _), _ in pieces],
            "numbers": [number for (_, number), _ in pieces],
            "sizes": [piece.size for _, piece in pieces],
            "crcs": [piece.crc for _, piece in pieces],
            "digests": [piece.digest for _, piece in pieces],
            "gzips": [piece.gzip for _, piece in pieces],
            "brotlis": [piece.brotli for _, piece in pieces],
        }
        session.execute(_PIECES, {**of_list, **columns})
    if made.gone:
        gone = sorted(made.gone)
        session.execute(_NO_PIECES, {**of_list, "kinds": [kind for kind, _ in gone], "numbers": [n for _, n in gone]})
    changed = made.etags != seen.etags
    values = {"wanted": seen.wanted, "todos_etag": made.etags[0], "events_etag": made.etags[1], "changed": changed}
    if not session.execute(_PUBLISHED, {**of_list, "fence": fence, **values}).scalar_one_or_none():
        return None
    return changed


def _in_batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE))
