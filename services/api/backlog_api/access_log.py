"""An id for each request, in its answer and in every line of its log, and a line when it is done."""

import logging
import re
import time
import uuid

from flask import Flask, Response, g, has_request_context, request

_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")


def context() -> dict[str, str]:
    """The id of the request at hand."""
    return {"request_id": g.request_id} if has_request_context() and "request_id" in g else {}


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
            request.path,
            response.status_code,
            extra={
                "method": request.method,
                "path": request.path,
                "status": response.status_code,
                "took_ms": round(took, 1),
            },
        )
        return response
