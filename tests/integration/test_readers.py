"""Calendars mean the same to readers that know nothing of each other: icalendar, ical and ical.js."""

import json
import os
import shutil
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import icalendar
import pytest
from ical.calendar_stream import IcsCalendarStream

from backlog_todos import calendar
from backlog_todos.calendar import About
from backlog_todos.tables import Todo
from local.folder import CHECKOUT

THEN = datetime(2026, 3, 1, 8, 30, 15, tzinfo=UTC)
DAY = datetime(2030, 3, 31, tzinfo=UTC)
LONG = "Ein Satz, der länger ist als eine Zeile; er hat Kommas, 🎉 und Umlaute äöüß, und er hört nicht auf. " * 4
BARE = {"description": None, "completed": False, "completed_at": None, "deadline_at": None, "all_day": False}
TODOS = [
    {"title": "Buy milk"},
    {"title": "Commas, semicolons; back\\slashes \\n and\nlines 🎉", "description": LONG},
    {"title": LONG, "completed": True, "completed_at": THEN + timedelta(hours=1), "deadline_at": DAY},
    # The hour that does not exist in Berlin, and the one that is there twice.
    {"title": "in spring", "deadline_at": datetime(2030, 3, 31, 1, 30, tzinfo=UTC)},
    {"title": "in autumn", "deadline_at": datetime(2030, 10, 27, 1, 30, tzinfo=UTC), "revision": 12},
    {"title": "a day", "deadline_at": DAY, "all_day": True},
    {"title": 'quotes " and : colons = "', "description": " blanks around ", "deadline_at": DAY},
]
ABOUT = {
    "UTC": About("Todos"),
    "Berlin, with alarms": About("Einkauf; Sonstiges", "Europe/Berlin", 30),
    "Brisbane": About("x", "Australia/Brisbane"),
}


@pytest.fixture(scope="module")
def ical_js():
    if not shutil.which("node"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("ical.js needs node, which is not on PATH")
    found = subprocess.run([CHECKOUT / "tools" / "ical-js"], check=True, stdout=subprocess.PIPE, text=True)
    return found.stdout.strip()


def shown(moment):
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return moment.isoformat() if isinstance(moment, date) else None


def by_icalendar(text):
    def value(component, name):
        return component[name].dt if name in component else None

    return [
        {
            "uid": str(component["uid"]),
            "summary": str(component["summary"]),
            "description": str(component["description"]) if "description" in component else None,
            "status": str(component["status"]),
            "sequence": int(component["sequence"]),
            "moment": shown(value(component, "due") or value(component, "dtstart")),
            "completed": shown(value(component, "completed")),
            "changed": shown(value(component, "last-modified")),
            "alarms": [alarm["trigger"].dt.total_seconds() for alarm in component.walk("valarm")],
        }
        for component in icalendar.Calendar.from_ical(text).walk()
        if component.name in ("VTODO", "VEVENT")
    ]


def by_ical(text):
    read = IcsCalendarStream.calendar_from_ics(text)
    return [
        {
            "uid": component.uid,
            "summary": component.summary,
            "description": component.description,
            "status": component.status.value,
            "sequence": component.sequence,
            "moment": shown(getattr(component, "due", None) or component.dtstart),
            "completed": shown(getattr(component, "completed", None)),
            "changed": shown(component.last_modified),
            "alarms": [
                alarm.trigger.total_seconds() for alarm in getattr(component, "alarms", getattr(component, "alarm", []))
            ],
        }
        for component, alarms in (
            *((each, each.alarms) for each in read.todos),
            *((each, each.alarm) for each in read.events),
        )
    ]


def by_ical_js(text, library, tmp_path):
    file = tmp_path / "calendar.ics"
    file.write_bytes(text.encode())
    script = Path(__file__).parent / "read_by_ical_js.mjs"
    command = ["node", "--no-warnings", script, library, file]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=60).stdout)


@pytest.mark.parametrize("about", ABOUT.values(), ids=ABOUT)
@pytest.mark.parametrize("kind", ["todos", "events"])
def test_three_readers_read_the_same(about, kind, ical_js, tmp_path):
    stored = {"created_at": THEN, "updated_at": THEN, "revision": 0, **BARE}
    todos = [Todo(**{**stored, "id": number, **values}) for number, values in enumerate(TODOS, 1)]
    text = calendar.of_todos(todos, about) if kind == "todos" else calendar.of_events(todos, about)
    first = by_icalendar(text)
    assert [each["summary"] for each in first] == [
        each["title"] for each in TODOS if kind == "todos" or each.get("deadline_at")
    ]
    assert by_ical(text) == first
    assert by_ical_js(text, ical_js, tmp_path) == first
