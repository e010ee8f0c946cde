"""How often one client may ask.

Each process counts for itself, in memory: a client whose connections reach n processes gets up to n times as much. That
bounds what it can cost, with nothing to ask of anybody; the web firewall (`backlog:waf`) counts for all of them.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

_MOST_CLIENTS = 10_000  # then those that have their whole burst again are forgotten


@dataclass(frozen=True)
class Standing:
    """Whether a request is one too many, how many more may come at once, and in how many seconds all may again."""

    refused: bool
    remaining: int
    reset: int
    retry_after: int


class RateLimit:
    """So many requests a minute, and up to `burst` of them at once.

    By the generic cell rate algorithm (ITU-T I.371): of each client one number is kept, the time at which it will have
    its whole burst again.
    """

    def __init__(self, per_minute: int, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute, self.burst = per_minute, burst
        self._interval = 60 / per_minute  # seconds that a request takes to be forgotten
        self._clock, self._whole_at = clock, dict[str, float]()
        self._lock = threading.Lock()

    def count(self, client: str) -> Standing:
        """Count a request; one that is refused does not count."""
        return self._standing(client, 1)

    def standing(self, client: str) -> Standing:
        """How a client stands, with nothing counted: refused when the next request would be."""
        return self._standing(client, 0)

    def _standing(self, client: str, counted: int) -> Standing:
        with self._lock:
            now = self._clock()
            if len(self._whole_at) >= _MOST_CLIENTS:
                self._forget(now)
            before = max(self._whole_at.get(client, now), now)
            after = before + self._interval
            over = after - now - self.burst * self._interval
            refused = over > 1e-9  # noqa: PLR2004 - seconds; what rounding may add
            if not refused and counted:
                self._whole_at[client] = after
            whole = before if refused or not counted else after
        left = max(0, math.floor(self.burst - (whole - now) / self._interval + 1e-6))
        return Standing(refused, left, math.ceil(whole - now), max(1, math.ceil(over)))

    def _forget(self, now: float) -> None:
        """When all of them are at work at once the first that came go: so many that the next look is far off."""
        self._whole_at = {client: whole for client, whole in self._whole_at.items() if whole > now}
        while len(self._whole_at) > _MOST_CLIENTS // 2:
            self._whole_at.pop(next(iter(self._whole_at)))
