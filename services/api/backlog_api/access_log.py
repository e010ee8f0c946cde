"""An id for each request, in its answer and in every line of its log, and a line when it is done.

The line holds no header, no query and no part of a path that is none of ours: what somebody has to keep to himself may
stand in each of them.
"""

import logging
import re
import time
import uuid
from typing import Any

from flask import Flask, Response, g, has_request_context, request

#: What a view calls an id -> what the log calls it; the API says task for what is a job everywhere else.
_IDS = {"list_id": "list_id", "feed_id": "feed_id", "todo_id": "todo_id", "task_id": "job_id"}
_ROOT = "/api/v1/"
_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")


def context() -> dict[str, str]:
    """The ids of the request at hand: its own, and those of list, feed, todo or calendar job that it is about."""
    if not has_request_context():
        return {}
    about = {**(request.view_args or {}), **g.get("about", {})}
    ids = {"request_id": g.get("request_id"), **{name: about.get(key) for key, name in _IDS.items()}}
    return {name: str(value) for name, value in ids.items() if value is not None}


def about(**ids: Any) -> None:
    """The request has turned out to be about this todo (`todo_id`) or this calendar job (`task_id`)."""
    g.about = ids


def _path() -> str:
    """The path, where all that varies in it is ids; of a path that is none of ours, nothing but where it begins."""
    if request.url_rule is None:
        return f"{_ROOT}..." if request.path.startswith(_ROOT) else "/..."
    return request.path if (request.view_args or {}).keys() <= _IDS.keys() | {"filename"} else request.url_rule.rule


def register(app: Flask) -> None:
    """Give every request an id, the client's own where it is sane, and a line in the log without its query."""
    log = logging.getLogger("backlog_api.access")

    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if _SANE.fullmatch(given) else uuid.uuid4().hex
        g.started = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-ID"] = g.get("request_id", "")
        took = (time.perf_counter() - g.get("started", time.perf_counter())) * 1000
        log.info(
            "%s %s %s",
            request.method,
            path := _path(),
            response.status_code,
            extra={
                "method": request.method,
                "path": path,
                "status": response.status_code,
                "took_ms": round(took, 1),
            },
        )
        return response
