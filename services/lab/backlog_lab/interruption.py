"""Ctrl-C, and SIGTERM, at a moment that loses nothing."""

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any, Self


class Interruption:
    """While it is entered, an interruption lets the request in hand be answered, and ends idle waiting at once.

    A second one does not wait: whoever insists is obeyed.
    """

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self.asked = False
        self._waiting = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def wait(self, idle: Callable[[], None]) -> None:
        """Make the call, which only waits, unless an interruption ends it or came before it."""
        self._waiting = True
        try:
            # Asked for again here: it may have come after the caller looked.
            if not self.asked:
                idle()
        except KeyboardInterrupt:
            return
        finally:
            self._waiting = False

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        again, self.asked = self.asked, True
        if self._waiting or again:
            raise KeyboardInterrupt
