"""What `celery --app backlog_worker.app worker` runs."""

import logging
import sys
from typing import Any

import boto3
from celery import Celery, current_task, signals

from backlog_todos import json_log
from backlog_todos.settings import SettingsError
from backlog_worker import heartbeat, shutdown, tasks
from backlog_worker.celery_settings import celery_settings
from backlog_worker.reconciler import Reconciler
from backlog_worker.settings import WorkerSettings

log = logging.getLogger(__name__)

try:
    settings = WorkerSettings.from_environment()
except SettingsError as error:
    sys.exit(f"worker: {error}")

app = Celery("backlog")
app.conf.update(celery_settings(settings))
tasks.register(app, settings)
reconciler = Reconciler(app, settings)


@signals.celeryd_after_setup.connect
def say_nothing_by_the_way(instance: Any, **_: Any) -> None:
    """No banner: every line of the log is JSON."""
    instance.quiet = True


@signals.setup_logging.connect
def set_up_logging(**_: Any) -> None:
    """JSON instead of Celery's own format."""
    json_log.set_up(lambda: tasks.context(current_task))


@signals.worker_ready.connect
def begin(**_: Any) -> None:
    """The first long poll of an empty queue takes its time; whether the queue is there is known at once."""
    reconciler.start()
    try:
        boto3.client("sqs", region_name=settings.region).get_queue_attributes(
            QueueUrl=settings.queue_url, AttributeNames=["QueueArn"]
        )
    except Exception as failure:  # noqa: BLE001 - whatever it is, the polls go on and the health check tells
        log.warning("queue does not answer", extra={"detail": str(failure)})
    else:
        heartbeat.beat()


@signals.worker_shutting_down.connect
def end(**_: Any) -> None:
    """Send nothing any more, and be gone in time."""
    reconciler.stop()
    shutdown.set_deadline(settings)
