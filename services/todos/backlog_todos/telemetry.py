"""Traces by OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT says where to send them. Else none of it is imported.

OpenTelemetry's other variables hold too (OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, OTEL_BSP_SCHEDULE_DELAY, ...).
Source: OpenTelemetry specification, "Environment variables"; "OTLP exporter configuration".
"""

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from sqlalchemy import Engine

from backlog_todos import ecs_task
from backlog_todos.settings import SettingsError

_SWITCH = "OTEL_EXPORTER_OTLP_ENDPOINT"
_AWS = "botocore.BotocoreInstrumentor"
#: psycopg has an instrumentation as well, which would tell of each statement a second time.
_DATABASE = "sqlalchemy.SQLAlchemyInstrumentor"
_MODULES = ("exporter.otlp.proto.http.trace_exporter", "sdk.trace", "sdk.trace.export", "sdk.resources", "trace")
_begun = False  # in this process


def wanted(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether there is somewhere to send traces to."""
    return bool(environment.get(_SWITCH))


def begin(service: str, own: tuple[str, ...]) -> Callable[[], None]:
    """Trace this process: its calls of AWS, its databases (see `trace_engine`), and by a door's `own` instrumentations.

    They are named `module.Class`.

    Call it in each process after its fork: the thread that sends does not survive one.

    Returns:
        What sends the rest, for a process that ends without running its exit handlers.

    Raises:
        SettingsError: the packages are not installed.
    """
    exporter, sdk, export, resources, trace = load(service, own)
    about = {"service.name": os.environ.get("OTEL_SERVICE_NAME") or service}
    if task := ecs_task.identity():
        about["aws.ecs.task.id"] = task["ecs_task"]
    provider = sdk.TracerProvider(resource=resources.Resource.create(about))
    provider.add_span_processor(export.BatchSpanProcessor(exporter.OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    for name in (_AWS, *own):
        _class(name)().instrument()
    global _begun  # noqa: PLW0603 - so are OpenTelemetry's own provider and patches: one a process
    _begun = True
    shutdown: Callable[[], None] = provider.shutdown
    return shutdown


def load(service: str, own: tuple[str, ...]) -> tuple[Any, ...]:
    """OpenTelemetry's modules, as they are needed here: exporter, SDK, export, resources and API.

    Raises:
        SettingsError: one of them, or one of the instrumentations, is not installed.
    """
    try:
        for name in (_AWS, _DATABASE, *own):
            _class(name)
        return tuple(import_module(f"opentelemetry.{name}") for name in _MODULES)
    except ImportError as error:
        raise SettingsError(
            f"{_SWITCH} is set, and {error.name} is not installed: install the service with its extra, "
            f"as {service}[telemetry]"
        ) from None


def begun() -> bool:
    """Whether this process is traced."""
    return _begun


def trace_engine(engine: Engine) -> None:
    """Trace its statements, if this process is traced; an engine that was made before is not."""
    if _begun:
        # It asks for a version below 2.1, and traces it just as well (tests/integration/test_telemetry.py).
        _class(_DATABASE)().instrument(engine=engine, skip_dep_check=True)


def _class(name: str) -> Any:
    module, _, kind = name.rpartition(".")
    return getattr(import_module(f"opentelemetry.instrumentation.{module}"), kind)
