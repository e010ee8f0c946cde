"""The endpoint that ECS gives a task, in the place of ECS's agent."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Agent:
    """Keeps what it was asked (`calls`: when, and the body) and answers as ECS does; see `mode`.

    Modes: "ok", "failure" (HTTP 200 that says TASK_NOT_VALID), a status code, "silent" (answers after a minute).
    """

    def __init__(self):
        self.mode, self.calls = "ok", []
        agent = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                agent.calls.append((time.monotonic(), self.path, asked))
                task = {"TaskArn": "arn:aws:ecs:us-east-1:123456789012:task/backlog/1"}
                if agent.mode == "silent":
                    agent.closing.wait(60)
                if agent.mode.isdigit():
                    self.answer(int(agent.mode), {"error": {"Code": "ServerException", "Message": "try later", **task}})
                elif agent.mode == "failure":
                    self.answer(200, {"failure": {"Arn": task["TaskArn"], "Reason": "TASK_NOT_VALID"}})
                else:
                    self.answer(200, {"protection": {"ProtectionEnabled": asked["ProtectionEnabled"], **task}})

            def answer(self, status, content):
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def handle(self):
                try:
                    super().handle()
                except OSError:
                    self.close_connection = True

            def finish(self):
                try:
                    super().finish()
                except OSError:
                    self.close_connection = True

            def log_message(self, *_):
                """Say nothing."""

        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.uri = f"http://127.0.0.1:{self._server.server_address[1]}/api/task-1"

    @property
    def wanted(self):
        """What was asked for, call by call."""
        return [asked["ProtectionEnabled"] for _, _, asked in self.calls]

    def close(self):
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
