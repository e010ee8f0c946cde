"""Gunicorn formats the header Date anew for each answer, which takes as long as reading the request's headers."""

import time
from functools import lru_cache

from gunicorn import util  # type: ignore[import-untyped]

_of_second = lru_cache(maxsize=2)(util.http_date)


def install() -> None:
    """Format it once a second; gunicorn has no setting for it."""
    util.http_date = http_date


def http_date(timestamp: float | None = None) -> str:
    """As gunicorn's own, of now if no other time (seconds since 1970) is given."""
    return _of_second(int(time.time() if timestamp is None else timestamp))  # type: ignore[no-any-return]
