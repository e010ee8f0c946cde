"""Pooled connections are tried before use, by a look at the socket, which costs no round trip.

A server that restarts, or ends a session, says so and hangs up: then the idle socket has something to read. Who only
vanishes, such as a firewall's memory of the connection or a machine that lost its power, does not; so what was idle for
long is asked.
"""

import select
import time
from typing import Any

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

#: Seconds. AWS's own network forgets connections after 350.
_LONG = 30.0
_LEFT = "left_at"


def try_before_use(engine: Engine) -> None:
    """Replace connections that are none any more; whoever takes one notices nothing."""

    @event.listens_for(engine, "checkin")
    def left(_: Any, record: Any) -> None:
        record.info[_LEFT] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def taken(connection: psycopg.Connection | None, record: Any, _: Any) -> None:
        idle = time.monotonic() - record.info.get(_LEFT, time.monotonic())
        if connection is None or not (has_news(connection) or idle > _LONG):
            return
        try:
            connection.execute("select 1")
            connection.rollback()
        except psycopg.Error:
            raise InvalidatePoolError from None


def has_news(connection: psycopg.Connection[Any]) -> bool:
    """Whether anything came since the last answer; what was closed has the news that it is."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    return bool(poll.poll(0))
