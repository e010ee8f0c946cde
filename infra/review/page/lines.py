"""A finding's detail as a reader sees it: a difference by its path and its two sides, any other line as it is."""

import re
from dataclasses import dataclass
from typing import Final

#: Characters: what is longer is told by other means than `Difference.line`, and only read.
_LONGEST: Final = 2000
_VALUE: Final = r'"(?:[^"\\]|\\.)*"|\([^()]*\)|-?\d[\d.eE+-]*|true|false|null|\[.*\]|\{.*\}'
_DIFFERENCE: Final = re.compile(
    rf"(?P<path>[^\"\[{{(]+?): (?:\+ (?P<added>.+)|- (?P<removed>.+)|(?P<before>{_VALUE}) -> (?P<after>{_VALUE}))"
)


@dataclass(frozen=True)
class Line:
    """One line of details.

    Attributes:
        text: the line, or what stands before the sides: the path of what differs.
        before, after: the sides of a difference; None where it has none.
    """

    text: str
    before: str | None = None
    after: str | None = None

    @property
    def differs(self) -> bool:
        """Whether it has sides."""
        return self.before is not None or self.after is not None


def line(text: str) -> Line:
    """Read a line as `Difference.line` writes it."""
    found = _DIFFERENCE.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        return Line(text)
    before, after = found["before"] or found["removed"], found["after"] or found["added"]
    return Line(found["path"], before, after)
