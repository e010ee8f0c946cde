"""The connection to PostgreSQL."""

import logging
from collections.abc import Callable

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.orm import Session, sessionmaker

from backlog_todos.settings import DatabaseSettings

Sessions = sessionmaker[Session]

log = logging.getLogger(__name__)

#: What PostgreSQL says (SQLSTATE 28P01, which does not reach a connection that was never made).
_REFUSED = "password authentication failed"

#: Seconds. A database that is away is said to be away, rather than waited for.
_CONNECT_TIMEOUT = 3
_STATEMENT_TIMEOUT = 15


def connect(settings: DatabaseSettings, *, pool_size: int = 5, statement_timeout: int = _STATEMENT_TIMEOUT) -> Engine:
    """An engine whose pooled connections are tried before use, so that a restarted database costs no request.

    A statement may take `statement_timeout` seconds, and 0 means any time.
    """
    return create_engine(
        settings.url,
        pool_size=pool_size,
        max_overflow=2,
        pool_timeout=_CONNECT_TIMEOUT,
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={
            "connect_timeout": _CONNECT_TIMEOUT,
            "application_name": "backlog",
            "options": f"-c statement_timeout={statement_timeout}s -c timezone=UTC",
        },
    )


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


def sessions(engine: Engine) -> Sessions:
    """Sessions whose objects stay readable after the commit."""
    return sessionmaker(engine, expire_on_commit=False)
