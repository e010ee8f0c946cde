"""The times of the week in which RDS may back up and maintain a database, in UTC."""

import re
from dataclasses import dataclass

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = r"([01]\d|2[0-3]):([0-5]\d)"
DAILY = rf"^{_TIME}-{_TIME}$"
WEEKLY = rf"^({'|'.join(_DAYS)}):{_TIME}-({'|'.join(_DAYS)}):{_TIME}$"
_DAY, _WEEK = 24 * 60, 7 * 24 * 60  # minutes
#: Minutes. RDS API Reference, ModifyDBInstance: PreferredBackupWindow and PreferredMaintenanceWindow.
SHORTEST = 30


@dataclass(frozen=True)
class Window:
    """`start` and `length` in minutes; it comes again after `period` minutes, a day or a week."""

    start: int
    length: int
    period: int

    @classmethod
    def daily(cls, text: str) -> "Window":
        """`hh:mm-hh:mm`, as DAILY has it."""
        start, end = (_minutes(*time) for time in re.findall(_TIME, text))
        return cls(start, (end - start) % _DAY, _DAY)

    @classmethod
    def weekly(cls, text: str) -> "Window":
        """`ddd:hh:mm-ddd:hh:mm`, as WEEKLY has it."""
        days = re.findall("|".join(_DAYS), text)
        times = (_minutes(*time) for time in re.findall(_TIME, text))
        start, end = (_DAYS.index(day) * _DAY + minutes for day, minutes in zip(days, times, strict=True))
        return cls(start, (end - start) % _WEEK, _WEEK)

    def overlaps(self, other: "Window") -> bool:
        """Whether both are open at some minute of a week."""
        return (
            self.length > 0
            and other.length > 0
            and any(
                (theirs - ours) % _WEEK < self.length or (ours - theirs) % _WEEK < other.length
                for ours in range(self.start, _WEEK, self.period)
                for theirs in range(other.start, _WEEK, other.period)
            )
        )


def _minutes(hours: str, minutes: str) -> int:
    return 60 * int(hours) + int(minutes)
