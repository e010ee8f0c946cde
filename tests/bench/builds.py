"""One todo is ticked off: what it costs to build its list's calendar, by the length of the list."""

import time
from collections.abc import Callable
from statistics import median

from sqlalchemy import create_engine, text

from backlog_todos.calendars import builds
from backlog_todos.database import Sessions, connect, sessions
from backlog_todos.settings import DatabaseSettings
from tests.bench.figures import Figure
from tests.bench.plain.rendering import rendered
from tests.bench.setting import Side, ours, plain
from tests.servers import Servers

_LENGTHS = (100, 1_000, 10_000, 100_000)
_OF_GOAL, _GOAL = 10_000, 100
_ROUNDS = 5


def measure(servers: Servers) -> list[Figure]:
    """Ours against rendering all of it, for lists of some lengths."""
    figures = []
    for length in _LENGTHS:
        with ours(servers) as side, plain(servers) as other:
            for each in (side, other):
                each.fill(length)
            one = _ours(side, length)
            two = _plain(other, rounds=1 if length > _OF_GOAL else 3)
        goal = _GOAL if length == _OF_GOAL else None
        what = f"build after 1 change in {length:,} todos"
        figures.append(Figure(what, f"{one * 1000:.1f} ms", f"{two * 1000:,.0f} ms", two / one, at_least=goal))
    return figures


def _ours(side: Side, length: int) -> float:
    engine = connect(DatabaseSettings.from_environment(side.environment), statement_timeout=0)
    made = sessions(engine)
    _build(made)
    took = []
    for at in range(_ROUNDS):
        side.sql(f"update todos set completed = not completed where id = {1 + at * (length // _ROUNDS)}")
        took.append(_timed(lambda: _build(made)))
    engine.dispose()
    return median(took)


def _build(made: Sessions) -> None:
    claimed = builds.claim(made, 1)
    assert claimed
    assert builds.build(made, claimed)


def _plain(side: Side, rounds: int) -> float:
    engine = create_engine(side.environment["DATABASE_URI"])

    def render() -> None:
        with engine.connect() as connection:
            assert rendered(connection.execute(text("select * from todos order by id")).all())

    took = [_timed(render) for _ in range(rounds)]
    engine.dispose()
    return median(took)


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
