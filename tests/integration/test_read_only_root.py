"""Both services where nothing can be written but one folder, as their task definitions have it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import GUNICORN

BINARIES = Path(sys.executable).parent
CELERY = [str(BINARIES / "celery"), "--app", "backlog_worker.app", "worker", "--loglevel", "INFO"]
#: In a mount namespace of its own: the folder stays writable, and the root it lies in does not.
READ_ONLY = (
    'mount --make-rprivate / && mount --bind "$TMPDIR" "$TMPDIR" && mount -o remount,bind,ro / && cd "$TMPDIR" && '
    '! touch /written 2>/dev/null && exec "$@"'
)


def read_only(command):
    return ["unshare", "--mount", "sh", "-c", READ_ONLY, "sh", *command]


@pytest.fixture(scope="module", autouse=True)
def _namespaces():
    try:
        subprocess.run(["unshare", "--mount", "mount", "--make-rprivate", "/"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this user may not make mount namespaces")


def test_a_calendar_is_built(client, start, free_port, until):
    api = start(read_only(GUNICORN), "backlog_api.health", PORT=str(free_port()))
    worker = start(read_only(CELERY), "backlog_worker.health")
    client.post("/api/v1/todos", json={"title": "x"})
    task = client.post("/api/v1/todos/ical").json["task_id"]
    until(lambda: client.get(f"/api/v1/todos/ical/{task}/status").json["task_status"] == "SUCCESS")
    for service in (api, worker):
        assert "Read-only" not in service.said()
