"""A time zone as calendars carry it (RFC 5545, 3.6.5), from the database of time zones that this machine has.

Readers differ in what they understand of a VTIMEZONE: all of them know observances that begin once, and yearly rules;
lists of dates (RDATE) are read by some, and in part. So where the clocks have changed by one rule for as long as the
database knows, the rule is said; what came before it, and what goes by no rule, is said change by change.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard, vRecur

#: Deadlines before and after have the offsets of the first and of the last of these days.
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
#: No zone keeps an offset for less, and goes back to the one before.
_STEP, _SECOND = timedelta(days=5), timedelta(seconds=1)
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class _Kind:
    """What the clocks change from and to."""

    before: timedelta
    after: timedelta
    name: str
    standard: bool


@lru_cache(maxsize=256)
def vtimezone(zone: ZoneInfo) -> Timezone:
    """The VTIMEZONE of a zone; it takes some milliseconds, once."""
    made = Timezone()
    made.add("TZID", zone.key)
    for kind, onsets in _changes(zone).items():
        last = _ruled(onsets) if onsets[-1].year == _LAST.year - 1 else len(onsets)
        for onset in onsets[:last]:
            made.add_component(_observance(kind, onset))
        if last < len(onsets):
            observance = _observance(kind, onsets[last])
            observance.add("RRULE", _rule(onsets[last:]))
            made.add_component(observance)
    return made


def _changes(zone: ZoneInfo) -> dict[_Kind, list[datetime]]:
    """The onsets of each kind, in the offset of before (RFC 5545, 3.6.5: "DTSTART", "TZOFFSETFROM").

    The first is none of a change, but says the offset of the first day.
    """
    found = defaultdict(list)
    moment, known = _FIRST, _FIRST.astimezone(zone)
    found[_kind(known, known)].append(known.replace(tzinfo=None))
    while moment < _LAST:
        moment += _STEP
        now = moment.astimezone(zone)
        if now.utcoffset() == known.utcoffset() and now.dst() == known.dst():
            continue
        before, after = moment - _STEP, moment
        while after - before > _SECOND:
            middle = before + (after - before) // 2
            same = middle.astimezone(zone).utcoffset() == known.utcoffset()
            before, after = (middle, after) if same else (before, middle)
        change = after.replace(microsecond=0).astimezone(zone)
        kind = _kind(known, change)
        found[kind].append((change.astimezone(UTC) + kind.before).replace(tzinfo=None))
        known = now
    return found


def _kind(before: datetime, after: datetime) -> _Kind:
    offsets = (before.utcoffset() or timedelta(), after.utcoffset() or timedelta())
    return _Kind(*offsets, after.tzname() or "", standard=not after.dst())


def _ruled(onsets: Sequence[datetime]) -> int:
    """The first onset from which on there is one a year by one rule; their number where there is none."""
    first = len(onsets) - 1
    while first and onsets[first - 1].year == onsets[first].year - 1 and _rule(onsets[first - 1 :]):
        first -= 1
    return first if first < len(onsets) - 1 else len(onsets)


def _rule(onsets: Sequence[datetime]) -> vRecur | None:
    """The day of the year that all of them are on, at one time of the day: the second Sunday in March."""
    if len({(onset.month, onset.weekday(), onset.time()) for onset in onsets}) > 1:
        return None
    common = set.intersection(*({*_places(onset)} for onset in onsets))
    if not common:
        return None
    return vRecur(freq="YEARLY", bymonth=onsets[0].month, byday=f"{min(common)}{_DAYS[onsets[0].weekday()]}")


def _places(onset: datetime) -> Iterator[int]:
    """Which of its weekday in its month it is: the first is 1, the last -1."""
    yield (onset.day + 6) // 7
    if onset.day + 7 > monthrange(onset.year, onset.month)[1]:
        yield -1


def _observance(kind: _Kind, onset: datetime) -> TimezoneStandard | TimezoneDaylight:
    observance = TimezoneStandard() if kind.standard else TimezoneDaylight()
    observance.TZOFFSETFROM, observance.TZOFFSETTO = kind.before, kind.after
    observance.add("TZNAME", kind.name)
    observance.DTSTART = onset
    return observance
