"""The rules of todos: what is made, changed and deleted in a list, and which events tell of it.

Input is checked at the door. Of each change the caller gets the row as it is then; its `version` is the list's version
with this change, of a todo that was deleted too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from psycopg import errors
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    all_,
    any_,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backlog_todos import events, lists
from backlog_todos.calendars import changes
from backlog_todos.straight import Straight
from backlog_todos.tables import Todo

FIELDS = ("title", "description", "completed", "deadline_at", "all_day")
TABLE = Todo.rows()
_NOW = func.clock_timestamp()
_C = TABLE.c
#: Statements are made once: to make one takes longer than PostgreSQL takes to answer it.
_ONE = (_C.id == bindparam("todo_id", type_=BigInteger)) & (_C.list_id == bindparam("in_list", type_=BigInteger))
_FOUND = select(TABLE).where(_ONE)
_CREATED = insert(TABLE).returning(TABLE)
_CREATED_DONE = insert(TABLE).values(completed_at=_NOW).returning(TABLE)
#: Of a row that is deleted the trigger can only count the list's version: it stands in no row of `todos`.
_DELETED = (
    delete(TABLE)
    .where(_ONE)
    .returning(*(column for column in _C if column.name != "version"), func.next_version(_C.list_id).label("version"))
)
#: Conditions on a todo's revision, by the parameters that Revisions.given gives.
_REVISIONS: Mapping[str, ColumnElement[bool]] = {
    "among": _C.revision == any_(bindparam("among", type_=ARRAY(BigInteger))),
    "except_": _C.revision != all_(bindparam("except_", type_=ARRAY(BigInteger))),
}


class OtherRevision(Exception):
    """There is such a todo, but not in a revision that the change is for."""


@dataclass(frozen=True)
class Revisions:
    """The revisions that a change is for: `among` these, where given, and none of `except_`."""

    among: tuple[int, ...] | None = None
    except_: tuple[int, ...] = ()

    def include(self, revision: int) -> bool:
        """Whether it is one of them."""
        return (self.among is None or revision in self.among) and revision not in self.except_

    def given(self) -> dict[str, list[int]]:
        """Those that a statement is given, by the names of its parameters."""
        given = {"among": self.among, "except_": self.except_ or None}
        return {name: list(revisions) for name, revisions in given.items() if revisions is not None}


ANY = Revisions()


def found(source: Connection | Session | Straight, list_id: int, todo_id: int) -> Row[Any] | None:
    """The todo of that id, if it is in the list."""
    return source.execute(_FOUND, {"todo_id": todo_id, "in_list": list_id}).one_or_none()


def created(session: Session | Straight, list_id: int, values: Mapping[str, Any]) -> Row[Any]:
    """A new todo.

    Raises:
        NoSuchList: there is no such list.
    """
    told = known(values)
    statement = _CREATED_DONE if told.get("completed") else _CREATED
    try:
        todo = session.execute(statement, {"list_id": list_id, **told}).one()
    except IntegrityError as error:
        if isinstance(error.orig, errors.ForeignKeyViolation):
            raise lists.NoSuchList(list_id) from None
        raise
    events.record_todo(session, "todo.created", todo)
    changes.note(session, list_id, todo.version)
    return todo


def changed(
    session: Session | Straight, list_id: int, todo_id: int, values: Mapping[str, Any], of: Revisions = ANY
) -> Row[Any] | None:
    """The todo with new values; None when there is none of that id in the list.

    One event tells of it: that it was completed, if this change ticked it off; else that it was updated.

    Raises:
        OtherRevision: it is in none of the revisions that the change is for; nothing is changed.
    """
    told = known(values)
    if not told:
        as_it_is = found(session, list_id, todo_id)
        if as_it_is is not None and not of.include(as_it_is.revision):
            raise OtherRevision
        return as_it_is
    given = of.given()
    statement = _changing(tuple(sorted(told)), told.get("completed"), tuple(given))
    new = {f"new_{name}": value for name, value in told.items()}
    row = session.execute(statement, {"todo_id": todo_id, "in_list": list_id, **new, **given}).one_or_none()
    if row is None:
        _none_of(session, list_id, todo_id)
        return None
    ticked = row.completed and not row.was_completed
    events.record_todo(session, "todo.completed" if ticked else "todo.updated", row)
    changes.note(session, list_id, row.version)
    return row


def deleted(session: Session | Straight, list_id: int, todo_id: int, of: Revisions = ANY) -> Row[Any] | None:
    """The todo that is gone now; None when there was none of that id in the list.

    Raises:
        OtherRevision: it is in none of the revisions that may be deleted; it stays.
    """
    given = of.given()
    statement = _deleting(tuple(given))
    row = session.execute(statement, {"todo_id": todo_id, "in_list": list_id, **given}).one_or_none()
    if row is None:
        _none_of(session, list_id, todo_id)
        return None
    events.record_todo(session, "todo.deleted", row)
    changes.note(session, list_id, row.version)
    return row


def known(values: Mapping[str, Any]) -> dict[str, Any]:
    """What of the values a todo has; no deadline is no day."""
    told = {name: value for name, value in values.items() if name in FIELDS}
    if "deadline_at" in told and told["deadline_at"] is None:
        told["all_day"] = False
    return told


@cache
def _changing(names: tuple[str, ...], completed: bool | None, among: tuple[str, ...]) -> Any:  # noqa: FBT001 - a key
    """The statement that changes these columns; what follows from their values is a part of it.

    A deadline that is sent as it was shown stays the day that it was.
    """
    before = (
        select(_C.id, _C.completed).where(_ONE, *(_REVISIONS[name] for name in among)).with_for_update().cte("before")
    )
    values: dict[str, Any] = {name: bindparam(f"new_{name}", type_=_C[name].type) for name in names}
    if "deadline_at" in names and "all_day" not in names:
        values["all_day"] = _C.all_day & (_C.deadline_at == values["deadline_at"])
    if completed is not None:
        since = case((before.c.completed, func.coalesce(_C.completed_at, _C.updated_at)), else_=_NOW)
        values["completed_at"] = since if completed else None
    statement = update(TABLE).where(_C.id == before.c.id).values(**values, updated_at=_NOW)
    return statement.returning(TABLE, before.c.completed.label("was_completed"))


@cache
def _deleting(among: tuple[str, ...]) -> Any:
    return _DELETED.where(*(_REVISIONS[name] for name in among))


def _none_of(session: Session | Straight, list_id: int, todo_id: int) -> None:
    """What it means that no row was changed: there is none, or not of the right revision."""
    if found(session, list_id, todo_id) is not None:
        raise OtherRevision
