"""What the app holds for all its requests."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

from flask import current_app, g
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from backlog_api.queue import JobQueue
from backlog_todos import events
from backlog_todos.calendars import changes
from backlog_todos.database import Sessions

KEY = "backlog"
_JOINED = "joined"  # in Flask's g

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Joined:
    """A transaction that a whole request is a part of, and what is to follow its commit."""

    session: Session
    following: list[Callable[[], None]] = field(default_factory=list)


@dataclass(frozen=True)
class State:
    """The database and the queue."""

    engine: Engine
    sessions: Sessions
    queue: JobQueue

    def reading(self) -> Connection:
        """A connection for single statements, each of which is a transaction: nothing to begin and to end."""
        return self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def changing(self, *, one_statement: bool = False) -> Iterator[Session]:
        """A transaction that changes todos; once it is committed, the calendars of their lists are asked for.

        Within `joined` it is that transaction, and committed only with it: what follows a commit goes by `afterwards`.

        A change that is `one_statement` is its own transaction where no event is written beside it: the row of the
        list's version, for which every other change of the list waits, is then held for no round trip.
        """
        if (joined := g.get(_JOINED)) is not None:
            yield joined.session
            return
        alone = one_statement and not events.told(self.sessions)
        with self.reading() if alone else self.engine.connect() as connection:
            with self.sessions(bind=connection) as session, session.begin():
                yield session
            lists = changes.noted(session)
            asked = _asked(connection, lists) if lists else {}
        for list_id, wait in asked.items():
            self.queue.refresh(list_id, wait, g.get("request_id", ""))

    def afterwards(self, follow: Callable[[], None]) -> None:
        """Call it once what was changed is committed: now, or after the transaction that was joined."""
        if (joined := g.get(_JOINED)) is not None:
            joined.following.append(follow)
        else:
            follow()


def state() -> State:
    """That of the app that serves this request."""
    return cast("State", current_app.extensions[KEY])


@contextmanager
def joined(session: Session) -> Iterator[Joined]:
    """Have every `State.changing` of this request be a part of this transaction; who began it does what follows."""
    g.joined = Joined(session)
    try:
        yield g.joined
    finally:
        g.pop(_JOINED)


def _asked(connection: Connection, lists: Iterable[int]) -> Mapping[int, float]:
    """On the connection that has just committed, so that it costs one round trip.

    The change is safe, whatever happens now: a database that goes away makes no error of it.
    """
    try:
        return changes.ask(connection.execution_options(isolation_level="AUTOCOMMIT"), lists)
    except SQLAlchemyError as error:
        log.warning("calendars not asked for", extra={"detail": type(error).__name__})
        return {}
