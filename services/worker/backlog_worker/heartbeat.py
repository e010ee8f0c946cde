"""When the worker was last seen to be sound: a file that is touched, for the container's health check to look at.

It is sound when the broker has just answered, or when it has no free slot, or rests, and so asks the broker for
nothing, and its event loop turns.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_LOOK = 5  # seconds between two looks at the slots
_FILE = Path(tempfile.gettempdir()) / "backlog-worker-heartbeat"


def beat() -> None:
    """The worker is sound."""
    _FILE.touch()


def beat_while(hub: Any, silent: Callable[[], bool]) -> None:
    """Beat as long as the broker is asked for nothing; by the event loop itself, which then turns."""
    hub.call_repeatedly(_LOOK, lambda: beat() if silent() else None)


def age() -> float | None:
    """Seconds since it was last sound; None when it never was."""
    try:
        return time.time() - _FILE.stat().st_mtime
    except FileNotFoundError:
        return None
