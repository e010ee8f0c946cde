"""/api/v1/todos and /api/v1/lists/{list_id}/todos: list, make, read, change, delete.

The first is the list that was there before there were lists. Clients compare what it answers: it shows of a todo what
it always has, and the routes of a list show more.
"""

import json
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response
from sqlalchemy import Row
from werkzeug.exceptions import NotFound

from backlog_api import access_log, answers, preconditions
from backlog_api import request as incoming
from backlog_api.bodies import IN_LIST, ErrorOut, NewTodo, TodoChange, TodoOut
from backlog_api.errors import BadRequest
from backlog_api.operation import Query, operation
from backlog_api.state import state
from backlog_todos import lists, todo_texts, todos
from backlog_todos.todo_texts import Wanted

blueprint = Blueprint("todos", __name__)

_WRONG = {400: ("A field or parameter is wrong", ErrorOut)}
_MISSING = {404: ("There is no such todo", ErrorOut)}
_NO_LIST = {404: ("There is no such list", ErrorOut)}
_OTHER = {412: ("The todo is in another revision", ErrorOut)}
_FILTERS = (
    Query("completed", "only what is done, or only what is not", {"type": "string", "enum": ["true", "false"]}),
    Query("window", "only deadlines between now and so many days from now", {"type": "integer", "minimum": 0}),
    Query(
        "limit",
        "no more than so many; the header Link says where the next are",
        {"type": "integer", "minimum": 1, "maximum": incoming.LARGEST_PAGE},
    ),
    Query("after", "only ids above this one", {"type": "integer", "minimum": 0}),
)
_TAGS = {"type": "string"}
_CONDITIONS = (
    Query("If-Match", "tags (ETag) of the revisions that the request is for", _TAGS),
    Query("If-None-Match", "tags (ETag) of the revisions that it is not for", _TAGS),
)
_ETAG = Query("ETag", "the tag of the todo's revision", _TAGS)
_LINK = Query("Link", "where the next page is, where there is one (RFC 8288)", _TAGS)


@blueprint.get("")
@operation({200: ("The todos", [TodoOut]), **_WRONG, **_NO_LIST}, query=_FILTERS, tells=(_LINK,))
def list_todos(list_id: int | None = None) -> Response:
    """The todos in the order of their ids."""
    asked = incoming.filters()
    until = None if asked.window is None else timedelta(days=asked.window)
    wanted = Wanted(_list(list_id), _columns(list_id), asked.completed, until, asked.after)
    with state().reading() as connection:
        found = todo_texts.page(connection, wanted, asked.limit or todo_texts.PIECE + 1)
        if not found.count and list_id is not None and not lists.exists(connection, list_id):
            raise lists.NoSuchList(list_id)
        if asked.limit is not None:
            return answers.page(connection, wanted, found, asked.limit)
    return answers.whole(state().engine, wanted, found)


@blueprint.post("")
@operation({201: ("The new todo", TodoOut), **_WRONG, **_NO_LIST}, body=NewTodo, tells=(_ETAG, answers.VERSION))
def create_todo(list_id: int | None = None) -> Response:
    """Make a todo."""
    new = incoming.body(_model(NewTodo, list_id))
    with state().changing_at_once() as session:
        todo = todos.created(session, _list(list_id), new.values())
    access_log.about(todo_id=todo.id)
    return _answer(todo, list_id, 201, written=True)


@blueprint.get("/<int:todo_id>")
@operation(
    {200: ("The todo", TodoOut), 304: ("It is as the client has it", None), **_MISSING, **_OTHER},
    headers=_CONDITIONS,
    tells=(_ETAG,),
)
def get_todo(todo_id: int, list_id: int | None = None) -> Response:
    """One todo."""
    with state().straight() as connection:
        found = todos.found(connection, _list(list_id), todo_id) if incoming.storable(todo_id) else None
    todo = _there(found, todo_id)
    if preconditions.is_known(todo):
        return Response(status=304, headers={"ETag": preconditions.tag(todo)})
    return _answer(todo, list_id)


@blueprint.put("/<int:todo_id>")
@operation(
    {200: ("The todo as it is now", TodoOut), **_WRONG, **_MISSING, **_OTHER},
    body=TodoChange,
    headers=_CONDITIONS,
    tells=(_ETAG, answers.VERSION),
)
def change_todo(todo_id: int, list_id: int | None = None) -> Response:
    """Change any of a todo's fields."""
    change = incoming.body(_model(TodoChange, list_id))
    if "id" in change.model_fields_set and (isinstance(change.id, bool) or change.id != todo_id):
        raise BadRequest({"id": f"cannot be changed from {todo_id}"})
    found = None
    if incoming.storable(todo_id):
        of = preconditions.revisions(todo_id)
        with state().changing_at_once() as session:
            found = todos.changed(session, _list(list_id), todo_id, change.values(), of)
    return _answer(_there(found, todo_id), list_id, written=True)


@blueprint.delete("/<int:todo_id>")
@operation({200: ("The todo as it was", TodoOut), **_MISSING, **_OTHER}, headers=_CONDITIONS, tells=(answers.VERSION,))
def delete_todo(todo_id: int, list_id: int | None = None) -> Response:
    """Delete a todo; the answer is what it was."""
    found = None
    if incoming.storable(todo_id):
        of = preconditions.revisions(todo_id)
        with state().changing_at_once() as session:
            found = todos.deleted(session, _list(list_id), todo_id, of)
    todo = _there(found, todo_id)
    return answers.as_json(answers.shown(todo, _columns(list_id)), headers=answers.version(todo.version))


def _list(list_id: int | None) -> int:
    if list_id is None:
        return lists.FIRST
    if not incoming.storable(list_id):
        raise lists.NoSuchList(list_id)
    return list_id


def _model(model: Any, list_id: int | None) -> Any:
    return model if list_id is None else IN_LIST[model]


_COLUMNS, _IN_LIST = tuple(TodoOut.model_fields), tuple(IN_LIST[TodoOut].model_fields)


def _columns(list_id: int | None) -> tuple[str, ...]:
    return _COLUMNS if list_id is None else _IN_LIST


def _there(todo: Row[Any] | None, todo_id: int) -> Row[Any]:
    if todo is None:
        raise NotFound(f"there is no todo {todo_id}")
    return todo


def told(todo: Row[Any], list_id: int | None, *, written: bool = False) -> tuple[str, dict[str, str]]:
    """A todo as JSON, and the headers that go with it; after a change, the one that names its version too."""
    headers = {"ETag": preconditions.tag(todo), **(answers.version(todo.version) if written else {})}
    return json.dumps(answers.shown(todo, _columns(list_id))), headers


def _answer(todo: Row[Any], list_id: int | None, status: int = 200, *, written: bool = False) -> Response:
    body, headers = told(todo, list_id, written=written)
    return Response(body, status, headers, mimetype="application/json")
