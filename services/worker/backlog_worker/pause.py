"""Whether this worker asks for jobs: a thread says so (protection.py), and the event loop goes by it (sqs.py)."""

import threading

_asked = threading.Event()


def set_to(pause: bool) -> None:  # noqa: FBT001 - it is what is set
    """Ask for no job from now on, or for jobs again."""
    if pause:
        _asked.set()
    else:
        _asked.clear()


def asked() -> bool:
    """Whether it asks for none."""
    return _asked.is_set()
