"""A rotated password: the task that knows the old one makes room for one that is told the new one."""

import contextlib
import subprocess
import sys
import urllib.error
import urllib.request
import uuid

import psutil
import pytest

from backlog_todos.app_role import AppRole
from backlog_todos.settings import DatabaseSettings
from tests.servers import GUNICORN

MIGRATE = [sys.executable, "-m", "backlog_todos.migrate"]


def status(port):
    """Of the todos, asked of whoever listens; 0 when nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/todos", timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except (urllib.error.URLError, ConnectionError):
        return 0


@pytest.fixture
def rotated(servers, environment):  # noqa: ARG001 - its database goes after the login
    """A login of this test's own, and what rotates its password."""
    name = f"login_{uuid.uuid4().hex[:8]}"
    servers.run_sql(f"create role {name} superuser login password 'old'")

    def rotate():
        servers.run_sql(f"alter role {name} password 'new'")
        servers.end_sessions(f"usename = '{name}'")

    yield {"DATABASE_USER": name, "DATABASE_PASSWORD": "old"}, rotate
    servers.end_sessions(f"usename = '{name}'")
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


def test_a_new_password_reaches_the_server_with_the_first_new_task_and_old_tasks_make_room(
    start, as_owner, servers, free_port, until
):
    """As after a new value in Secrets Manager and a new deployment: ECS reads it, and the migration sets it."""
    port, role = free_port(), as_owner["DATABASE_APP_USER"]

    def task(password):
        """The migration, and then the API."""
        secret = {"DATABASE_APP_PASSWORD": password}
        done = subprocess.run(MIGRATE, env={**as_owner, **secret}, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return start(GUNICORN, "backlog_api.health", DATABASE_USER=role, DATABASE_PASSWORD=password, PORT=str(port))

    old = task("the-first-word")
    assert status(port) == 200
    new = task("the-second-word")
    servers.end_sessions(f"usename = '{role}'")

    def ended():
        status(port)  # whoever of the two takes it: the port is shared
        return old.process.poll() is not None

    until(ended)
    assert old.process.returncode == 0
    assert status(port) == 200
    for task_ in (old, new):
        assert "-word" not in task_.said(), "a password in the log"


def test_a_password_is_on_no_command_line(start, as_owner, free_port):
    told = {"DATABASE_USER": as_owner["DATABASE_APP_USER"], "DATABASE_PASSWORD": "never-to-be-seen"}
    subprocess.run(MIGRATE, env={**as_owner, "DATABASE_APP_PASSWORD": "never-to-be-seen"}, check=True)
    api = start(GUNICORN, "backlog_api.health", **told, PORT=str(free_port()))
    processes = [psutil.Process(api.process.pid), *psutil.Process(api.process.pid).children(recursive=True)]
    assert len(processes) > 1
    assert not [line for process in processes for line in process.cmdline() if "never-to-be-seen" in line]
    settings = DatabaseSettings.from_environment({**as_owner, **told})
    assert "never-to-be-seen" not in f"{settings} {settings!r} {settings.url} {AppRole('app', 'never-to-be-seen')!r}"
