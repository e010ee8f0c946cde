"""One id from the client's request to the worker's last line, and nothing in the logs that is not meant for them."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen

import pytest

from tests.servers import GUNICORN

TOKEN = "s3cret-token"


@pytest.fixture
def metadata():
    """ECS's metadata of a task, at the address that ECS puts into the environment."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"TaskARN": "arn:aws:ecs:us-east-1:123456789012:task/backlog/0a1b2c3d"}).encode()
            self.send_response(200 if self.path == "/v4/x/task" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {"ECS_CONTAINER_METADATA_URI_V4": f"http://127.0.0.1:{server.server_address[1]}/v4/x"}
    server.shutdown()
    server.server_close()


@pytest.fixture
def api(start, free_port, metadata):
    port = free_port()
    running = start(GUNICORN, "backlog_api.health", PORT=str(port), **metadata)
    running.url = f"http://127.0.0.1:{port}/api/v1"
    return running


def lines(running):
    return [json.loads(line) for line in running.said().splitlines() if line.startswith("{")]


def call(method, url, body=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request(url, json.dumps(body).encode() if body else b"", named, method=method)
    with urlopen(request, timeout=10) as answer:
        return json.loads(answer.read()), answer.headers


def test_one_id_is_followed_from_the_request_to_the_end_of_the_job(api, start_worker, metadata, until):
    worker = start_worker(**metadata)
    task, headers = call("POST", f"{api.url}/todos/ical", X_Request_ID="journey-1")
    assert headers["X-Request-ID"] == "journey-1"
    until(lambda: call("GET", task["task_url"])[0]["task_status"] == "SUCCESS")

    def followed():
        return [
            (line["logger"].split(".")[0], line["job_id"], line["ecs_task"])
            for running in (api, worker)
            for line in lines(running)
            if line.get("request_id") == "journey-1"
        ]

    until(lambda: any(logger == "backlog_worker" for logger, _, _ in followed()))
    assert set(followed()) >= {
        ("backlog_api", task["task_id"], "0a1b2c3d"),
        ("backlog_worker", task["task_id"], "0a1b2c3d"),
    }


def test_a_line_says_which_todo_it_is_about(api):
    todo, _ = call("POST", f"{api.url}/todos", {"title": "x"}, Content_Type="application/json", X_Request_ID="new")
    call("DELETE", f"{api.url}/todos/{todo['id']}", X_Request_ID="gone")
    found = {line["request_id"]: line["todo_id"] for line in lines(api) if "todo_id" in line}
    assert found == {"new": str(todo["id"]), "gone": str(todo["id"])}


@pytest.mark.parametrize("given", ["a" * 65, "x y", "<script>", '"', "ü"])
def test_an_id_that_is_none_is_replaced(api, given):
    _, headers = call("GET", f"{api.url}/health", X_Request_ID=given)
    assert headers["X-Request-ID"] != given
    assert len(headers["X-Request-ID"]) == 32


def test_no_token_is_logged(api):
    call("GET", f"{api.url}/todos?completed=true&token={TOKEN}", Authorization=f"Bearer {TOKEN}", Cookie=f"s={TOKEN}")
    for path in (f"/todos/feeds/{TOKEN}.ics", f"/{TOKEN}/x/y/z/{TOKEN}"):
        with pytest.raises(OSError, match="404"):
            call("GET", f"{api.url}{path}")
    assert [line["path"] for line in lines(api) if line.get("status") == 404] == ["/api/v1/...", "/api/v1/..."]
    assert TOKEN not in api.said()


def test_a_line_is_the_same_whether_flask_has_answered_or_not(api):
    todo, _ = call("POST", f"{api.url}/lists/1/todos", {"title": "x"}, Content_Type="application/json")
    call("GET", f"{api.url}/lists/1/todos/{todo['id']}", X_Request_ID="fast")
    call("GET", f"{api.url}/lists/1/todos/{todo['id']}?", X_Request_ID="fast-too")
    call("GET", f"{api.url}/lists/1/todos/{todo['id']}?by=flask", X_Request_ID="flask")
    told = [line for line in lines(api) if line.get("request_id") in ("fast", "fast-too", "flask")]
    assert [list(line) for line in told] == [list(told[0])] * 3
    for line in told:
        for differing in ("time", "request_id", "took_ms"):
            assert line.pop(differing)
    assert told[0] == told[1] == told[2]
    assert told[0] | {"list_id": "1", "todo_id": str(todo["id"]), "ecs_task": "0a1b2c3d"} == told[0]
