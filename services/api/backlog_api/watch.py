"""Looks once a second how the calendars stand that somebody has open: one query of the process for all its streams."""

import logging
import threading
from collections import Counter
from typing import cast

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from backlog_api.standing import Standing, standings
from backlog_todos.database import Sessions

log = logging.getLogger(__name__)

KEY = "backlog-watch"
_TICK = 1.0  # seconds


class Watch:
    """Who looks at which list, and what was last seen of them.

    The thread that asks lives for as long as somebody looks; its connection is one that a stream's thread does not use.
    """

    def __init__(self, sessions: Sessions, places: int) -> None:
        self._sessions, self._places = sessions, places
        self._lists: Counter[int] = Counter()
        self._asked: frozenset[int] = frozenset()
        self._seen: dict[int, Standing] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        #: Whether the process goes on; gunicorn's worker says so, for a stop must not wait for the streams.
        self.open = _always

    def enter(self, list_id: int) -> bool:
        """Take a place; False when there is none."""
        with self._changed:
            if self._lists.total() >= self._places or not self.open():
                return False
            self._lists[list_id] += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="watch", daemon=True)
                self._thread.start()
            return True

    def leave(self, list_id: int) -> None:
        """Give the place back."""
        with self._changed:
            self._lists -= Counter([list_id])

    def wait(self, list_id: int, known: Standing, seconds: float) -> Standing | None:
        """What differs from what is known, or that when nothing did for so long; None when the list is gone."""

        def differs() -> bool:
            return not self.open() or self._seen.get(list_id, known) != known or self._gone(list_id)

        with self._changed:
            self._changed.wait_for(differs, seconds)
            return None if self._gone(list_id) else self._seen.get(list_id, known)

    def _gone(self, list_id: int) -> bool:
        return list_id in self._asked and list_id not in self._seen

    def _look(self) -> None:
        while True:
            with self._changed:
                self._changed.wait(_TICK)
                asked = frozenset(self._lists)
                if not asked or not self.open():
                    self._thread = None
                    self._asked, self._seen = frozenset(), {}
                    self._changed.notify_all()
                    return
            try:
                with self._sessions() as session:
                    seen = standings(session, asked)
            except SQLAlchemyError as error:
                log.warning("calendars not looked at", extra={"detail": type(error).__name__})
                continue
            with self._changed:
                self._asked, self._seen = asked, seen
                self._changed.notify_all()


def _always() -> bool:
    return True


def watch(app: Flask) -> Watch:
    """That of the app."""
    return cast("Watch", app.extensions[KEY])
