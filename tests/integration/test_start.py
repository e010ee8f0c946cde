"""How the services start, by their containers' commands: together, wrongly told, without a database."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import GUNICORN

BINARIES = Path(sys.executable).parent
MIGRATE = [sys.executable, "-m", "backlog_todos.migrate"]
CELERY = [str(BINARIES / "celery"), "--app", "backlog_worker.app", "worker", "--loglevel", "INFO"]


def run(command, environment):
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("command", [GUNICORN, CELERY], ids=["api", "worker"])
def test_a_service_that_is_wrongly_told_ends_with_every_mistake(environment, command):
    wrong = {**environment, "DATABASE_SSLMODE": "maybe", "WEB_THREADS": "many", "JOB_CONCURRENCY": "many"}
    done = run(command, {key: value for key, value in wrong.items() if key != "QUEUE_URL"})
    assert done.returncode != 0
    sentence = done.stderr.strip().splitlines()[-1]
    own = "WEB_THREADS" if command is GUNICORN else "JOB_CONCURRENCY"
    assert all(name in sentence for name in ("DATABASE_SSLMODE", "QUEUE_URL", own)), done.stderr
    assert "Traceback" not in done.stderr


def test_every_line_of_the_api_s_log_is_json(start, free_port):
    port = str(free_port())
    api = start(GUNICORN, "backlog_api.health", PORT=port)
    assert api.stop() == 0
    for line in api.said().splitlines():
        assert {"time", "level", "message"} <= json.loads(line).keys()
