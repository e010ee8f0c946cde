"""What is published, for readers: nothing here waits for a build or renders anything.

Each question is one statement, so that an answer is of one moment.
"""

from datetime import datetime
from functools import cache
from typing import Literal, NamedTuple

from sqlalchemy import Connection, TextClause, text

from backlog_todos.straight import Straight

Kind = Literal["todo", "event"]
Encoding = Literal["gzip", "brotli"]


class Of(NamedTuple):
    """Whose calendar: that of a list, or that of a feed by the hash of its token."""

    list_id: int | None = None
    token_hash: bytes | None = None


class Published(NamedTuple):
    """A published calendar of one kind; `version` is -1, and there is no etag, before the first build.

    `body` is the joined pieces, where they were asked for.
    """

    list_id: int
    version: int
    wanted: int
    etag: str | None
    modified_at: datetime | None
    body: bytes | None

    @property
    def behind(self) -> int:
        """By how many versions the calendar is behind its todos."""
        return self.wanted - self.version


_COLUMN = {"todo": "todos_etag", "event": "events_etag"}
_BODY = "(select string_agg({}, ''::bytea order by number) from chunks where list_id = b.list_id and kind = :kind)"


def published(connection: Connection | Straight, of: Of, kind: Kind, body: Encoding | None = None) -> Published | None:
    """How a calendar stands, with its pieces if `body` says in which encoding; None when there is no such calendar."""
    whose, value = ("list_id", of.list_id) if of.token_hash is None else ("token_hash", of.token_hash)
    row = connection.execute(_statement(whose, kind, body), {whose: value, "kind": kind}).one_or_none()
    return Published(*row) if row else None


@cache
def _statement(whose: Literal["list_id", "token_hash"], kind: Kind, body: Encoding | None) -> TextClause:
    column, pieces = _COLUMN[kind], _BODY.format(body) if body else "null"
    where = {
        "list_id": "builds b where b.list_id = :list_id",
        "token_hash": "feeds f join builds b using (list_id) where f.token_hash = :token_hash",
    }
    return text(
        f"select b.list_id, version, (select wanted from calendars where list_id = b.list_id) as wanted, {column}, "  # noqa: S608 - of our own names
        f"modified_at, {pieces} as body from {where[whose]}"
    )
