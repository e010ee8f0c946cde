"""A rotated password: the task that knows the old one makes room for one that is told the new one."""

import contextlib
import urllib.error
import urllib.request
import uuid

import pytest

GUNICORN = ["gunicorn", "--config", "python:backlog_api.gunicorn_config", "backlog_api.wsgi:app"]


@pytest.fixture
def rotated(servers, environment):  # noqa: ARG001 - its database goes after the login
    """A login of this test's own, and what rotates its password."""
    name = f"login_{uuid.uuid4().hex[:8]}"
    servers.run_sql(f"create role {name} superuser login password 'old'")

    def rotate():
        servers.run_sql(f"alter role {name} password 'new'")
        servers.run_sql(f"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{name}'")

    yield {"DATABASE_USER": name, "DATABASE_PASSWORD": "old"}, rotate
    servers.run_sql(f"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{name}'")
    servers.run_sql(f"drop role {name}")


def test_an_api_whose_password_was_rotated_ends(start, rotated, free_port, until):
    login, rotate = rotated
    port = free_port()
    api = start(GUNICORN, "backlog_api.health", **login, PORT=str(port))

    def ask():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/todos", timeout=10) as answer:
            return answer.status

    assert ask() == 200
    rotate()
    with contextlib.suppress(urllib.error.URLError, ConnectionError):
        ask()
    until(lambda: api.process.poll() is not None)
    assert api.process.returncode == 0
    assert "was rotated" in api.said()


def test_a_worker_whose_password_was_rotated_ends(client, start_worker, rotated, until):
    login, rotate = rotated
    worker = start_worker(**login)
    task = client.post("/api/v1/todos/ical").json["task_id"]
    until(lambda: client.get(f"/api/v1/todos/ical/{task}/status").json["task_status"] == "SUCCESS")
    rotate()
    until(lambda: worker.process.poll() is not None)
    assert "was rotated" in worker.said()
