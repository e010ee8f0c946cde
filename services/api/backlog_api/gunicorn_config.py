"""Gunicorn's settings (`gunicorn --config python:backlog_api.gunicorn_config`).

All of the API's settings are read here too: a mistake ends gunicorn with a sentence, where its workers would be started
again and again.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from backlog_api import dates, refusals, watch
from backlog_api.settings import ApiSettings
from backlog_api.state import KEY
from backlog_todos.database import end_when_refused
from backlog_todos.json_log import JsonFormatter
from backlog_todos.settings import Reader, SettingsError


class JsonLogger(Logger):  # type: ignore[misc]
    """Gunicorn's own lines, as JSON."""

    def setup(self, cfg: Any) -> None:
        """Once for each process."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonFormatter(dict))


_read = Reader(os.environ)
threads = ApiSettings.read(_read).threads
bind = f"{_read.text('HOST', '127.0.0.1')}:{_read.number('PORT', 1, 65_535, 6400)}"
workers = _read.number("WEB_CONCURRENCY", 1, 64, 2)
# Seconds. A request may take that long; a stop waits that long for the requests at work.
timeout = 30
graceful_timeout = _read.number("API_GRACEFUL_TIMEOUT_SECONDS", 1, 600, 20)
try:
    _read.finish()
except SettingsError as error:
    sys.exit(f"api: {error}")

worker_class = "gthread"
# A new task may take the port while the old one still finishes its requests.
reuse_port = True
keepalive = 75  # seconds; longer than the load balancer's 60, so that it is never the API that hangs up first
# Heartbeats to a file on disk can stall; memory does not.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn's own advice
accesslog = None  # the app writes its own, with request ids
logger_class = JsonLogger
control_socket_disable = True
refusals.install()
dates.install()


def post_worker_init(worker: Any) -> None:
    """A refused password ends gunicorn, and so the task; this worker alone would be started again as it was.

    Streams of events end with the worker's life: a stop would wait for them.
    """
    worker.wsgi.extensions[watch.KEY].open = lambda: worker.alive
    end_when_refused(worker.wsgi.extensions[KEY].engine, lambda: os.kill(worker.ppid, signal.SIGTERM))
