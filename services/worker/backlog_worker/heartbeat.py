"""When the queue was last polled with success: a file that is touched, for the container's health check to look at."""

import tempfile
import time
from pathlib import Path

_FILE = Path(tempfile.gettempdir()) / "backlog-worker-heartbeat"


def beat() -> None:
    """The queue has just answered."""
    _FILE.touch()


def age() -> float | None:
    """Seconds since the queue last answered; None when it never did."""
    try:
        return time.time() - _FILE.stat().st_mtime
    except FileNotFoundError:
        return None
