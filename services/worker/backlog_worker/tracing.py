"""Traces of the pool processes, which do the jobs, each in the trace of the request that asked for it."""

from typing import Any

from celery import signals

from backlog_todos import telemetry

_SERVICE, _OWN = "backlog-worker", ("celery.CeleryInstrumentor",)


def install() -> None:
    """Trace each pool process from its start on, and send what is left when it ends.

    Raises:
        SettingsError: the packages are not installed.
    """
    telemetry.load(_SERVICE, _OWN)
    rest = []

    @signals.worker_process_init.connect(weak=False)
    def begin(**_: Any) -> None:
        rest.append(telemetry.begin(_SERVICE, _OWN))

    @signals.worker_process_shutdown.connect(weak=False)
    def end(**_: Any) -> None:
        for send in rest:
            send()
