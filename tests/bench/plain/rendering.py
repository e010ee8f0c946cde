"""The plain calendar: all of it, with icalendar, each time."""

from collections.abc import Iterable
from typing import Any

from icalendar import Calendar
from icalendar import Todo as VTodo


def rendered(todos: Iterable[Any]) -> bytes:
    """The calendar of todos."""
    calendar = Calendar()
    calendar.add("prodid", "-//Plain//EN")
    calendar.add("version", "2.0")
    for todo in todos:
        component = VTodo()
        component.add("uid", f"{todo.id}@plain")
        component.add("dtstamp", todo.updated_at)
        component.add("created", todo.created_at)
        component.add("last-modified", todo.updated_at)
        component.add("summary", todo.title)
        if todo.description:
            component.add("description", todo.description)
        if todo.deadline_at:
            component.add("due", todo.deadline_at)
        component.add("status", "COMPLETED" if todo.completed else "NEEDS-ACTION")
        calendar.add_component(component)
    return bytes(calendar.to_ical())
