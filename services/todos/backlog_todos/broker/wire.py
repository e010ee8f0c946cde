"""What both doors say on the wire, whatever the broker."""

from dataclasses import dataclass
from typing import Any

#: The task's name on the wire: part of the protocol between the doors, and not the name of a function.
BUILD_CALENDAR = "backlog.build_calendar"
#: The same for: publish the calendar of a list, whose id is the one argument.
REFRESH_CALENDAR = "backlog.refresh_calendar"
#: The queue's name, where the broker does not give it one of its own.
QUEUE = "jobs"
#: Where jobs go that failed for good, on the brokers whose queues the worker makes itself.
DEAD_LETTERS = "jobs-dead-letters"

#: Celery's settings on every broker.
COMMON: dict[str, Any] = {
    "task_create_missing_queues": False,
    "task_ignore_result": True,  # results are rows of the database
    "task_serializer": "json",
    "accept_content": ["json"],
}


@dataclass(frozen=True)
class Patience:
    """How long a broker is waited for: seconds to connect, seconds for an answer, and how often it is tried."""

    connect: float
    answer: float
    tries: int
