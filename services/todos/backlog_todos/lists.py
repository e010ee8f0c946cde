"""The rules of lists of todos. Input is checked at the door."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, delete, func, insert, literal_column, select, update
from sqlalchemy.orm import Session

from backlog_todos import events
from backlog_todos.calendars import changes
from backlog_todos.tables import Build, Calendar, CalendarJob, RemovedTodo, Result, Todo, TodoList

#: The list that was there before there were lists; it stays.
FIRST = 1
FIELDS = ("name", "time_zone", "remind_minutes")
#: What of them each todo of the calendar shows.
_IN_EACH_TODO = ("time_zone", "remind_minutes")
_TABLE = TodoList.rows()
_TODOS = Todo.rows()


class NoSuchList(LookupError):
    """There is no list of that id."""

    def __init__(self, list_id: int) -> None:
        super().__init__(f"there is no list {list_id}")


def listed(source: Connection | Session) -> Sequence[Row[Any]]:
    """Each list, and how many of its todos are `open` and `done`, in the order of their ids."""
    counts = (
        select(
            Todo.list_id,
            func.count().filter(~Todo.completed).label("open"),
            func.count().filter(Todo.completed).label("done"),
        )
        .group_by(Todo.list_id)
        .subquery()
    )
    count = func.coalesce(counts.c.open, 0).label("open"), func.coalesce(counts.c.done, 0).label("done")
    query = select(_TABLE, *count).outerjoin(counts, counts.c.list_id == TodoList.id)
    return source.execute(query.order_by(TodoList.id)).all()


def found(source: Connection | Session, list_id: int) -> Row[Any] | None:
    """The list of that id, with its counts, and its `version`."""
    in_it = select(func.count()).where(Todo.list_id == TodoList.id)
    count = (
        in_it.where(~Todo.completed).scalar_subquery().label("open"),
        in_it.where(Todo.completed).scalar_subquery().label("done"),
    )
    query = select(_TABLE, *count, Calendar.wanted.label("version")).join(Calendar, Calendar.list_id == TodoList.id)
    return source.execute(query.where(TodoList.id == list_id)).one_or_none()


def exists(source: Connection | Session, list_id: int) -> bool:
    """Whether there is a list of that id."""
    return source.execute(select(TodoList.id).where(TodoList.id == list_id)).one_or_none() is not None


def created(session: Session, values: Mapping[str, Any]) -> Row[Any]:
    """A new list, and the rows by which its calendar is built."""
    nothing = [literal_column("0", BigInteger).label(name) for name in ("open", "done", "version")]
    made = session.execute(insert(_TABLE).values(**_known(values)).returning(_TABLE, *nothing)).one()
    session.execute(insert(Calendar.rows()).values(list_id=made.id))
    session.execute(insert(Build.rows()).values(list_id=made.id))
    changes.note(session, made.id, made.version)
    return made


def changed(session: Session, list_id: int, values: Mapping[str, Any]) -> Row[Any] | None:
    """The list with new values; None when there is none of that id.

    Its calendar gets a version of its own. Another zone or reminder shows in each todo of it: all count as changed.
    """
    # Not `for update`, which would wait for whoever puts a todo into the list.
    held = select(_TABLE).where(TodoList.id == list_id).with_for_update(key_share=True)
    before = session.execute(held).one_or_none()
    if before is None:
        return None
    told = {name: value for name, value in _known(values).items() if getattr(before, name) != value}
    if told:
        if any(name in told for name in _IN_EACH_TODO):
            _hold_todos(session, list_id)
            session.execute(update(_TODOS).where(Todo.list_id == list_id).values(version=Todo.version))
        changes.touch(session, list_id)
        session.execute(update(_TABLE).where(TodoList.id == list_id).values(**told, updated_at=func.clock_timestamp()))
    return found(session, list_id)


def deleted(session: Session, list_id: int) -> Row[Any] | None:
    """The list that is gone now, with everything of it; None when there was none of that id."""
    # In the order in which others take these locks: todos, the calendar's version, what is built, the list.
    _hold_todos(session, list_id)
    for table in (Calendar, Build):
        session.execute(select(table.list_id).where(table.list_id == list_id).with_for_update())
    gone = found(session, list_id)
    if gone is None:
        return None
    todos = session.execute(delete(_TODOS).where(Todo.list_id == list_id).returning(*events.TOLD)).all()
    events.record_todos(session, [("todo.deleted", todo) for todo in todos])
    for left in (RemovedTodo, CalendarJob, Result):  # which no foreign key takes along; jobs before their results
        session.execute(delete(left.rows()).where(left.list_id == list_id))
    session.execute(delete(_TABLE).where(TodoList.id == list_id))
    return gone


def _hold_todos(session: Session, list_id: int) -> None:
    """Lock them before the trigger locks the calendar's version, as who changes one does: no two wait in a ring."""
    held = select(Todo.id).where(Todo.list_id == list_id).order_by(Todo.id).with_for_update().subquery()
    session.execute(select(func.count()).select_from(held))


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in FIELDS}
