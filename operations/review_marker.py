"""The first line of a review in markdown: hidden on the page, it says which stack, at what commit, and which steps.

One comment of a stack is found by it and edited; an approval is held against its fingerprint. infra/review writes it.
"""

import re
from dataclasses import dataclass

#: The stacks that pull requests are reviewed for.
STACKS = ("dev", "prod", "lab")

_FORM = re.compile(
    r"<!-- backlog-review stack=(?P<stack>[a-z]{1,20}) commit=(?P<commit>[0-9a-f]{7,40}|unknown)"
    r" fingerprint=(?P<fingerprint>[0-9a-f]{8,64}) -->"
)


@dataclass(frozen=True)
class Marker:
    """What a review says of itself."""

    stack: str
    commit: str
    fingerprint: str

    def __str__(self) -> str:
        return f"<!-- backlog-review stack={self.stack} commit={self.commit} fingerprint={self.fingerprint} -->"


def marker(text: str) -> Marker | None:
    """That of a review; none where its first line is not exactly one."""
    found = _FORM.fullmatch(text.partition("\n")[0].rstrip("\r"))
    return Marker(**found.groupdict()) if found else None
