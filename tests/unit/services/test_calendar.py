"""Todos as iCalendar text."""

from datetime import UTC, datetime, timedelta, timezone

import ics
import vobject
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from backlog_todos import calendar
from backlog_todos.tables import Todo

#: Every way to end a line, or what one reader or other takes for one, and control characters of all sorts.
ODD = "a\rb\r\nc\x0bd\x0ce\x85f\u2028g\u2029h\x1ci\x00\x07\x7f\x9bj"
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
    text = calendar.of_todos([todo(title="a\x01b\x0ec\x7fd\te", description="x\x1fy")])
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


def summaries(text):
    """As three parsers read it that share no code."""
    (by_icalendar,) = Calendar.from_ical(text).walk("VTODO")
    (by_ics,) = ics.Calendar(text).todos
    return {str(by_icalendar["summary"]), next(vobject.readComponents(text)).vtodo.summary.value, by_ics.name}


def test_every_end_of_a_line_is_the_same_to_three_parsers():
    text = calendar.of_todos([todo(title=ODD, description=ODD)])
    assert summaries(text) == {"a\nb\nc\nd\ne\nf\ng\nh" + "ij"}


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=200))
def test_no_text_breaks_a_line_for_any_reader(text):
    """`str.splitlines` knows more ends of a line than any parser."""
    rendered = calendar.of_todos([todo(title=text, description=text)])
    assert rendered.splitlines() == rendered.split("\r\n")[:-1]


BERLIN = calendar.About("Home", "Europe/Berlin", 30)


def test_a_calendar_says_its_name_and_how_often_to_ask():
    text = calendar.of_todos([], calendar.About("Home, sweet; home\n"))
    for line in (
        r"NAME:Home\, sweet\; home\n",
        r"X-WR-CALNAME:Home\, sweet\; home\n",
        "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
        "X-PUBLISHED-TTL:PT15M",
    ):
        assert f"\r\n{line}\r\n" in text


def test_a_list_with_a_time_zone_has_its_deadlines_in_it():
    deadline = datetime(2030, 7, 1, 15, 0, tzinfo=UTC)
    text = calendar.of_todos([todo(deadline_at=deadline)], BERLIN)
    assert "DUE;TZID=Europe/Berlin:20300701T170000\r\n" in text
    assert "X-WR-TIMEZONE:Europe/Berlin\r\n" in text
    parsed = Calendar.from_ical(text)
    assert [str(zone["tzid"]) for zone in parsed.walk("VTIMEZONE")] == ["Europe/Berlin"]
    assert only(text)["due"].dt == deadline
    assert only(calendar.of_events([todo(deadline_at=deadline)], BERLIN), "VEVENT")["dtstart"].dt == deadline


def test_a_time_zone_that_nobody_knows_is_utc():
    for name in ("Mars/Olympus", "UTC", "../etc/passwd", ""):
        assert "VTIMEZONE" not in calendar.of_todos([], calendar.About(time_zone=name))


def test_a_deadline_of_a_whole_day_is_that_day_in_any_zone():
    day = todo(deadline_at=datetime(2030, 1, 31, tzinfo=UTC), all_day=True)
    west = calendar.About(time_zone="America/Los_Angeles")
    assert "DUE;VALUE=DATE:20300131\r\n" in calendar.of_todos([day], west)
    assert "DTSTART;VALUE=DATE:20300131\r\n" in calendar.of_events([day], west)


def test_what_is_open_and_due_has_an_alarm_where_the_list_wants_one():
    due = todo(deadline_at=THEN)
    text = calendar.of_todos([due], BERLIN)
    assert "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER;RELATED=END:-PT30M\r\nEND:VALARM\r\n" in text
    assert only(calendar.of_events([due], BERLIN), "VALARM")["trigger"].dt == timedelta(minutes=-30)
    for other in (todo(), todo(deadline_at=THEN, completed=True)):
        assert "VALARM" not in calendar.of_todos([other], BERLIN) + calendar.of_events([other], BERLIN)
    assert "VALARM" not in calendar.of_todos([due])


def test_the_sequence_is_the_revision_and_completion_has_its_own_time():
    text = calendar.of_todos([todo(revision=7, completed=True, completed_at=THEN - timedelta(days=1))])
    assert "SEQUENCE:7\r\n" in text
    assert "\r\nCOMPLETED:20260228T083015Z\r\n" in text


@given(TEXT)
def test_lines_are_folded_by_octets_and_never_within_a_character(title):
    for line in calendar.of_todos([todo(title=title)], calendar.About(title)).encode().split(b"\r\n"):
        assert len(line) <= 75
        line.decode()
