"""/api/v1/lists: list, make, read, change and delete the lists of todos."""

from typing import Any

from flask import Blueprint, Response
from sqlalchemy import Row
from werkzeug.exceptions import Conflict

from backlog_api import answers
from backlog_api import request as incoming
from backlog_api.bodies import ErrorOut, ListChange, ListOut, NewList
from backlog_api.operation import operation
from backlog_api.state import state
from backlog_todos import lists

blueprint = Blueprint("lists", __name__, url_prefix="/api/v1/lists")

_WRONG = {400: ("A field is wrong", ErrorOut)}
_MISSING = {404: ("There is no such list", ErrorOut)}
_COLUMNS = tuple(ListOut.model_fields)


@blueprint.get("")
@operation({200: ("The lists", [ListOut])})
def list_lists() -> Response:
    """The lists in the order of their ids, with how many todos are open and done."""
    with state().reading() as connection:
        found = lists.listed(connection)
    return answers.as_json([answers.shown(row, _COLUMNS) for row in found])


@blueprint.post("")
@operation({201: ("The new list", ListOut), **_WRONG}, body=NewList, tells=(answers.VERSION,))
def create_list() -> Response:
    """Make a list; it has a calendar."""
    new = incoming.body(NewList)
    with state().changing() as session:
        made = lists.created(session, new.model_dump())
    return _answer(made, 201)


@blueprint.get("/<int:list_id>")
@operation({200: ("The list", ListOut), **_MISSING})
def get_list(list_id: int) -> Response:
    """One list."""
    with state().reading() as connection:
        found = lists.found(connection, list_id) if incoming.storable(list_id) else None
    return _answer(_there(found, list_id))


@blueprint.put("/<int:list_id>")
@operation({200: ("The list as it is now", ListOut), **_WRONG, **_MISSING}, body=ListChange, tells=(answers.VERSION,))
def change_list(list_id: int) -> Response:
    """Change any of a list's fields; with another time zone or reminder all of its todos count as changed."""
    change = incoming.body(ListChange)
    found = None
    if incoming.storable(list_id):
        with state().changing() as session:
            found = lists.changed(session, list_id, change.model_dump(exclude_unset=True))
    return _answer(_there(found, list_id))


@blueprint.delete("/<int:list_id>")
@operation({200: ("The list as it was", ListOut), **_MISSING, 409: ("It is the first list, which stays", ErrorOut)})
def delete_list(list_id: int) -> Response:
    """Delete a list, its todos, and its calendar with all of its feeds; the answer is what it was."""
    if list_id == lists.FIRST:
        raise Conflict("the first list stays: other clients know no other")
    gone = None
    if incoming.storable(list_id):
        with state().changing() as session:
            gone = lists.deleted(session, list_id)
    return answers.as_json(answers.shown(_there(gone, list_id), _COLUMNS))


def _there(row: Row[Any] | None, list_id: int) -> Row[Any]:
    if row is None:
        raise lists.NoSuchList(list_id)
    return row


def _answer(row: Row[Any], status: int = 200) -> Response:
    return answers.as_json(answers.shown(row, _COLUMNS), status, answers.version(row.version))
