"""The API behind its real server, asked in ways that no client library would ask."""

import json
import socket

import pytest
from sqlalchemy import text

from tests.servers import GUNICORN

POST = b"POST /api/v1/todos HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture
def port(start, free_port):
    port = free_port()
    start(GUNICORN, "backlog_api.health", PORT=str(port))
    return port


def answer(port, request):
    """What comes back until the server hangs up: status, headers in lower case, body."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
    head, body = received.split(b"\r\n\r\n", 1)
    return int(head.split()[1]), head.decode().lower(), body


@pytest.mark.parametrize(
    "chunks",
    [b"zz\r\n", b"-1\r\n", b"5\r\n{}\r\n0\r\n\r\n", b"2\r\n{}xx0\r\n\r\n"],
    ids=["size", "below", "short", "end"],
)
def test_a_body_in_malformed_chunks_is_a_400(port, chunks):
    status, _, body = answer(port, POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
    assert (status, *json.loads(body.split(b"HTTP/1.1")[0])) == (400, "error", "fields")


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET /" + b"x" * 5_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 9_000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: rot13\r\n\r\n", 501),
    ],
    ids=["line", "header", "long line", "long header", "coding"],
)
def test_what_is_no_http_is_answered_in_json(port, request_line, status):
    found, head, body = answer(port, request_line)
    assert found == status
    assert "content-type: application/json" in head
    assert "connection: close" in head
    assert json.loads(body)["error"]


@pytest.mark.parametrize("host", [b"a b", b'evil"<script>', b"x:99999", b"x/../y", b"user@x", b""])
def test_an_odd_host_is_in_no_url(port, host):
    request = b"POST /api/v1/todos/ical HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n"
    status, _, body = answer(port, request)
    task = json.loads(body)
    assert (status, task["task_url"]) == (202, f"/api/v1/todos/ical/{task['task_id']}/status")


def test_a_long_list_comes_in_chunks_and_whole(port, sql):
    with sql.begin() as session:
        session.execute(text("insert into todos (title) select n from generate_series(1, 2500) n"))
    status, head, body = answer(port, b"GET /api/v1/todos HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert (status, "transfer-encoding: chunked" in head) == (200, True)
    chunks = []
    while body:
        size, _, body = body.partition(b"\r\n")
        chunks.append(body[: int(size, 16)])
        body = body[int(size, 16) + 2 :]
    assert len(json.loads(b"".join(chunks))) == 2_500


def test_an_error_in_the_middle_of_a_long_list_is_no_end_of_it(port, sql, until):
    with sql.begin() as session:
        rows = "select n, repeat('x', 9000) from generate_series(1, 5000) n"
        session.execute(text(f"insert into todos (title, description) {rows}"))
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /api/v1/todos HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = connection.recv(1_000)
        ended = text("select pg_terminate_backend(pid) from pg_stat_activity where state like 'idle in%'")
        with sql() as session:
            until(lambda: session.execute(ended).all())
        while chunk := connection.recv(65_536):
            received += chunk
    assert received.startswith(b"HTTP/1.1 200")
    assert not received.endswith(b"0\r\n\r\n")
