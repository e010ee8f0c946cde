"""The rules of todos: what is listed, made, changed and deleted. Input is checked at the door."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from backlog_todos.tables import Todo

FIELDS = ("title", "description", "completed", "deadline_at")


def listed(
    session: Session, *, completed: bool | None = None, until: timedelta | None = None, now: datetime | None = None
) -> Sequence[Todo]:
    """Todos in the order of their ids; `until` keeps those whose deadline lies between now and then."""
    query = select(Todo).order_by(Todo.id)
    if completed is not None:
        query = query.where(Todo.completed.is_(completed))
    if until is not None:
        start = func.now() if now is None else now
        query = query.where(Todo.deadline_at.between(start, start + until))
    return session.scalars(query).all()


def found(session: Session, todo_id: int) -> Todo | None:
    """The todo of that id."""
    return session.get(Todo, todo_id)


def created(session: Session, values: Mapping[str, Any]) -> Todo:
    """A new todo."""
    return session.execute(insert(Todo).values(**_known(values)).returning(Todo)).scalar_one()


def changed(session: Session, todo_id: int, values: Mapping[str, Any]) -> Todo | None:
    """The todo with new values; None when there is none of that id."""
    statement = update(Todo).where(Todo.id == todo_id).values(**_known(values), updated_at=func.clock_timestamp())
    return session.execute(statement.returning(Todo)).scalar_one_or_none()


def deleted(session: Session, todo_id: int) -> Todo | None:
    """The todo that is gone now; None when there was none of that id."""
    return session.execute(delete(Todo).where(Todo.id == todo_id).returning(Todo)).scalar_one_or_none()


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in FIELDS}
