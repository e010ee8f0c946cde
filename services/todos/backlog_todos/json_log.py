"""Logs as JSON, one line a record, the same from both doors."""

import json
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from backlog_todos import ecs_task
from backlog_todos.scrubbing import scrubbed

_STANDARD_ERROR: Final = 2
_ENCODED: Final = json.JSONEncoder(default=str).encode
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "taskName"}

_handlers: list[logging.Handler] = []

Context = Callable[[], Mapping[str, str]]


def line(at: float, level: str, logger: str, message: str, more: Mapping[str, object]) -> str:
    """A line without secrets; `at` is in seconds since 1970. ECS's task is a part of each."""
    told = {
        "time": datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds"),
        "level": level,
        "logger": logger,
        "message": message,
        **ecs_task.identity(),
        **more,
    }
    return scrubbed(_ENCODED(told))


def write(text: str) -> None:
    """Write a line to standard error by one call of the system: no thread waits for another, and no two lines mix.

    One that cannot be written, as nobody reads any more or the disk is full, does not end what it tells of.
    """
    left = memoryview(f"{text}\n".encode(errors="backslashreplace"))
    with suppress(OSError):
        while left:
            left = left[os.write(_STANDARD_ERROR, left) :]


class JsonFormatter(logging.Formatter):
    """Time, level, logger, message, ECS's task, the ids of the work at hand (`context`), and what `extra` was given."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context

    def format(self, record: logging.LogRecord) -> str:
        """A line, without secrets."""
        more = {**self._context(), **{key: value for key, value in vars(record).items() if key not in _STANDARD}}
        if record.exc_info:
            more["exception"] = self.formatException(record.exc_info)
        return line(record.created, record.levelname.lower(), record.name, record.getMessage(), more)


class LineHandler(logging.Handler):
    """Writes records as lines, with no lock around it."""

    def createLock(self) -> None:  # noqa: N802 - logging's name
        """There is none."""
        self.lock = None

    def handle(self, record: logging.LogRecord) -> bool:
        """As logging's own, without its lock."""
        if kept := self.filter(record):
            self.emit(record if kept is True else kept)
        return bool(kept)

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record."""
        try:
            write(self.format(record))
        except Exception:  # noqa: BLE001 - what cannot be formatted does not either
            self.handleError(record)


def alone(logger: logging.Logger) -> bool:
    """Whether a record comes to `set_up`'s handler and no other: then its line may as well be written without one."""
    while logger.parent is not None:
        if logger.handlers:
            return False
        logger = logger.parent
    return bool(_handlers) and logger.handlers == _handlers


def set_up(context: Context) -> None:
    """Log to standard error as JSON; Python's warnings too."""
    logging.captureWarnings(capture=True)
    # No line tells of them. Source: Python, "Logging HOWTO", "Optimization".
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = LineHandler()
    handler.setFormatter(JsonFormatter(context))
    _handlers[:] = [handler]
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
