"""Requests a second of the API, beside the plain one on the same gunicorn settings and PostgreSQL."""

from tests.bench.figures import Figure
from tests.bench.load import in_turns
from tests.bench.setting import ours, plain
from tests.servers import Servers

_NEW = '{"title": "Buy milk", "description": "Two litres", "deadline_at": "2030-01-31T17:00:00+00:00"}'
_GOAL = 2


def measure(servers: Servers) -> list[Figure]:
    """GET of one todo and of 1,000, and POST of one."""
    figures = []
    with ours(servers) as own, plain(servers) as other:
        for side in (own, other):
            side.fill(1_000)
        for what, path, method, body in (
            ("GET of one todo", "/api/v1/todos/1", "GET", ""),
            ("GET of 1,000 todos", "/api/v1/todos", "GET", ""),
            ("POST of a todo", "/api/v1/todos", "POST", _NEW),
        ):
            one, two = in_turns(own.url + path, other.url + path, method=method, body=body)
            figures.append(Figure(what, f"{one:,.0f}/s", f"{two:,.0f}/s", one / two, at_least=_GOAL))
    return figures
