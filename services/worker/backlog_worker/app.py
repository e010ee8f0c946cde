"""What `celery --app backlog_worker.app worker` runs."""

import logging
import sys
from typing import Any

from celery import Celery, current_task, signals

from backlog_todos import json_log, telemetry
from backlog_todos.settings import SettingsError
from backlog_worker import at_work, brokers, heartbeat, pause, relay, shutdown, tasks, tracing
from backlog_worker.celery_settings import celery_settings
from backlog_worker.protection import Protection
from backlog_worker.protection_endpoint import ProtectionEndpoint
from backlog_worker.reconciler import Reconciler
from backlog_worker.settings import WorkerSettings
from backlog_worker.visibility import Visibility

log = logging.getLogger(__name__)

try:
    settings = WorkerSettings.from_environment()
    if telemetry.wanted():
        tracing.install()
except SettingsError as error:
    sys.exit(f"worker: {error}")

app = Celery("backlog")
app.conf.update(celery_settings(settings))
tasks.register(app, settings)
reconciler = Reconciler(app, settings)
visibility = Visibility(settings, lambda request: brokers.side(settings).keep(request, settings))
protection = (
    Protection(
        ProtectionEndpoint(settings.ecs_agent_uri),
        minutes=settings.protection_minutes,
        linger=settings.protection_linger,
        hold=settings.protection_hold,
    )
    if settings.ecs_agent_uri
    else None
)
relays = relay.relays(settings)


@signals.celeryd_after_setup.connect
def say_nothing_by_the_way(instance: Any, **_: Any) -> None:
    """No banner: every line of the log is JSON."""
    instance.quiet = True


@signals.setup_logging.connect
def set_up_logging(**_: Any) -> None:
    """JSON instead of Celery's own format."""
    json_log.set_up(lambda: tasks.context(current_task))


@signals.worker_ready.connect
def begin(sender: Any, **_: Any) -> None:
    """The first long poll of an empty queue takes its time; whether the queue is there is known at once."""
    reconciler.start()
    visibility.start()
    for relaying in relays:
        relaying.start()
    if protection:
        protection.start()
    heartbeat.beat_while(sender.hub, lambda: pause.asked() or len(at_work.requests()) >= settings.window)
    try:
        brokers.side(settings).ask(app, settings)
    except Exception as failure:  # noqa: BLE001 - whatever it is, it is asked again and the health check tells
        log.warning("queue does not answer", extra={"detail": str(failure)})
    else:
        heartbeat.beat()


@signals.worker_shutting_down.connect
def end(**_: Any) -> None:
    """Send nothing any more, and be gone in time."""
    reconciler.stop()
    for relaying in relays:
        relaying.stop()
    shutdown.set_deadline(settings, visibility, leave)


@signals.task_received.connect
def job_comes(**_: Any) -> None:
    """Before it starts, the task is protected from ECS's scale-in."""
    if protection:
        protection.job_comes()


@signals.worker_shutdown.connect
def leave(**_: Any) -> None:
    """No job is left."""
    if protection:
        protection.end()
