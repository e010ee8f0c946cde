"""Published calendars: of a list, for whoever may read it; and of a feed, for calendar apps that know its token.

Nothing here renders, or waits for a build: it serves what was published last, and says how far that is behind.
"""

import time
from functools import lru_cache

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import NotFound
from werkzeug.http import http_date, parse_accept_header

from backlog_api import request as incoming
from backlog_api.bodies import ErrorOut
from backlog_api.errors import BadRequest
from backlog_api.operation import Query, operation
from backlog_api.state import state
from backlog_todos import feeds
from backlog_todos.calendar import MEDIA_TYPE
from backlog_todos.calendars import pieces, published
from backlog_todos.calendars.published import Kind, Of, Published

blueprint = Blueprint("published", __name__)

#: What a client may take -> the column of the pieces, and what the tag ends with: another encoding is another
#: representation, and has a strong tag of its own (RFC 9110, 8.8.3.3). In the order of preference.
_ENCODINGS: dict[str, tuple[published.Encoding, str]] = {"br": ("brotli", "-br"), "gzip": ("gzip", "-gzip")}
#: Seconds that `min_version` is waited for, and between two looks.
_LONGEST_WAIT, _LOOK = 1.0, 0.05
_RETRY_AFTER = 1  # seconds
_LARGEST = 2**63 - 1  # PostgreSQL's bigint
_COMMON = {"Cache-Control": "private, no-cache", "Vary": "Accept-Encoding", "Referrer-Policy": "no-referrer"}
_QUERY = (
    Query("as", "a VTODO for each todo, or a VEVENT at each deadline", {"type": "string", "enum": ["todo", "event"]}),
    Query(
        "min_version",
        "wait a moment for this version of the calendar, which an answer to a change named",
        {"type": "integer", "minimum": 0},
    ),
)
_ANSWERS = {
    200: (
        "The calendar as it was last published; Calendar-Behind says how many versions ago",
        "text/calendar",
    ),
    202: ("It is not there yet: ask again after Retry-After seconds", ErrorOut),
    304: ("The client has it", None),
    400: ("A parameter is wrong", ErrorOut),
    404: ("There is no such calendar", ErrorOut),
}
_IF_NONE_MATCH = (Query("If-None-Match", "tags of what the client has", {"type": "string"}),)


@blueprint.get("/api/v1/lists/<int:list_id>/calendar.ics")
@operation(_ANSWERS, query=_QUERY, headers=_IF_NONE_MATCH)
def get_calendar(list_id: int) -> Response:
    """The published calendar of a list."""
    of = Of(list_id=list_id) if incoming.storable(list_id) else None
    return _served(of, f"there is no list {list_id}")


@blueprint.get("/calendars/<token>.ics")
@operation(_ANSWERS, query=_QUERY, headers=_IF_NONE_MATCH)
def get_feed(token: str) -> Response:
    """The published calendar of a feed; its token is all that is asked for."""
    known = feeds.hashed(token)
    return _served(Of(token_hash=known) if known else None, "there is no such calendar")


def _served(of: Of | None, missing: str) -> Response:
    kind, least = _asked()
    if of is None:
        raise NotFound(missing)
    column, suffix = encoding(request.headers.get("Accept-Encoding", ""))
    # Whoever has a calendar most likely has this one; whoever has none wants it.
    conditional = bool(request.if_none_match)
    found = _found(of, kind, None if conditional else column or "gzip")
    ends = time.monotonic() + _LONGEST_WAIT
    while found and least is not None and found.version < least and time.monotonic() < ends:
        time.sleep(_LOOK)
        found = _found(of, kind, None)
    if found is None:
        raise NotFound(missing)
    if found.etag is None or (least is not None and found.version < least):
        return _not_yet(found)
    if request.if_none_match.contains_weak(found.etag + suffix):
        return Response(status=304, headers=headers(found, suffix))
    if found.body is None:
        found = _found(of, kind, column or "gzip")
    if found is None or found.body is None:
        raise NotFound(missing)
    about = headers(found, suffix) | {
        "Last-Modified": http_date(found.modified_at),
        "Content-Disposition": 'inline; filename="todos.ics"',
    }
    if column is None:
        return Response(pieces.plain(found.body), content_type=MEDIA_TYPE, headers=about)
    return Response(found.body, content_type=MEDIA_TYPE, headers=about | {"Content-Encoding": suffix[1:]})


def _asked() -> tuple[Kind, int | None]:
    kind, least = request.args.get("as", "todo"), request.args.get("min_version")
    wrong = {}
    if kind not in ("todo", "event"):
        wrong["as"] = "must be todo or event"
    if least is not None and not (least.isascii() and least.isdigit() and len(least) < 20 and int(least) <= _LARGEST):  # noqa: PLR2004
        wrong["min_version"] = "must be a version: a number from 0"
    if wrong:
        raise BadRequest(wrong)
    return "event" if kind == "event" else "todo", None if least is None else int(least)


@lru_cache(maxsize=256)
def encoding(accepted: str) -> tuple[published.Encoding | None, str]:
    """Which of the encodings the client likes best, and the end of its tag; none where it names none of ours.

    `accepted` is its header Accept-Encoding.
    """
    liked = parse_accept_header(accepted)
    best = max(_ENCODINGS, key=lambda each: liked[each])
    if not liked[best] or ("identity" in liked.values() and liked["identity"] > liked[best]):
        return None, ""
    return _ENCODINGS[best]


def _found(of: Of, kind: Kind, body: published.Encoding | None) -> Published | None:
    with state().straight() as connection:
        return published.published(connection, of, kind, body)


def tag(found: Published, suffix: str) -> str:
    """The strong tag of a published calendar in an encoding."""
    return f'"{found.etag}{suffix}"'


def headers(found: Published, suffix: str) -> dict[str, str]:
    """Those of a published calendar in an encoding, with its content or without (RFC 9110, 15.4.5)."""
    return _COMMON | {
        "ETag": tag(found, suffix),
        "Calendar-Version": str(found.version),
        "Calendar-Behind": str(found.behind),
    }


def _not_yet(found: Published) -> Response:
    response = jsonify(error="the calendar is being built: ask again soon")
    response.status_code = 202
    response.headers.update(
        _COMMON
        | {
            "Retry-After": str(_RETRY_AFTER),
            "Calendar-Version": str(max(found.version, 0)),
            "Calendar-Behind": str(found.behind),
        }
    )
    return response
