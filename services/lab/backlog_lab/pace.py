"""So many messages per second, and not more."""

import time
from collections.abc import Callable


class Pace:
    """Waits until the next messages are due; without a rate it never waits."""

    def __init__(
        self,
        rate: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`rate` is in messages per second."""
        self._rate, self._clock, self._sleep = rate, clock, sleep
        self._due: float | None = None

    def wait_for(self, messages: int = 1) -> None:
        """Return when so many more messages may go; what was idle before is not caught up with."""
        if self._rate is None:
            return
        now = self._clock()
        due = now if self._due is None else max(now, self._due)
        if due > now:
            self._sleep(due - now)
        self._due = due + messages / self._rate
