"""Traces: one from the client's request to the worker's job, sent to whoever the environment names; else none."""

import json
import subprocess
import sys
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.servers import GUNICORN


class Collector:
    """Takes OTLP/HTTP; `spans` are (service, trace id, name)."""

    def __init__(self):
        self.spans, self.told = [], []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = zlib.decompress(body, wbits=31)
                collector.take(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self._server.server_address[1]}",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }

    def take(self, request):
        self.told.append(str(request))
        for resource in request.resource_spans:
            (service,) = [a.value.string_value for a in resource.resource.attributes if a.key == "service.name"]
            for scope in resource.scope_spans:
                self.spans += [(service, span.trace_id, span.name) for span in scope.spans]

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.close()


def test_one_trace_spans_the_request_and_the_job(start, start_worker, free_port, until, collector):
    port = free_port()
    start(GUNICORN, "backlog_api.health", PORT=str(port), **collector.environment)
    start_worker(**collector.environment)
    with urlopen(Request(f"http://127.0.0.1:{port}/api/v1/todos/ical", b"", method="POST"), timeout=10) as answer:
        assert json.loads(answer.read())["task_id"]

    def trace():
        (request,) = {t for service, t, name in collector.spans if name == "POST /api/v1/todos/ical"} or {None}
        return {(service, name) for service, t, name in collector.spans if t == request}

    until(lambda: ("backlog-worker", "run/backlog.build_calendar") in trace())
    until(
        lambda: {service for service, name in trace() if name.startswith("UPDATE")} == {"backlog-api", "backlog-worker"}
    )
    assert {
        ("backlog-api", "POST /api/v1/todos/ical"),
        ("backlog-api", "apply_async/backlog.build_calendar"),
    } <= trace()
    assert not [name for _, _, name in collector.spans if "health" in name]


def test_no_span_has_a_token_or_a_feeds_address(start, free_port, until, collector):
    port, feed, token = free_port(), "b3" * 16, "blg_" + "a2" * 16
    start(GUNICORN, "backlog_api.health", PORT=str(port), **collector.environment)
    for path in (f"/calendars/{feed}.ics?as=event&x={token}", f"/calendars/{feed}", f"/{token}"):
        request = Request(f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {token}"})
        with pytest.raises(OSError, match="404"):
            urlopen(request, timeout=10)
    until(lambda: len([name for _, _, name in collector.spans if name.startswith("GET")]) == 3)
    told = "".join(collector.told)
    assert "/calendars/..." in told
    assert feed not in told
    assert token not in told


def test_without_an_endpoint_nothing_of_it_is_imported(environment):
    """The client of Valkey imports OpenTelemetry's API by itself, where that is installed."""
    for module in ("backlog_api.wsgi", "backlog_worker.app"):
        none_of = "any(name.startswith(('opentelemetry.sdk', 'opentelemetry.instr')) for name in sys.modules)"
        code = f"import {module}, sys; sys.exit({none_of})"
        subprocess.run([sys.executable, "-W", "ignore", "-c", code], env=environment, check=True)


@pytest.mark.parametrize("module", ["backlog_api.wsgi", "backlog_worker.app"])
def test_an_endpoint_without_the_packages_is_a_sentence(environment, module):
    hide = "import sys; sys.modules['opentelemetry'] = None; "
    tell = {**environment, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    done = subprocess.run(
        [sys.executable, "-c", f"{hide}import {module}"], env=tell, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "OTEL_EXPORTER_OTLP_ENDPOINT is set, and opentelemetry" in done.stderr
    assert "[telemetry]" in done.stderr.strip().splitlines()[-1]
