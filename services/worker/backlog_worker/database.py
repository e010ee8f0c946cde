"""The connection of this process to PostgreSQL; a forked child must not use its parent's."""

import os
import signal
from functools import lru_cache

import billiard

from backlog_todos.database import Sessions, connect, end_when_refused, sessions
from backlog_todos.settings import DatabaseSettings


def database() -> Sessions:
    """Sessions of this process."""
    return _of_process(os.getpid())


@lru_cache(maxsize=1)
def _of_process(_: int) -> Sessions:
    engine = connect(DatabaseSettings.from_environment(), pool_size=1)
    end_when_refused(engine, lambda: os.kill(_main_process(), signal.SIGTERM))
    return sessions(engine)


def _main_process() -> int:
    return os.getpid() if billiard.current_process().name == "MainProcess" else os.getppid()
