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
from backlog_todos.straight import Own, Straight, straight

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
    """The database and the queue; `own` are the connections of threads that answer before Flask (fast_path.py)."""

    engine: Engine
    sessions: Sessions
    queue: JobQueue
    own: Own

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
        self._refresh(asked, g.get("request_id", ""))

    @contextmanager
    def changing_at_once(self) -> Iterator[Session | Straight]:
        """The same for a change that is one statement: its own transaction, where no event is written beside it.

        The row of the list's version, for which every other change of the list waits, is then held for no round trip,
        and not while the disk is written to.
        """
        if g.get(_JOINED) is not None or not self.changes_at_once:
            with self.changing() as session:
                yield session
            return
        with self.at_once(straight(self.engine, asynchronous=True), g.get("request_id", "")) as connection:
            yield connection

    @property
    def changes_at_once(self) -> bool:
        """Whether there are changes of one statement: no event is written beside them, and nobody traces them."""
        return not events.told(self.sessions) and not telemetry.begun()

    @contextmanager
    def at_once(self, taken: AbstractContextManager[Straight], request_id: str) -> Iterator[Straight]:
        """A change of one statement by an asynchronous connection; then it is on the disk, and calendars are asked for.

        Raises:
            DBAPIError: the database went away: whether it was changed is not known.
        """
        with taken as connection:
            yield connection
            asked = {each: changes.ask_and_flush(connection, each) for each in changes.noted(connection)}
        self._refresh({list_id: wait for list_id, wait in asked.items() if wait is not None}, request_id)

    def _refresh(self, asked: Mapping[int, float], request_id: str) -> None:
        for list_id, wait in asked.items():
            self.queue.refresh(list_id, wait, request_id)

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


def _asked(connection: Connection, lists: Collection[int]) -> Mapping[int, float]:
    """On the connection that has just committed, so that it costs one round trip.

    The change is safe, whatever happens now: a database that goes away makes no error of it.
    """
    if not lists:
        return {}
    try:
        return changes.ask(connection.execution_options(isolation_level="AUTOCOMMIT"), lists)
    except SQLAlchemyError as error:
        log.warning("calendars not asked for", extra={"detail": type(error).__name__})
        return {}
