"""An id for each request, in its answer and in every line of its log, and a line when it is done.

The line holds no header, no query and no part of a path that is none of ours: what somebody has to keep to himself may
stand in each of them.
"""

import logging
import random
import re
import time
from collections.abc import Mapping
from contextvars import ContextVar, Token
from typing import Any

from flask import Flask, Response, g, has_request_context, request

from backlog_todos import json_log

#: What a view calls an id -> what the log calls it; the API says task for what is a job everywhere else.
_IDS = {"list_id": "list_id", "feed_id": "feed_id", "todo_id": "todo_id", "task_id": "job_id"}
_ROOT = "/api/v1/"
_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: The request that is answered before Flask: its id, and what it is about.
_AT_HAND: ContextVar[tuple[str, Mapping[str, Any]] | None] = ContextVar("backlog_request", default=None)

log = logging.getLogger("backlog_api.access")


def context() -> dict[str, str]:
    """The ids of the request at hand: its own, and those of list, feed, todo or calendar job that it is about."""
    if at_hand := _AT_HAND.get():
        own, about = at_hand
    elif has_request_context():
        own, about = g.get("request_id"), {**(request.view_args or {}), **g.get("about", {})}
    else:
        return {}
    ids = {_IDS[name]: str(value) for name, value in about.items() if name in _IDS and value is not None}
    return {"request_id": own, **ids} if own else ids


def begin(request_id: str, about: Mapping[str, Any]) -> Token[Any]:
    """Have every line tell of a request that is answered before Flask, until `end`."""
    return _AT_HAND.set((request_id, about))


def end(begun: Token[Any]) -> None:
    """It is answered."""
    _AT_HAND.reset(begun)


def about(**ids: Any) -> None:
    """The request has turned out to be about this todo (`todo_id`) or this calendar job (`task_id`)."""
    g.about = ids


def _path() -> str:
    """The path, where all that varies in it is ids; of a path that is none of ours, nothing but where it begins."""
    if request.url_rule is None:
        return f"{_ROOT}..." if request.path.startswith(_ROOT) else "/..."
    return request.path if (request.view_args or {}).keys() <= _IDS.keys() | {"filename"} else request.url_rule.rule


def sane_id(given: str) -> str:
    """The id of a request: the client's own where it is sane."""
    return given if _SANE.fullmatch(given) else f"{random.getrandbits(128):032x}"


def write(method: str, path: str, status: int, took: float) -> None:
    """The line of a request that took so many seconds, of whose path all may be told.

    Every request has it: where nobody else listens it is written without a record, which costs more than the line.
    """
    if not log.isEnabledFor(logging.INFO):
        return
    told = {"method": method, "path": path, "status": status, "took_ms": round(took * 1000, 1)}
    if json_log.alone(log):
        line = json_log.line(time.time(), "info", log.name, f"{method} {path} {status}", {**context(), **told})
        json_log.write(line)
    else:
        log.info("%s %s %s", method, path, status, extra=told)


def register(app: Flask) -> None:
    """Give every request an id, the client's own where it is sane, and a line in the log without its query."""

    @app.before_request
    def start() -> None:
        g.request_id = sane_id(request.headers.get("X-Request-ID", ""))
        g.started = time.perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["X-Request-ID"] = g.get("request_id", "")
        took = time.perf_counter() - g.get("started", time.perf_counter())
        write(request.method, _path(), response.status_code, took)
        return response
