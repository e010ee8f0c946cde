"""The connection of this process to PostgreSQL; a forked child must not use its parent's."""

import os
import signal
import socket
from functools import lru_cache

import billiard

from backlog_todos.database import WORKER, Sessions, connect, end_when_refused, sessions
from backlog_todos.settings import STREAMS, DatabaseSettings, Reader


def database() -> Sessions:
    """Sessions of this process."""
    return _of_process(os.getpid())


@lru_cache(maxsize=1)
def _of_process(_: int) -> Sessions:
    streams = Reader(os.environ).several("EVENT_STREAMS", STREAMS)
    # A process of the pool uses one; the main process one for the reconciler, and one for each stream's relay, which
    # holds it for as long as the stream takes to answer. A stack is checked by the sum (infra/connections.py).
    name = f"{WORKER}{socket.gethostname()[:32]}-{_main_process()}"
    engine = connect(DatabaseSettings.from_environment(), pool_size=1 + len(streams), application=name)
    end_when_refused(engine, lambda: os.kill(_main_process(), signal.SIGTERM))
    return sessions(engine, streams)


def _main_process() -> int:
    return os.getpid() if billiard.current_process().name == "MainProcess" else os.getppid()
