"""What the app holds for all its requests."""

from dataclasses import dataclass
from typing import cast

from flask import current_app
from sqlalchemy import Engine

from backlog_api.queue import JobQueue
from backlog_todos.database import Sessions

KEY = "backlog"


@dataclass(frozen=True)
class State:
    """The database and the queue."""

    engine: Engine
    sessions: Sessions
    queue: JobQueue


def state() -> State:
    """That of the app that serves this request."""
    return cast("State", current_app.extensions[KEY])
