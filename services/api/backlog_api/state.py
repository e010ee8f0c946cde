"""What the app holds for all its requests."""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import cast

from flask import current_app, g
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from backlog_api.queue import JobQueue
from backlog_todos import events, telemetry
from backlog_todos.calendars import changes
from backlog_todos.database import Sessions
from backlog_todos.straight import Straight, straight

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

    def straight(self) -> AbstractContextManager[Connection | Straight]:
        """The same for statements that are kept, and cost the least; a traced process tells of them like of all."""
        return self.reading() if telemetry.begun() else straight(self.engine)

    @contextmanager
    def changing(self) -> Iterator[Session]:
        """A transaction that changes todos; once it is committed, the calendars of their lists are asked for.

        Within `joined` it is that transaction, and committed only with it: what follows a commit goes by `afterwards`.
        """
        if (joined := g.get(_JOINED)) is not None:
            yield joined.session
            return
        with self.engine.connect() as connection:
            with self.sessions(bind=connection) as session, session.begin():
                yield session
            asked = _asked(connection, changes.noted(session))
        self._refresh(asked)

    @contextmanager
    def changing_at_once(self) -> Iterator[Session | Straight]:
        """The same for a change that is one statement: its own transaction, where no event is written beside it.

        The row of the list's version, for which every other change of the list waits, is then held for no round trip.
        """
        if g.get(_JOINED) is not None or events.told(self.sessions) or telemetry.begun():
            with self.changing() as session:
                yield session
            return
        with straight(self.engine) as connection:
            yield connection
            asked = _asked(connection, changes.noted(connection))
        self._refresh(asked)

    def _refresh(self, asked: Mapping[int, float]) -> None:
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


def _asked(connection: Connection | Straight, lists: Collection[int]) -> Mapping[int, float]:
    """On the connection that has just committed, so that it costs one round trip.

    The change is safe, whatever happens now: a database that goes away makes no error of it.
    """
    if not lists:
        return {}
    try:
        if isinstance(connection, Connection):
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        return changes.ask(connection, lists)
    except SQLAlchemyError as error:
        log.warning("calendars not asked for", extra={"detail": type(error).__name__})
        return {}
