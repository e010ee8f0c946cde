"""Whether a worker's memory grows with the builds that it has done.

On Valkey: the embedded SQS would take most of the time. Celery's parent lives as long as the worker; its pool processes
are renewed after a thousand jobs each, so that of them the largest is told, at its age then.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import psutil

from local.folder import StackFolder
from tests.bench.clients import asking, put_all
from tests.bench.figures import Figure
from tests.bench.setting import Side, ours
from tests.integration.broker_server import BrokerServer
from tests.servers import Servers, until

_FEW, _MANY = 100, 10_000
_LISTS, _CLIENTS = 200, 8
_MB = 1_000_000
_SETTLED = "select count(*) = 0 from builds b join calendars c using (list_id) where b.version < c.wanted"


@dataclass(frozen=True)
class _Memory:
    """Bytes that only these processes have (USS), as what a fork shares counts once."""

    parent: int
    largest_child: int
    all_of_it: int


def measure(servers: Servers) -> list[Figure]:
    """All processes of a worker, after some builds and after many."""
    with tempfile.TemporaryDirectory(prefix="backlog-") as root:
        broker = BrokerServer("valkey", StackFolder(Path(root) / "s"))
        try:
            with ours(servers, worker=True, broker=broker.environment()) as side:
                todos = _todos(side)
                _build(side, todos[:_FEW])
                few = _memory(side)
                for _ in range(_MANY // _LISTS):
                    _build(side, todos)
                many = _memory(side)
        finally:
            broker.shut_down()
    return [
        _figure("memory of a worker", many.all_of_it, few.all_of_it, at_most=10),
        _figure("memory of its parent process", many.parent, few.parent),
        _figure("memory of its largest pool process", many.largest_child, few.largest_child),
    ]


def _figure(what: str, many: int, few: int, at_most: float | None = None) -> Figure:
    return Figure(
        f"{what} after {_MANY:,} builds against {_FEW}",
        f"{many / _MB:.1f} MB",
        f"{few / _MB:.1f} MB (ours, {_FEW})",
        (many / few - 1) * 100,
        unit="% more",
        at_most=at_most,
    )


def _todos(side: Side) -> list[str]:
    """Paths of todos, each of a list of its own."""
    ask = asking(side.url)
    todos = []
    for number in range(_LISTS):
        _, made = ask("POST", "/api/v1/lists", {"name": f"List {number}"})
        _, todo = ask("POST", f"/api/v1/lists/{made['id']}/todos", {"title": "Something"})
        todos.append(f"/api/v1/lists/{made['id']}/todos/{todo['id']}")
    until(lambda: side.sql(_SETTLED)[0][0], 120, "the first calendars")
    return todos


def _build(side: Side, todos: list[str]) -> None:
    """Change each todo once, and wait until each of their calendars is published: one build for each."""
    before = _published(side)
    put_all(side.url, todos, {"completed": True}, _CLIENTS)
    until(lambda: side.sql(_SETTLED)[0][0], 120, "the calendars' being right")
    assert _published(side) - before == len(todos)


def _published(side: Side) -> int:
    return int(str(side.sql("select sum(version) from builds")[0][0]))


def _memory(side: Side) -> _Memory:
    assert side.worker
    parent = psutil.Process(side.worker.process.pid)
    own, *children = (one.memory_full_info().uss for one in (parent, *parent.children(recursive=True)))
    return _Memory(own, max(children), own + sum(children))
