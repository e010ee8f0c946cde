"""/api/v1/lists/{id}/live: how a list's calendar stands, as JSON, or as server-sent events whenever it changes.

A stream of events holds one of the process's few threads. So at most half of them serve streams, each ends after a
while (the browser comes again by itself), and whoever finds none free is told to ask for the JSON instead.
"""

import json
import time
from collections.abc import Iterator

from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.exceptions import NotFound

from backlog_api.bodies import ErrorOut
from backlog_api.operation import operation
from backlog_api.request import storable
from backlog_api.standing import Standing, standings
from backlog_api.state import state
from backlog_api.watch import Watch, watch

blueprint = Blueprint("live", __name__, url_prefix="/api/v1/lists/<int:list_id>")

EVENTS = "text/event-stream"
#: Seconds that a stream lasts, and that it stays silent: a write is how the server learns that the reader is gone.
_LASTS, _SILENCE = 25.0, 2.0
_COME_AGAIN = 1000  # milliseconds until the browser comes again
_RETRY_AFTER = 5  # seconds until a thread may be free


@blueprint.get("/live")
@operation(
    {
        200: ("How the calendar stands; as text/event-stream, where that is asked for", {"type": "object"}),
        404: ("There is no such list", ErrorOut),
        503: ("No thread is free for a stream, or the database cannot be reached", ErrorOut),
    }
)
def get_live(list_id: int) -> Response | tuple[Response, int, dict[str, str]]:
    """How the list's calendar stands: fresh, building or behind, and by how many changes."""
    with state().sessions() as session:
        standing = standings(session, [list_id]).get(list_id) if storable(list_id) else None
    if standing is None:
        raise NotFound(f"there is no list {list_id}")
    if request.method == "HEAD" or request.accept_mimetypes.best_match(["application/json", EVENTS]) != EVENTS:
        response = jsonify(standing.shown())
        response.headers["Cache-Control"] = "no-store"
        return response
    watching = watch(current_app)
    if not watching.enter(list_id):
        told = {"Retry-After": str(_RETRY_AFTER)}
        return jsonify(error="too many streams are open, ask for application/json instead"), 503, told
    events = _Events(watching, list_id, standing)
    return Response(events, content_type=EVENTS, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


class _Events:
    """The stream. Its place is given back by `close`, which the server calls whether or not it came to read."""

    def __init__(self, watching: Watch, list_id: int, first: Standing) -> None:
        self._watching, self._list_id = watching, list_id
        self._told = self._tell(first)
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        return self._told

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._watching.leave(self._list_id)

    def _tell(self, standing: Standing) -> Iterator[bytes]:
        yield f"retry: {_COME_AGAIN}\n".encode() + _event(standing)
        until = time.monotonic() + _LASTS
        while (left := until - time.monotonic()) > 0 and self._watching.open():
            now = self._watching.wait(self._list_id, standing, min(left, _SILENCE))
            if now == standing:
                yield b":\n\n"
                continue
            if now is None:  # the list is gone: whoever comes again is told 404
                return
            standing = now
            yield _event(standing)


def _event(standing: Standing) -> bytes:
    return f"data: {json.dumps(standing.shown())}\n\n".encode()
