"""Answers of rows: one as JSON, many as an array that is sent while it is read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, json, request
from sqlalchemy import Connection, Engine, Row

from backlog_api.operation import Query
from backlog_todos import todo_texts
from backlog_todos.todo_texts import Texts, Wanted

VERSION = Query("Calendar-Version", "the version of the list's calendar that the change is in", {"type": "string"})
_JSON = "application/json"


def as_json(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Content as JSON."""
    return current_app.response_class(json.dumps(content), status, headers, mimetype=_JSON)


def shown(row: Row[Any], names: Sequence[str]) -> dict[str, Any]:
    """The named columns of a row."""
    values = ((name, getattr(row, name)) for name in names)
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values}


def version(number: int) -> dict[str, str]:
    """The header that says which version of its list's calendar a change is in."""
    return {VERSION.name: str(number)}


def page(connection: Connection, wanted: Wanted, found: Texts, limit: int) -> Response:
    """A page, and where the next one is, if there is one (RFC 8288); the filters stay."""
    response = current_app.response_class(f"[{found.text}]", mimetype=_JSON)
    if found.count == limit and todo_texts.more(connection, replace(wanted, after=found.last)):
        query = {name: value for name, value in request.args.items() if name in ("completed", "window")}
        target = f"{request.path}?{urlencode({**query, 'limit': limit, 'after': found.last})}"
        response.headers["Link"] = f'<{target}>; rel="next"'
    return response


def whole(engine: Engine, wanted: Wanted, found: Texts) -> Response:
    """All that is wanted, of which the first are found; what is more than a piece is read anew while it is sent.

    So there is never more than a piece in memory. What goes wrong before the first piece is there is an error like any
    other; later the connection ends without the array's.
    """
    if found.count <= todo_texts.PIECE:
        return current_app.response_class(f"[{found.text}]", mimetype=_JSON)
    pieces = todo_texts.pieces(engine, wanted)
    first = next(pieces)
    response = current_app.response_class(_all(first, pieces), mimetype=_JSON)
    response.call_on_close(pieces.close)
    return response


def _all(first: str, pieces: Iterator[str]) -> Iterator[str]:
    yield first
    yield from pieces
