"""Celery's settings, each with its reason."""

from typing import Any

from backlog_todos.broker import Patience
from backlog_worker import brokers
from backlog_worker.settings import WorkerSettings

#: For everything but the waiting for jobs: a broker that is away is said to be away.
_PATIENCE = Patience(connect=3, answer=30, tries=3)


def celery_settings(settings: WorkerSettings) -> dict[str, Any]:
    """The worker's configuration."""
    conf = settings.broker.celery(_PATIENCE)
    own = brokers.side(settings).celery(settings)
    conf["broker_transport_options"] |= own.pop("broker_transport_options")
    return (
        conf
        | own
        | {
            # A broker that is away is looked for until it is there again.
            "broker_connection_retry_on_startup": True,
            "broker_connection_max_retries": None,
            # A message is deleted when its job is done, so that a worker's death loses none...
            "task_acks_late": True,
            # ...and is given back when it failed, so that the broker counts and buries it (dead letters).
            "task_acks_on_failure_or_timeout": False,
            # A dead child is a failure like others: tried again after a while, not at once and in a circle.
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
    )
