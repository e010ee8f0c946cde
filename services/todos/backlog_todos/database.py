"""The connection to PostgreSQL."""

import logging
from collections.abc import Callable, Sequence

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.orm import Session, sessionmaker

from backlog_todos import telemetry
from backlog_todos.events import INFO
from backlog_todos.iam import log_in_by_token, tokens
from backlog_todos.idle_connections import try_before_use
from backlog_todos.settings import DatabaseSettings

Sessions = sessionmaker[Session]

log = logging.getLogger(__name__)

#: How the name begins by which a worker's connections are known, all of one worker by one: so workers can be counted.
WORKER = "backlog-worker-"

#: What PostgreSQL says (SQLSTATE 28P01, which does not reach a connection that was never made).
_REFUSED = "password authentication failed"

#: Seconds. A database that is away is said to be away, rather than waited for.
_CONNECT_TIMEOUT = 3
_STATEMENT_TIMEOUT = 15


def connect(
    settings: DatabaseSettings,
    *,
    pool_size: int = 5,
    statement_timeout: int = _STATEMENT_TIMEOUT,
    application: str = "backlog",
) -> Engine:
    """An engine whose pooled connections are tried before use, so that a restarted database costs no request.

    There are never more than `pool_size`: the stack is checked by it (infra/connections.py).

    A statement may take `statement_timeout` seconds, and 0 means any time. The server lists the connections by the
    name of their `application`.
    """
    engine = create_engine(
        settings.url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_CONNECT_TIMEOUT,
        pool_recycle=1800,
        connect_args={
            "connect_timeout": _CONNECT_TIMEOUT,
            "application_name": application,
            "options": f"-c statement_timeout={statement_timeout}s -c timezone=UTC",
        },
    )
    try_before_use(engine)
    if settings.password is None:
        log_in_by_token(engine, tokens(settings))
    telemetry.trace_engine(engine)
    return engine


def end_when_refused(engine: Engine, end: Callable[[], None]) -> None:
    """Call `end` when the server refuses the password.

    RDS rotates a managed master password every seven days, and a task knows the one of its start: it has to make room
    for a task that is told the new one. Source: RDS User Guide, "Password management with Secrets Manager".
    """

    @event.listens_for(engine, "handle_error")
    def look(context: ExceptionContext) -> None:
        if _REFUSED in str(context.original_exception):
            log.warning("the database refuses the password: it was rotated; this task ends")
            end()


def sessions(engine: Engine, streams: Sequence[str] = ()) -> Sessions:
    """Sessions whose objects stay readable after the commit; what changes in them is told to the streams of events."""
    return sessionmaker(engine, expire_on_commit=False, info={INFO: tuple(streams)})
