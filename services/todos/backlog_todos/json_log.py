"""Logs as JSON, one line a record, the same from both doors."""

import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from backlog_todos import ecs_task
from backlog_todos.scrubbing import scrubbed

_ENCODED: Final = json.JSONEncoder(default=str).encode
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "taskName"}

Context = Callable[[], Mapping[str, str]]


class JsonFormatter(logging.Formatter):
    """Time, level, logger, message, ECS's task, the ids of the work at hand (`context`), and what `extra` was given."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context

    def format(self, record: logging.LogRecord) -> str:
        """A line, without secrets."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **ecs_task.identity(),
            **self._context(),
        }
        line |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return scrubbed(_ENCODED(line))


def set_up(context: Context) -> None:
    """Log to standard error as JSON; Python's warnings too."""
    logging.captureWarnings(capture=True)
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter(context))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
