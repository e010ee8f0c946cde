"""Todos as iCalendar text (RFC 5545). The same todos give the same bytes.

Components are rendered one by one (`todo`, `event`), to be kept and joined; `of_todos` and `of_events` render a whole
calendar at once, and say what the joined ones must be equal to.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar import Alarm, Calendar, Component, Event, vDuration, vText
from icalendar import Todo as VTodo

from backlog_todos.time_zone import vtimezone

MEDIA_TYPE = "text/calendar; charset=utf-8"
TAIL = b"END:VCALENDAR\r\n"
#: How often a calendar app should ask: a 304 costs next to nothing.
_REFRESH = timedelta(minutes=15)
#: What ends a line for some reader or other; iCalendar has one way to say it, the escaped \\n (RFC 5545, 3.3.11).
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
#: C0 (RFC 5545, 3.1: CONTROL) but tab and newline, DEL and C1.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_PRODUCT = "-//Backlog//Backlog 1.0//EN"


class Shown(Protocol):
    """What a calendar shows of a todo: an object or a row."""

    id: int
    title: str
    description: str | None
    completed: bool
    completed_at: datetime | None
    deadline_at: datetime | None
    all_day: bool
    revision: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class About:
    """The list of a calendar. `time_zone` is an IANA name (None: UTC); alarms go off `remind_minutes` before."""

    name: str = "Todos"
    time_zone: str | None = None
    remind_minutes: int | None = None

    @property
    def zone(self) -> ZoneInfo | None:
        """Its time zone; None for UTC, and for a name that nobody knows (any more)."""
        try:
            return ZoneInfo(self.time_zone) if self.time_zone and self.time_zone != "UTC" else None
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return None


def of_todos(todos: Iterable[Shown], about: About | None = None) -> str:
    """A VTODO for each todo, with DUE where it has a deadline (RFC 5545, 3.6.2)."""
    about = about or About()
    return b"".join([head(about), *(todo(each, about) for each in todos), TAIL]).decode()


def of_events(todos: Iterable[Shown], about: About | None = None) -> str:
    """A VEVENT at the deadline of each todo that has one, for apps that know no VTODO (RFC 5545, 3.6.1)."""
    about = about or About()
    return b"".join([head(about), *(event(each, about) or b"" for each in todos), TAIL]).decode()


def head(about: About) -> bytes:
    """What comes before the components: names (RFC 7986, 5.1, and what apps knew before it), and the time zone."""
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    # By themselves the library takes these for no type, and escapes nothing.
    name = vText(_text(about.name))
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", _REFRESH, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", vDuration(_REFRESH))
    if about.zone:
        calendar.add("x-wr-timezone", about.zone.key)
        calendar.add_component(vtimezone(about.zone))
    rendered: bytes = calendar.to_ical()
    return rendered.removesuffix(TAIL)


def todo(shown: Shown, about: About, shared: bytes | None = None) -> bytes:
    """A todo as VTODO; `shared` is what `both` gave of it, where somebody has it."""
    component = VTodo()
    component.add("uid", f"todo-{shown.id}@backlog")
    if shown.deadline_at is not None:
        component.add("due", _deadline(shown, shown.deadline_at, about))
    component.add("status", "COMPLETED" if shown.completed else "NEEDS-ACTION")
    component.add("percent-complete", 100 if shown.completed else 0)
    if shown.completed:
        component.add("completed", _second(shown.completed_at or shown.updated_at))
    # An alarm goes by DTSTART, which there is none of, unless it says that it goes by the end (3.8.6.3).
    _remind(component, shown, about, related="END")
    return _with(component, both(shown) if shared is None else shared)


def event(shown: Shown, about: About, shared: bytes | None = None) -> bytes | None:
    """The deadline of a todo as VEVENT; None where it has none."""
    if shown.deadline_at is None:
        return None
    component = Event()
    component.add("uid", f"event-{shown.id}@backlog")
    # Without DTEND or DURATION a timed event ends when it begins (3.6.1): a deadline takes no time. A day is a day.
    component.add("dtstart", _deadline(shown, shown.deadline_at, about))
    component.add("status", "CONFIRMED")
    component.add("transp", "TRANSPARENT")
    _remind(component, shown, about, related="START")
    return _with(component, both(shown) if shared is None else shared)


def both(shown: Shown) -> bytes:
    """The lines that VTODO and VEVENT share: when it changed and how often, what it says. They take the most time."""
    component = _Both()
    component.add("dtstamp", _second(shown.updated_at))
    component.add("created", _second(shown.created_at))
    component.add("last-modified", _second(shown.updated_at))
    component.add("sequence", shown.revision or 0)
    component.add("summary", _text(shown.title))
    if shown.description:
        component.add("description", _text(shown.description))
    rendered: bytes = component.to_ical()
    return rendered.removeprefix(b"BEGIN:BOTH\r\n").removesuffix(b"END:BOTH\r\n")


class _Both(Component):
    name = "BOTH"


def _with(component: Component, shared: bytes) -> bytes:
    """The component, with the shared lines first: a component's own lines come before those of its alarms (3.6)."""
    rendered: bytes = component.to_ical()
    begin, _, rest = rendered.partition(b"\r\n")
    return begin + b"\r\n" + shared + rest


def _deadline(shown: Shown, deadline: datetime, about: About) -> datetime | date:
    """A day is kept as its midnight in UTC, whatever the list's zone."""
    if shown.all_day:
        return deadline.astimezone(UTC).date()
    local = deadline.astimezone(about.zone or UTC).replace(microsecond=0)
    # Of an hour that there is twice a local time names the first (3.3.5), and readers differ: it is said in UTC.
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return local.astimezone(UTC) if twice else local


def _remind(component: Component, shown: Shown, about: About, *, related: str) -> None:
    if about.remind_minutes is None or shown.completed or shown.deadline_at is None:
        return
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", _text(shown.title))
    alarm.add("trigger", timedelta(minutes=-about.remind_minutes), parameters={"related": related})
    component.add_component(alarm)


def _text(text: str) -> str:
    """Line ends as newlines, which are escaped later, and no control characters: many readers break lines at them."""
    return _CONTROL.sub("", _LINE_END.sub("\n", text))


def _second(moment: datetime) -> datetime:
    """ICalendar knows no fractions of a second (3.3.5)."""
    return moment.astimezone(UTC).replace(microsecond=0)
