"""/api/v1/todos: list, make, read, change, delete."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, current_app, json
from werkzeug.exceptions import NotFound

from backlog_api import request as incoming
from backlog_api.bodies import ErrorOut, NewTodo, TodoChange, TodoOut
from backlog_api.errors import BadRequest
from backlog_api.operation import Query, operation
from backlog_api.state import state
from backlog_todos import todos
from backlog_todos.tables import Todo

blueprint = Blueprint("todos", __name__, url_prefix="/api/v1/todos")

_WRONG = {400: ("A field or parameter is wrong", ErrorOut)}
_MISSING = {404: ("There is no such todo", ErrorOut)}
_FILTERS = (
    Query("completed", "only what is done, or only what is not", {"type": "string", "enum": ["true", "false"]}),
    Query("window", "only deadlines between now and so many days from now", {"type": "integer", "minimum": 0}),
)


@blueprint.get("")
@operation({200: ("The todos", [TodoOut]), **_WRONG}, query=_FILTERS)
def list_todos() -> Response:
    """The todos in the order of their ids."""
    days = incoming.window()
    with state().sessions() as session:
        found = todos.listed(
            session, completed=incoming.completed(), until=None if days is None else timedelta(days=days)
        )
    return _json([_shown(todo) for todo in found])


@blueprint.post("")
@operation({201: ("The new todo", TodoOut), **_WRONG}, body=NewTodo)
def create_todo() -> Response:
    """Make a todo."""
    new = incoming.body(NewTodo)
    with state().sessions.begin() as session:
        todo = todos.created(session, new.model_dump())
    return _json(_shown(todo), 201)


@blueprint.get("/<int:todo_id>")
@operation({200: ("The todo", TodoOut), **_MISSING})
def get_todo(todo_id: int) -> Response:
    """One todo."""
    with state().sessions() as session:
        todo = todos.found(session, todo_id) if incoming.storable(todo_id) else None
    return _json(_shown(_there(todo, todo_id)))


@blueprint.put("/<int:todo_id>")
@operation({200: ("The todo as it is now", TodoOut), **_WRONG, **_MISSING}, body=TodoChange)
def change_todo(todo_id: int) -> Response:
    """Change any of a todo's fields."""
    change = incoming.body(TodoChange)
    values = change.model_dump(exclude_unset=True)
    wrong: dict[str, str] = {
        name: "must not be null" for name in ("title", "completed") if name in values and values[name] is None
    }
    if "id" in change.model_fields_set and (isinstance(change.id, bool) or change.id != todo_id):
        wrong["id"] = f"cannot be changed from {todo_id}"
    if wrong:
        raise BadRequest(wrong)
    with state().sessions.begin() as session:
        if not incoming.storable(todo_id):
            todo = None
        elif values:
            todo = todos.changed(session, todo_id, values)
        else:
            todo = todos.found(session, todo_id)
    return _json(_shown(_there(todo, todo_id)))


@blueprint.delete("/<int:todo_id>")
@operation({200: ("The todo as it was", TodoOut), **_MISSING})
def delete_todo(todo_id: int) -> Response:
    """Delete a todo; the answer is what it was."""
    with state().sessions.begin() as session:
        todo = todos.deleted(session, todo_id) if incoming.storable(todo_id) else None
    return _json(_shown(_there(todo, todo_id)))


def _there(todo: Todo | None, todo_id: int) -> Todo:
    if todo is None:
        raise NotFound(f"there is no todo {todo_id}")
    return todo


def _shown(todo: Todo) -> dict[str, Any]:
    return TodoOut.model_validate(todo).model_dump()


def _json(content: Any, status: int = 200) -> Response:
    return current_app.response_class(json.dumps(content), status, mimetype="application/json")
