"""The feed of a calendar that calendar apps poll: nothing new, all of it anew, and what rendering it would cost.

What a 304 saves depends on what the client takes. Without an encoding, as the plain side answers and as a client gets
that names none, a 200 is unpacked and sent whole: the goal is of that row. With gzip, which is stored and sent as it
is, a 200 is little dearer than a 304, since both ask the database once: that row is shown beside it, without a goal.
"""

import urllib.request
from statistics import median

from tests.bench.clients import asking
from tests.bench.figures import Figure
from tests.bench.load import ROUNDS, per_second
from tests.bench.setting import Side, ours, plain
from tests.servers import Servers, until

_TODOS = 5_000
#: Bytes that a 304 has at most, headers and all.
_NO_CONTENT = 1_000
_FEED = "/api/v1/lists/1/calendar.ics"


def measure(servers: Servers) -> list[Figure]:
    """304s against 200s, and 200s against rendering for each request."""
    with ours(servers, worker=True) as side, plain(servers) as other:
        for each in (side, other):
            each.fill(_TODOS)
        etag = _built(side)
        gzip = {"Accept-Encoding": "gzip"}
        rounds = [
            (
                per_second(side.url + _FEED, headers={**gzip, "If-None-Match": etag}, at_most=_NO_CONTENT),
                per_second(side.url + _FEED, headers=gzip),
                per_second(side.url + _FEED, headers={"Accept-Encoding": "identity"}),
            )
            for _ in range(ROUNDS)
        ]
        unchanged, whole, identity = (median(rates) for rates in zip(*rounds, strict=True))
        rendered = per_second(other.url + "/api/v1/calendar.ics", headers=gzip, seconds=20)
    return [
        Figure(
            f"feed of {_TODOS:,} todos, not changed: 304s against 200s",
            f"{unchanged:,.0f}/s",
            f"{identity:,.0f}/s (ours, 200)",
            unchanged / identity,
            at_least=5,
        ),
        Figure(
            f"feed of {_TODOS:,} todos, not changed: 304s against 200s in gzip",
            f"{unchanged:,.0f}/s",
            f"{whole:,.0f}/s (ours, 200)",
            unchanged / whole,
        ),
        Figure(
            f"feed of {_TODOS:,} todos: 200s against rendering",
            f"{whole:,.0f}/s",
            f"{rendered:,.2f}/s",
            whole / rendered,
            at_least=100,
        ),
    ]


def _built(side: Side) -> str:
    """The ETag of the gzipped feed, once it is of all changes."""
    asking(side.url)("PUT", "/api/v1/todos/1", {"completed": False})
    standing = "select c.wanted = b.version from calendars c join builds b using (list_id) where list_id = 1"
    until(lambda: side.sql(standing)[0][0], 60, "the calendar's being right")
    request = urllib.request.Request(side.url + _FEED, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.headers["ETag"])
