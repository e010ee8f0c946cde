"""Time zones in calendars: every change of the clocks is where the database of time zones has it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from dateutil.rrule import rrulestr
from hypothesis import example, given
from hypothesis import strategies as st

from backlog_todos.time_zone import vtimezone

SECOND = timedelta(seconds=1)
LAST = datetime(2099, 12, 31)  # noqa: DTZ001 - local time, as onsets are


def changes(zone):
    """(moment in UTC, offset before, offset after) of each change, as RFC 5545, 3.6.5, has them read."""
    _, *observances = vtimezone(zone).walk()
    first = min(observance.DTSTART for observance in observances)
    for observance in observances:
        onsets = [observance.DTSTART]
        if "RRULE" in observance:
            rule = rrulestr(observance["RRULE"].to_ical().decode(), dtstart=observance.DTSTART)
            onsets = rule.between(observance.DTSTART, LAST, inc=True)
        for onset in onsets:
            if onset != first:
                moment = (onset - observance.TZOFFSETFROM).replace(tzinfo=UTC)
                yield moment, observance.TZOFFSETFROM, observance.TZOFFSETTO


@given(st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"})))
@example("Europe/Berlin")
@example("Europe/Dublin")
@example("Africa/Casablanca")
@example("Australia/Lord_Howe")
@example("America/Santiago")
def test_each_change_of_the_clocks_is_at_its_moment_and_none_is_left_out(key):
    zone = ZoneInfo(key)
    told = sorted(changes(zone))
    for moment, before, after in told:
        assert ((moment - SECOND).astimezone(zone).utcoffset(), moment.astimezone(zone).utcoffset()) == (before, after)
    offset = datetime(2000, 1, 1, tzinfo=zone).utcoffset()
    moments = iter([*told, (datetime(2101, 1, 1, tzinfo=UTC), None, None)])
    change = next(moments)
    day = datetime(2000, 1, 2, tzinfo=UTC)
    while day < datetime(2099, 12, 30, tzinfo=UTC):
        while change[0] <= day:
            offset, change = change[2], next(moments)
        assert day.astimezone(zone).utcoffset() == offset, day
        day += timedelta(days=9)


@pytest.mark.parametrize(
    ("key", "rules"),
    [
        ("Europe/Berlin", {"FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3", "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10"}),
        ("America/New_York", {"FREQ=YEARLY;BYDAY=2SU;BYMONTH=3", "FREQ=YEARLY;BYDAY=1SU;BYMONTH=11"}),
        ("Asia/Kolkata", set()),
    ],
)
def test_what_goes_by_a_rule_is_said_as_one(key, rules):
    zone = vtimezone(ZoneInfo(key))
    assert {each["RRULE"].to_ical().decode() for each in zone.subcomponents if "RRULE" in each} == rules
    assert b"RDATE" not in zone.to_ical()
