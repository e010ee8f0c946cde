"""The windows in which RDS backs up and maintains: they never overlap."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.windows import DAILY, WEEKLY, Window

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
TIME = st.integers(0, 24 * 60 - 1)


def clock(minutes):
    return f"{minutes // 60:02}:{minutes % 60:02}"


@pytest.mark.parametrize(
    ("backup", "maintenance", "overlap"),
    [
        ("07:00-07:30", "sun:08:00-sun:08:30", False),
        ("07:00-08:00", "sun:08:00-sun:08:30", False),
        ("07:00-08:01", "sun:08:00-sun:08:30", True),
        ("08:30-09:00", "wed:08:00-wed:08:30", False),
        ("08:10-08:20", "wed:08:00-wed:08:30", True),
        ("07:00-09:00", "wed:08:00-wed:08:30", True),
        ("23:45-00:15", "mon:00:00-mon:00:30", True),
        ("23:30-00:00", "mon:00:00-mon:00:30", False),
        ("00:10-00:40", "sun:23:45-mon:00:15", True),
        ("03:00-03:30", "sat:22:00-sun:22:00", True),
    ],
)
def test_windows_overlap_where_a_minute_is_in_both(backup, maintenance, overlap):
    assert Window.daily(backup).overlaps(Window.weekly(maintenance)) is overlap
    assert Window.weekly(maintenance).overlaps(Window.daily(backup)) is overlap


@given(TIME, TIME, st.integers(0, 6), TIME, st.integers(0, 6), TIME)
def test_what_the_arithmetic_says_is_what_counting_minutes_says(start, end, first, begins, last, ends):
    backup, maintenance = f"{clock(start)}-{clock(end)}", f"{DAYS[first]}:{clock(begins)}-{DAYS[last]}:{clock(ends)}"
    assert re.match(DAILY, backup)
    assert re.match(WEEKLY, maintenance)
    daily, weekly = Window.daily(backup), Window.weekly(maintenance)
    week = 7 * 24 * 60
    ours = {(day * 24 * 60 + start + minute) % week for day in range(7) for minute in range((end - start) % (24 * 60))}
    length = ((last - first) * 24 * 60 + ends - begins) % week
    theirs = {(first * 24 * 60 + begins + minute) % week for minute in range(length)}
    assert daily.overlaps(weekly) is bool(ours & theirs)
