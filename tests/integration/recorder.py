"""A proxy in front of the embedded AWS that keeps which action was asked of which resource, as IAM would name them."""

import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

#: The name that a request's target begins with -> the service's prefix in IAM.
_SERVICES = {"AmazonSQS": "sqs", "secretsmanager": "secretsmanager"}


class Recorder:
    """Forwards to a port on loopback. `asked` are (action, name of the queue, topic or secret)."""

    def __init__(self, target: int) -> None:
        self.asked: set[tuple[str, str]] = set()
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                recorder.asked.add(_named(self.headers.get("X-Amz-Target", ""), self.path, body))
                upstream = http.client.HTTPConnection("127.0.0.1", target, timeout=60)
                try:
                    upstream.request("POST", self.path, body, dict(self.headers))
                    answer = upstream.getresponse()
                    content = answer.read()
                    self.send_response(answer.status)
                    self.send_header("Content-Type", answer.headers.get("Content-Type", "text/plain"))
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                except OSError:
                    self.close_connection = True
                finally:
                    upstream.close()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """A client that went away in the middle of a long poll is none."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def actions(self) -> set[str]:
        return {action for action, _ in self.asked}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _named(target: str, path: str, body: bytes) -> tuple[str, str]:
    """Of a request in AWS's JSON or Query protocol; a batch needs the right to its single action."""
    asked: dict[str, Any]
    if target:
        service, _, action = target.partition(".")
        service, asked = _SERVICES[service], json.loads(body)
    else:
        asked = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        service, action = ("sns" if "TopicArn" in asked else "sqs"), asked["Action"]
    resource = asked.get("QueueUrl") or asked.get("TopicArn") or asked.get("SecretId") or path
    return f"{service}:{action.removesuffix('Batch')}", resource.rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1]
