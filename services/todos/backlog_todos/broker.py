"""Celery's settings for the queue, as plain data that both doors hand to their Celery app.

The queue is named by its URL (`predefined_queues`), so that neither door needs the right to list or to make queues.
All that is SQS's own stands here; another broker is another function.
"""

from collections.abc import Mapping
from typing import Any

#: The task's name on the wire: part of the protocol between the doors, and not the name of a function.
BUILD_CALENDAR = "backlog.build_calendar"
#: Celery's own name for the queue; the URL says which it is.
QUEUE = "jobs"


def sqs(queue_url: str, region: str, client: Mapping[str, Any]) -> dict[str, Any]:
    """Settings for SQS; `client` is botocore's configuration (timeouts in seconds, retries)."""
    return {
        "broker_url": "sqs://",
        "broker_transport_options": {
            "region": region,
            "predefined_queues": {QUEUE: {"url": queue_url}},
            "client-config": dict(client),
        },
        "task_default_queue": QUEUE,
        "task_create_missing_queues": False,
        "task_ignore_result": True,  # results are rows of the database
        "task_serializer": "json",
        "accept_content": ["json"],
    }
