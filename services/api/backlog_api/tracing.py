"""Traces of the API: a request, its statements, and the job that it sends."""

from importlib import import_module
from typing import Any

from flask import Flask

from backlog_todos import telemetry
from backlog_todos.scrubbing import scrubbed


def begin() -> None:
    """Trace this process; before the app is made."""
    telemetry.begin("backlog-api", ("celery.CeleryInstrumentor",))


def trace_app(app: Flask) -> None:
    """Trace its requests, but not the load balancer's."""
    flask = import_module("opentelemetry.instrumentation.flask")
    flask.FlaskInstrumentor().instrument_app(app, excluded_urls="api/v1/health", response_hook=scrub)


def scrub(span: Any, _status: str, _headers: list[tuple[str, str]]) -> None:
    """Take secrets out of what a span says of its request: its path is an attribute, under several names.

    Of a path that is none of ours it is the span's name too, which is then the method alone. It is done when the answer
    begins: the instrumentation sets the attributes a second time after its hook for requests.
    """
    said = dict(getattr(span, "attributes", None) or {})
    if said and "http.route" not in said:
        span.update_name(span.name.partition(" ")[0])
    for name, value in said.items():
        if isinstance(value, str) and (clean := scrubbed(value)) != value:
            span.set_attribute(name, clean)
