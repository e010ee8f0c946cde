"""Celery's settings, each with its reason."""

from typing import Any

from backlog_todos import broker
from backlog_worker.settings import WorkerSettings

#: botocore's, for everything but the long poll: a queue that is away is said to be away (seconds).
_CLIENT = {"connect_timeout": 3, "read_timeout": 30, "retries": {"total_max_attempts": 3, "mode": "standard"}}


def celery_settings(settings: WorkerSettings) -> dict[str, Any]:
    """The worker's configuration."""
    conf = broker.sqs(settings.queue_url, settings.region, _CLIENT)
    conf["broker_transport_options"] |= {
        # SQS's longest poll: fewest empty answers, and no delay for what arrives meanwhile.
        "wait_time_seconds": 20,
        # Seconds between two polls, and between two looks at a full prefetch window: short, as the poll itself waits.
        "polling_interval": 0.05,
    }
    return conf | {
        "broker_transport": "backlog_worker.sqs:Transport",
        "broker_connection_retry_on_startup": True,
        # A message is deleted when its job is done, so that a worker's death loses none...
        "task_acks_late": True,
        # ...and is left to its visibility timeout when it failed, so that SQS counts and buries it (dead-letter queue).
        "task_acks_on_failure_or_timeout": False,
        # A dead child is a failure like others: tried again after the timeout, not at once and in a circle.
        "task_reject_on_worker_lost": False,
        "worker_concurrency": settings.concurrency,
        "worker_prefetch_multiplier": settings.prefetch_multiplier,
        "task_soft_time_limit": settings.soft_time_limit,
        "task_time_limit": settings.time_limit,
        # Children are renewed before what leaks adds up.
        "worker_max_tasks_per_child": 1_000,
        "worker_max_memory_per_child": 400_000,  # KiB
        # Remote control and events need queues of their own, and the rights to make them.
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "worker_hijack_root_logger": False,
    }
