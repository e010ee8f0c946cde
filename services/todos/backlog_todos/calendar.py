"""Todos as iCalendar text (RFC 5545). The same todos give the same bytes."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from icalendar import Calendar, Component, Event
from icalendar import Todo as VTodo

from backlog_todos.tables import Todo

MEDIA_TYPE = "text/calendar; charset=utf-8"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PRODUCT = "-//Backlog//Backlog 1.0//EN"


def of_todos(todos: Iterable[Todo]) -> str:
    """A VTODO for each todo, with DUE where it has a deadline (RFC 5545, 3.6.2)."""
    return _rendered(_vtodo(todo) for todo in todos)


def of_events(todos: Iterable[Todo]) -> str:
    """A VEVENT at the deadline of each todo that has one, for apps that know no VTODO (RFC 5545, 3.6.1)."""
    return _rendered(_vevent(todo, todo.deadline_at) for todo in todos if todo.deadline_at is not None)


def _rendered(components: Iterable[Component]) -> str:
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    for component in components:
        calendar.add_component(component)
    return str(calendar.to_ical(), "utf-8")


def _vtodo(todo: Todo) -> Component:
    component = _described(VTodo(), todo, "todo")
    if todo.deadline_at is not None:
        component.add("due", todo.deadline_at.astimezone(UTC))
    component.add("status", "COMPLETED" if todo.completed else "NEEDS-ACTION")
    component.add("percent-complete", 100 if todo.completed else 0)
    if todo.completed:
        component.add("completed", _second(todo.updated_at))
    return component


def _vevent(todo: Todo, deadline: datetime) -> Component:
    component = _described(Event(), todo, "event")
    # Without DTEND or DURATION the event ends when it begins (3.6.1): a deadline takes no time.
    component.add("dtstart", deadline.astimezone(UTC))
    component.add("status", "CONFIRMED")
    component.add("transp", "TRANSPARENT")
    return component


def _described(component: Component, todo: Todo, kind: str) -> Component:
    """What both have: who it is, when it last changed, what it says."""
    component.add("uid", f"{kind}-{todo.id}@backlog")
    component.add("dtstamp", _second(todo.updated_at))
    component.add("created", _second(todo.created_at))
    component.add("last-modified", _second(todo.updated_at))
    component.add("summary", _text(todo.title))
    if todo.description:
        component.add("description", _text(todo.description))
    return component


def _text(text: str) -> str:
    """Without the control characters that no line may hold (RFC 5545, 3.1: CONTROL); line ends are escaped later."""
    return _CONTROL.sub("", text)


def _second(moment: datetime) -> datetime:
    """ICalendar knows no fractions of a second (3.3.5)."""
    return moment.astimezone(UTC).replace(microsecond=0)
