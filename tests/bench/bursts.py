"""A thousand todos are ticked off at once: how many builds that takes, and how long until the feed is right.

"Right" is: the calendar is of all changes, and no job is left that could still write another one.
"""

import time
from pathlib import Path

from tests.bench.clients import asking, put_all
from tests.bench.figures import Figure
from tests.bench.setting import Side, ours, plain
from tests.servers import Servers, until

_TODOS, _CLIENTS = 1_000, 50
_LONGEST = 600  # seconds
_STANDING = """
select c.wanted = b.version and b.asked_at is null, b.fence
from calendars c join builds b using (list_id) where list_id = 1
"""


def measure(servers: Servers) -> list[Figure]:
    """By a PUT each, and by one bulk call."""
    with ours(servers, worker=True) as side:
        side.fill(_TODOS)
        _settled(side)
        single, builds = _burst(side)
        side.sql("update todos set completed = false")
        _refresh(side)
        bulk = _bulk(side)
    with plain(servers, worker=True) as other:
        other.fill(_TODOS)
        theirs = _plain_burst(other)
    return [
        Figure(
            f"{_TODOS:,} PUTs by {_CLIENTS} clients: builds",
            f"{builds}",
            f"{_TODOS}",
            builds,
            unit="builds",
            at_most=20,
        ),
        Figure(
            f"{_TODOS:,} PUTs by {_CLIENTS} clients: until the feed is right",
            f"{single:.2f} s",
            f"{theirs:.1f} s",
            theirs / single,
            at_least=20,
        ),
        Figure(f"one bulk call of {_TODOS:,}: until the feed is right", f"{bulk:.2f} s", "", bulk, unit="s", at_most=1),
    ]


def _settled(side: Side) -> int:
    """Wait until the calendar is of all changes; returns how many builds there were by now."""
    until(lambda: side.sql(_STANDING)[0][0], _LONGEST, "the calendar's being right")
    return int(str(side.sql(_STANDING)[0][1]))


def _refresh(side: Side) -> None:
    """What was changed by SQL has sent no message; a change of a todo does."""
    asking(side.url)("PUT", "/api/v1/todos/1", {"completed": False})
    _settled(side)
    time.sleep(1)  # the next burst is the first in a while


def _burst(side: Side) -> tuple[float, int]:
    before = _settled(side)
    began = time.monotonic()
    put_all(side.url, (f"/api/v1/todos/{n}" for n in range(1, _TODOS + 1)), {"completed": True}, _CLIENTS)
    builds = _settled(side) - before
    return time.monotonic() - began, builds


def _bulk(side: Side) -> float:
    operations = [{"op": "complete", "id": n} for n in range(1, _TODOS + 1)]
    began = time.monotonic()
    status, answer = asking(side.url)("POST", "/api/v1/todos/bulk", {"operations": operations})
    assert status == 200, answer
    _settled(side)
    return time.monotonic() - began


def _plain_burst(side: Side) -> float:
    file = Path(side.environment["CALENDAR_FILE"])
    began = time.monotonic()
    put_all(side.url, (f"/api/v1/todos/{n}" for n in range(1, _TODOS + 1)), {"completed": True}, _CLIENTS)
    log = side.folder / "worker" / "log"
    until(lambda: log.read_text(encoding="utf-8").count(" succeeded in ") >= _TODOS, _LONGEST, "the plain jobs")
    took = time.monotonic() - began
    assert file.read_text(encoding="utf-8").count("STATUS:COMPLETED") == _TODOS
    return took
