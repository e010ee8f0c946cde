"""Many operations on a list's todos in one transaction: a statement for all creations, one for all changes, and so on.

What comes out is as if they were done one after another; but each todo counts as changed once, and an event tells of it
once: that it was deleted, or else completed, or else updated. What is changed and then deleted is only deleted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Row, any_, delete, literal, select, text
from sqlalchemy.orm import Session

from backlog_todos import events, lists, todos
from backlog_todos.calendars import changes
from backlog_todos.tables import Todo

_TOLD = ", ".join(f"todos.{column.name}" for column in events.TOLD)
_CREATED = text(f"""
    insert into todos (list_id, title, description, completed, completed_at, deadline_at, all_day)
    select :list_id, title, description, completed, case when completed then clock_timestamp() end, deadline_at, all_day
    from unnest(cast(:title as text[]), cast(:description as text[]), cast(:completed as boolean[]),
        cast(:deadline_at as timestamptz[]), cast(:all_day as boolean[]))
        with ordinality as told (title, description, completed, deadline_at, all_day, number)
    order by number
    returning {_TOLD}
""")  # noqa: S608 - names of columns
#: A null means that it stays; where null is a value, a flag says whether it is told.
_CHANGED = text(f"""
    update todos set
        title = coalesce(told.title, todos.title),
        description = case when told.describes then told.description else todos.description end,
        completed = coalesce(told.completed, todos.completed),
        completed_at = case
            when told.completed is null then todos.completed_at
            when told.completed and told.was_completed then coalesce(todos.completed_at, todos.updated_at)
            when told.completed then clock_timestamp()
        end,
        deadline_at = case when told.dates then told.deadline_at else todos.deadline_at end,
        all_day = coalesce(told.all_day, todos.all_day and (not told.dates or todos.deadline_at = told.deadline_at)),
        updated_at = clock_timestamp()
    from unnest(cast(:id as bigint[]), cast(:title as text[]), cast(:describes as boolean[]),
        cast(:description as text[]), cast(:completed as boolean[]), cast(:was_completed as boolean[]),
        cast(:dates as boolean[]), cast(:deadline_at as timestamptz[]), cast(:all_day as boolean[]))
        as told (id, title, describes, description, completed, was_completed, dates, deadline_at, all_day)
    where todos.id = told.id
    returning {_TOLD}, todos.completed and not told.was_completed as ticked
""")  # noqa: S608


@dataclass(frozen=True)
class Operation:
    """`op` is create, update, complete or delete; `todo_id` is None for the first; `values` are for the first two."""

    op: str
    todo_id: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


class Refused(Exception):
    """Nothing was done: the number of each operation that cannot be, from 0, and why."""

    def __init__(self, mistakes: Mapping[int, str]) -> None:
        super().__init__(mistakes)
        self.mistakes = dict(mistakes)


@dataclass
class _Plan:
    """What the operations come to, by id; `was_completed` is since when a todo that is completed now is."""

    was_completed: dict[int, bool]
    creations: list[dict[str, Any]] = field(default_factory=list)
    changes: dict[int, dict[str, Any]] = field(default_factory=dict)
    deletions: dict[int, int] = field(default_factory=dict)
    mistakes: dict[int, str] = field(default_factory=dict)

    def add(self, number: int, operation: Operation) -> None:
        todo_id = operation.todo_id
        if todo_id is None:
            self.creations.append(todos.known(operation.values))
        elif todo_id in self.deletions:
            self.mistakes[number] = f"todo {todo_id} is deleted by operation {self.deletions[todo_id]} before"
        elif todo_id not in self.was_completed:
            self.mistakes[number] = f"there is no todo {todo_id} in this list"
        elif operation.op == "delete":
            self.deletions[todo_id] = number
            self.changes.pop(todo_id, None)
        else:
            self._change(todo_id, {"completed": True} if operation.op == "complete" else todos.known(operation.values))

    def _change(self, todo_id: int, told: dict[str, Any]) -> None:
        if not told:
            return
        before = self.changes.setdefault(todo_id, {})
        if told.get("completed") is False:
            self.was_completed[todo_id] = False
        if "deadline_at" in told and "all_day" not in told and before.get("deadline_at") != told["deadline_at"]:
            before.pop("all_day", None)
        before.update(told)


def planned(session: Session, list_id: int, operations: Mapping[int, Operation]) -> _Plan:
    """What these operations, by their numbers, come to; the todos are locked until the transaction ends.

    In the order of their ids, and before the trigger locks the calendar's version: no two calls wait in a ring.

    Raises:
        NoSuchList: there is no such list.
    """
    if not lists.exists(session, list_id):
        raise lists.NoSuchList(list_id)
    ids = sorted({operation.todo_id for operation in operations.values() if operation.todo_id is not None})
    held = select(Todo.id, Todo.completed).where(Todo.list_id == list_id, _among(ids))
    rows = session.execute(held.order_by(Todo.id).with_for_update()).all() if ids else []
    plan = _Plan({row.id: row.completed for row in rows})
    for number, operation in operations.items():
        plan.add(number, operation)
    return plan


def applied(session: Session, list_id: int, operations: Sequence[Operation]) -> tuple[list[int], int]:
    """Do all of them, or nothing; the id of each one's todo, and the list's version with all of them.

    Raises:
        NoSuchList: there is no such list.
        Refused: some cannot be done.
    """
    plan = planned(session, list_id, dict(enumerate(operations)))
    if plan.mistakes:
        raise Refused(plan.mistakes)
    made = _create(session, list_id, plan.creations)
    changed = _change(session, plan)
    gone = _delete(session, list(plan.deletions))
    events.record_todos(
        session,
        [
            *(("todo.created", todo) for todo in made),
            *(("todo.completed" if row.ticked else "todo.updated", row) for row in changed),
            *(("todo.deleted", todo) for todo in gone),
        ],
    )
    ids = iter(todo.id for todo in made)
    version = changes.touch(session, list_id)
    return [next(ids) if operation.todo_id is None else operation.todo_id for operation in operations], version


def _create(session: Session, list_id: int, creations: Sequence[Mapping[str, Any]]) -> Sequence[Row[Any]]:
    if not creations:
        return []
    values = _columns(("title", "description", "deadline_at"), creations)
    flags = {name: [bool(told.get(name)) for told in creations] for name in ("completed", "all_day")}
    rows = session.execute(_CREATED, {"list_id": list_id, **values, **flags}).all()
    return sorted(rows, key=lambda row: row.id)


def _change(session: Session, plan: _Plan) -> Sequence[Row[Any]]:
    if not plan.changes:
        return []
    changes = list(plan.changes.values())
    values = _columns(todos.FIELDS, changes)
    told = {
        "id": list(plan.changes),
        "was_completed": [plan.was_completed[todo_id] for todo_id in plan.changes],
        "describes": ["description" in change for change in changes],
        "dates": ["deadline_at" in change for change in changes],
    }
    return session.execute(_CHANGED, {**told, **values}).all()


def _delete(session: Session, ids: Sequence[int]) -> Sequence[Row[Any]]:
    if not ids:
        return []
    return session.execute(delete(todos.TABLE).where(_among(ids)).returning(*events.TOLD)).all()


def _columns(names: Iterable[str], rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row.get(name) for row in rows] for name in names}


def _among(ids: Sequence[int]) -> ColumnElement[bool]:
    return Todo.id == any_(literal(ids, ARRAY(BigInteger)))
