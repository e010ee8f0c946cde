"""Whether a worker's memory grows with the builds that it has done."""

from collections.abc import Iterator
from itertools import count

import psutil

from tests.bench.clients import asking, put_all
from tests.bench.figures import Figure
from tests.bench.setting import Side, ours
from tests.servers import Servers, until

_FEW, _MANY = 100, 10_000
_LISTS, _CLIENTS = 400, 8  # a list is built at most a few times a second
_MB = 1_000_000


def measure(servers: Servers) -> list[Figure]:
    """All processes of a worker, after some builds and after many."""
    with ours(servers, worker=True) as side:
        paths = _todos(side)
        _build(side, paths, _FEW)
        few = _memory(side)
        _build(side, paths, _MANY)
        many = _memory(side)
    grown = (many / few - 1) * 100
    return [
        Figure(
            f"memory of a worker after {_MANY:,} builds against {_FEW}",
            f"{many / _MB:.0f} MB",
            f"{few / _MB:.0f} MB (ours, {_FEW})",
            grown,
            unit="% more",
            at_most=10,
        )
    ]


def _todos(side: Side) -> Iterator[str]:
    """Paths of todos, each of the next list, again and again."""
    ask = asking(side.url)
    todos = []
    for number in range(_LISTS):
        _, made = ask("POST", "/api/v1/lists", {"name": f"List {number}"})
        _, todo = ask("POST", f"/api/v1/lists/{made['id']}/todos", {"title": "Something"})
        todos.append(f"/api/v1/lists/{made['id']}/todos/{todo['id']}")
    return (todos[at % len(todos)] for at in count())


def _build(side: Side, paths: Iterator[str], builds: int) -> None:
    """Change todos until so many builds are done."""
    while _done(side) < builds:
        put_all(side.url, [next(paths) for _ in range(_LISTS)], {"completed": True}, _CLIENTS)
    settled = "select count(*) = 0 from builds b join calendars c using (list_id) where b.version < c.wanted"
    until(lambda: side.sql(settled)[0][0], 120, "the calendars' being right")


def _done(side: Side) -> int:
    return int(str(side.sql("select sum(fence) from builds")[0][0]))


def _memory(side: Side) -> int:
    """Bytes that only the worker's processes have (USS), as what a fork shares counts once."""
    assert side.worker
    worker = psutil.Process(side.worker.process.pid)
    return sum(process.memory_full_info().uss for process in (worker, *worker.children(recursive=True)))
