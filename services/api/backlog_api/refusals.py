"""Gunicorn's own answers, to what is no HTTP or too long, as JSON like the app's."""

import http
import json
from typing import Any

from gunicorn import util  # type: ignore[import-untyped]


def install() -> None:
    """Take the place of gunicorn's HTML, for which it has no setting."""
    util.write_error = write_error


def write_error(sock: Any, status: int, reason: str, detail: str) -> None:
    """Answer and hang up: where the next request would begin is not known (RFC 9112, section 9.6)."""
    phrase = reason or http.HTTPStatus(status).phrase
    body = json.dumps({"error": detail or phrase}).encode()
    head = (
        f"HTTP/1.1 {status} {phrase}\r\n"
        "Connection: close\r\n"
        "Content-Type: application/json\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    util.write_nonblock(sock, head.encode("latin-1") + body)
