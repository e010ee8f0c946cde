"""Todos as iCalendar text."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from backlog_todos import calendar
from backlog_todos.tables import Todo

THEN = datetime(2026, 3, 1, 8, 30, 15, 123456, UTC)
#: iCalendar knows no control characters but line breaks and tabs (RFC 5545, 3.1).
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), min_size=1, max_size=200)


def todo(**values):
    return Todo(
        **{
            "id": 7,
            "title": "x",
            "description": None,
            "completed": False,
            "deadline_at": None,
            "created_at": THEN,
            "updated_at": THEN,
            **values,
        }
    )


def only(text, kind="VTODO"):
    (component,) = Calendar.from_ical(text).walk(kind)
    return component


def test_an_empty_list_is_a_calendar_without_components():
    assert Calendar.from_ical(calendar.of_todos([])).subcomponents == []


def test_a_todo_says_who_it_is_and_when_it_changed():
    component = only(calendar.of_todos([todo()]))
    assert (component["uid"], component["dtstamp"].dt) == ("todo-7@backlog", THEN.replace(microsecond=0))


def test_the_same_todos_give_the_same_bytes():
    todos = [todo(id=n, title=f"todo {n}") for n in range(5)]
    assert calendar.of_todos(todos) == calendar.of_todos(todos)


def test_a_deadline_is_due_in_utc():
    deadline = datetime(2030, 1, 31, 19, 0, tzinfo=timezone(timedelta(hours=2)))
    assert "DUE:20300131T170000Z" in calendar.of_todos([todo(deadline_at=deadline)])


def test_a_todo_without_a_deadline_has_no_due_and_no_event():
    assert "DUE" not in calendar.of_todos([todo()])
    assert "VEVENT" not in calendar.of_events([todo()])


def test_a_deadline_is_an_event_that_takes_no_time():
    component = only(calendar.of_events([todo(deadline_at=THEN)]), "VEVENT")
    assert (component["dtstart"].dt, str(component["transp"])) == (THEN.replace(microsecond=0), "TRANSPARENT")
    assert "dtend" not in component


def test_what_is_done_is_completed():
    text = calendar.of_todos([todo(completed=True)])
    assert "STATUS:COMPLETED" in text
    assert "COMPLETED:20260301T083015Z" in text
    assert "PERCENT-COMPLETE:100" in text


def test_commas_semicolons_backslashes_and_newlines_are_escaped():
    assert r"SUMMARY:a\, b\; c\\d\ne" in calendar.of_todos([todo(title="a, b; c\\d\ne")])


def test_control_characters_are_left_out():
    """RFC 5545, 3.1: a line may hold none but the tab."""
    text = calendar.of_todos([todo(title="a\x01b\x0bc\x7fd\te", description="x\x1fy")])
    assert "SUMMARY:abcd\te\r\n" in text
    assert "DESCRIPTION:xy\r\n" in text


def test_lines_end_with_crlf_and_are_folded_by_octets():
    lines = calendar.of_todos([todo(title="🎉é" * 100, description="long " * 100)]).encode().split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    for line in lines:
        line.decode()  # never inside a character


@given(title=TEXT, description=TEXT)
def test_every_text_comes_back_as_it_was(title, description):
    component = only(calendar.of_todos([todo(title=title, description=description)]))
    assert str(component["summary"]) == title
    assert str(component["description"]) == description
