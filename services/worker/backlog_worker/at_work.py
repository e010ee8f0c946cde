"""The jobs that this worker has, by Celery's own account.

It is the parent's: a pool process that is killed, by a time limit, the kernel or anybody, leaves nothing behind in it,
since Celery itself settles the job that was lost.
"""

from typing import Any

from celery.worker import state


def requests() -> list[Any]:
    """Those of the jobs received and not over. Any thread may ask: the set is copied at once, and it holds weakly."""
    return [request for reference in list(state.reserved_requests.data) if (request := reference()) is not None]


def any_request() -> bool:
    """Whether there is one."""
    return bool(requests())
