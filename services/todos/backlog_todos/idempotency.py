"""Keys of requests that were answered: the same request is answered alike for a day, and does nothing again.

A key's row is written in the transaction of the change, so that there is never one without the other. Who comes with a
key whose first request is still at work waits at its row, for PostgreSQL lets nobody else insert it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backlog_todos.tables import IdempotencyKey

KEPT = timedelta(hours=24)
#: Old keys that go with each new one: more than come, so that they never pile up.
_SWEPT = 10
_NOW = func.clock_timestamp()


class AnotherRequestError(Exception):
    """The key was used for another request."""


@dataclass(frozen=True)
class Answer:
    """What was answered; the body is as the API keeps it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def claimed(session: Session, client: str, key: str, request: bytes) -> Answer | None:
    """None when the key is this transaction's from now on; else what its request was answered, once it is.

    Raises:
        AnotherRequestError: `request`, a hash of all that the client asked, is not the key's.
    """
    fresh = insert(IdempotencyKey).values(client=client, key=key, request=request)
    statement = fresh.on_conflict_do_update(
        index_elements=["client", "key"],
        set_={"request": request, "status": None, "headers": None, "body": None, "created_at": _NOW},
        where=IdempotencyKey.created_at < _NOW - KEPT,
    )
    if session.execute(statement.returning(IdempotencyKey.client)).scalar_one_or_none() is not None:
        _sweep(session)
        return None
    found = session.execute(
        select(IdempotencyKey.request, IdempotencyKey.status, IdempotencyKey.headers, IdempotencyKey.body).where(
            IdempotencyKey.client == client, IdempotencyKey.key == key
        )
    ).one()
    if found.request != request:
        raise AnotherRequestError
    return Answer(found.status, found.headers, found.body)


def answered(session: Session, client: str, key: str, answer: Answer) -> None:
    """Keep what the transaction that claimed the key answers; a rollback forgets both."""
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.client == client, IdempotencyKey.key == key)
        .values(status=answer.status, headers=dict(answer.headers), body=answer.body)
    )


def _sweep(session: Session) -> None:
    """Remove some keys whose day is over, of those that nobody is at."""
    old = (
        select(IdempotencyKey.client, IdempotencyKey.key)
        .where(IdempotencyKey.created_at < _NOW - KEPT)
        .order_by(IdempotencyKey.created_at)
        .limit(_SWEPT)
        .with_for_update(skip_locked=True)
    )
    session.execute(delete(IdempotencyKey).where(tuple_(IdempotencyKey.client, IdempotencyKey.key).in_(old)))
