"""The connection of this process to PostgreSQL; a forked child must not use its parent's."""

import os
from functools import lru_cache

from backlog_todos.database import Sessions, connect, sessions
from backlog_todos.settings import DatabaseSettings


def database() -> Sessions:
    """Sessions of this process."""
    return _of_process(os.getpid())


@lru_cache(maxsize=1)
def _of_process(_: int) -> Sessions:
    return sessions(connect(DatabaseSettings.from_environment(), pool_size=1))
