"""Addresses of calendars for calendar apps, which log in nowhere: whoever knows the token may read.

A token is 160 random bits. Whoever makes or rotates a feed is told it once; the database has its SHA-256 alone, which
is enough for a secret that nobody can guess.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import LargeBinary, Row, delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from backlog_todos.tables import Feed, TodoList

_BYTES = 20
_TOKEN = re.compile("[a-z2-7]{32}")
_SHOWN: tuple[Any, ...] = (Feed.id, Feed.list_id, Feed.name, Feed.created_at, Feed.rotated_at)


def hashed(token: str) -> bytes | None:
    """What the database has of a token; None for what is none."""
    return hashlib.sha256(token.encode()).digest() if _TOKEN.fullmatch(token) else None


def made(session: Session, list_id: int, name: str) -> tuple[Row[Any], str] | None:
    """A new feed of a list (id, list_id, name, created_at, rotated_at), and its token; None when there is no list."""
    token = _token()
    there = select(TodoList.id, literal(name), literal(hashed(token), LargeBinary)).where(TodoList.id == list_id)
    statement = insert(Feed).from_select([Feed.list_id, Feed.name, Feed.token_hash], there).returning(*_SHOWN)
    row = session.execute(statement).one_or_none()
    return (row, token) if row else None


def rotated(session: Session, list_id: int, feed_id: int) -> tuple[Row[Any], str] | None:
    """The feed with a new token, and the token: the old address is nobody's. None when the list has no such feed."""
    token = _token()
    statement = (
        update(Feed)
        .where(Feed.id == feed_id, Feed.list_id == list_id)
        .values(token_hash=hashed(token), rotated_at=func.clock_timestamp())
    )
    row = session.execute(statement.returning(*_SHOWN)).one_or_none()
    return (row, token) if row else None


def listed(session: Session, list_id: int) -> Sequence[Row[Any]]:
    """The feeds of a list, without their tokens, in the order of their ids."""
    return session.execute(select(*_SHOWN).where(Feed.list_id == list_id).order_by(Feed.id)).all()


def removed(session: Session, list_id: int, feed_id: int) -> Row[Any] | None:
    """The feed that is gone now; None when the list had no such feed."""
    statement = delete(Feed).where(Feed.id == feed_id, Feed.list_id == list_id)
    return session.execute(statement.returning(*_SHOWN)).one_or_none()


def _token() -> str:
    return base64.b32encode(secrets.token_bytes(_BYTES)).decode().lower()
