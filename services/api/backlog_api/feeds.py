"""/api/v1/lists/ID/feeds: secret addresses of a list's calendar, for calendar apps; made, rotated and removed.

An address is in the answer that makes it and nowhere else: the database has a hash of its token.
"""

from typing import Any

from flask import Blueprint, Response
from flask import request as flask_request
from sqlalchemy import Row
from werkzeug.exceptions import NotFound

from backlog_api import answers
from backlog_api import request as incoming
from backlog_api.bodies import ErrorOut, FeedAddressOut, FeedOut, NewFeed
from backlog_api.operation import operation
from backlog_api.state import state
from backlog_todos import feeds, lists

blueprint = Blueprint("feeds", __name__, url_prefix="/api/v1/lists/<int:list_id>/feeds")

_WRONG = {400: ("A field is wrong", ErrorOut)}
_NO_LIST = {404: ("There is no such list", ErrorOut)}
_NO_FEED = {404: ("The list has no such feed", ErrorOut)}
_COLUMNS = tuple(FeedOut.model_fields)


@blueprint.get("")
@operation({200: ("The feeds, without their addresses", [FeedOut]), **_NO_LIST})
def list_feeds(list_id: int) -> Response:
    """The feeds of a list in the order of their ids."""
    with state().sessions() as session:
        if not incoming.storable(list_id) or not lists.exists(session, list_id):
            raise lists.NoSuchList(list_id)
        found = feeds.listed(session, list_id)
    return answers.as_json([answers.shown(row, _COLUMNS) for row in found])


@blueprint.post("")
@operation({201: ("The new feed and its address, this once", FeedAddressOut), **_WRONG, **_NO_LIST}, body=NewFeed)
def create_feed(list_id: int) -> Response:
    """Make a feed: an address of the list's calendar that needs no login."""
    new = incoming.body(NewFeed)
    made = None
    if incoming.storable(list_id):
        with state().changing() as session:
            made = feeds.made(session, list_id, new.name)
    if made is None:
        raise lists.NoSuchList(list_id)
    return _with_address(*made, 201)


@blueprint.post("/<int:feed_id>/rotate")
@operation({200: ("The feed and its new address, this once", FeedAddressOut), **_NO_FEED})
def rotate_feed(list_id: int, feed_id: int) -> Response:
    """Give a feed another address; the one before is nobody's."""
    rotated = None
    if _storable(list_id, feed_id):
        with state().changing() as session:
            rotated = feeds.rotated(session, list_id, feed_id)
    if rotated is None:
        raise _missing(list_id, feed_id)
    return _with_address(*rotated, 200)


@blueprint.delete("/<int:feed_id>")
@operation({200: ("The feed as it was", FeedOut), **_NO_FEED})
def delete_feed(list_id: int, feed_id: int) -> Response:
    """Remove a feed; its address is nobody's."""
    gone = None
    if _storable(list_id, feed_id):
        with state().changing() as session:
            gone = feeds.removed(session, list_id, feed_id)
    if gone is None:
        raise _missing(list_id, feed_id)
    return answers.as_json(answers.shown(gone, _COLUMNS))


def _storable(list_id: int, feed_id: int) -> bool:
    return incoming.storable(list_id) and incoming.storable(feed_id)


def _missing(list_id: int, feed_id: int) -> NotFound:
    return NotFound(f"list {list_id} has no feed {feed_id}")


def _with_address(row: Row[Any], token: str, status: int) -> Response:
    shown = answers.shown(row, ("id", "name", "created_at"))
    url, webcal = _addresses(token)
    content = {"id": shown["id"], "name": shown["name"], "url": url, "webcal_url": webcal, **shown}
    response = answers.as_json(content, status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _addresses(token: str) -> tuple[str, str]:
    """As browsers and as calendar apps open it, of the host that was asked; without one, its path alone."""
    path = f"/calendars/{token}.ics"
    if not (host := flask_request.host):
        return path, path
    scheme, webcal = ("https", "webcals") if flask_request.is_secure else ("http", "webcal")
    return f"{scheme}://{host}{path}", f"{webcal}://{host}{path}"
