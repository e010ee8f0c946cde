"""A proxy in front of SQS that fails as SQS and networks do."""

import http.client
import socket
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FaultyProxy:
    """Forwards to a port on loopback; `fault` is what happens to requests instead, and `failed` counts them.

    Faults: None, a status code ("503"), "reset" (the connection is torn), "garbage" (an answer that is no SQS answer).
    `only` limits a fault to one action, such as DeleteMessage.
    """

    def __init__(self, target: int) -> None:
        self.fault: str | None = None
        self.only: str | None = None
        self.failed = 0
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                action = self.headers.get("X-Amz-Target", "") + body.decode(errors="replace")
                if proxy.fault and (proxy.only is None or proxy.only in action):
                    proxy.failed += 1
                    self.fail(proxy.fault)
                    return
                upstream = http.client.HTTPConnection("127.0.0.1", target, timeout=60)
                try:
                    upstream.request("POST", self.path, body, dict(self.headers))
                    answer = upstream.getresponse()
                    self.answer(answer.status, answer.read(), answer.headers.get("Content-Type", "text/plain"))
                except OSError:
                    self.close_connection = True
                finally:
                    upstream.close()

            def fail(self, fault: str) -> None:
                if fault.isdigit():
                    self.answer(int(fault), b"Service Unavailable", "text/plain")
                elif fault == "garbage":
                    self.answer(200, b"<html>captive portal</html>", "text/html")
                else:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.close_connection = True
                    self.connection.close()

            def answer(self, status: int, body: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def handle(self) -> None:
                try:
                    super().handle()
                except (OSError, ValueError):
                    self.close_connection = True

            def finish(self) -> None:
                try:
                    super().finish()
                except (OSError, ValueError):
                    return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def during(self, fault: str, until: Callable[..., object], times: int = 3, only: str | None = None) -> None:
        """Fail until `times` requests have failed, then work again."""
        self.failed, self.only, self.fault = 0, only, fault
        try:
            until(lambda: self.failed >= times, what=f"{times} times {fault}")
        finally:
            self.fault = None

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
