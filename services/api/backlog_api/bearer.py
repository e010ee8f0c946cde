"""Whose a bearer token is: one indexed read, and for a few seconds after it none."""

import threading
import time
from collections.abc import Callable

from backlog_todos import access_tokens
from backlog_todos.access_tokens import Known
from backlog_todos.database import Sessions

#: Seconds that a token is let in without a look, and so how long a revoked one may go on.
REMEMBERED = 5.0
_MOST = 1_000


class Bearers:
    """Those that this process has let in lately, by the hash of their token; a wrong one is looked up each time."""

    def __init__(self, sessions: Sessions, clock: Callable[[], float] = time.monotonic) -> None:
        self._sessions, self._clock = sessions, clock
        self._known: dict[bytes, tuple[Known, float]] = {}
        self._lock = threading.Lock()

    def remembered(self, token: str) -> Known | None:
        """Whose it is, if it was let in a moment ago."""
        before = self._known.get(access_tokens.hashed(token))
        return before[0] if before and self._clock() < before[1] else None

    def known(self, token: str) -> Known | None:
        """Whose it is; None for a token that is none, or revoked."""
        if remembered := self.remembered(token):
            return remembered
        digest, now = access_tokens.hashed(token), self._clock()
        with self._sessions() as session:
            found = access_tokens.found(session, token)
        with self._lock:
            if len(self._known) >= _MOST:
                self._known.clear()
            if found:
                self._known[digest] = (found, now + REMEMBERED)
            else:
                self._known.pop(digest, None)
        return found
