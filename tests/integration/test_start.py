"""How the services start, by their containers' commands: together, wrongly told, without a database."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

BINARIES = Path(sys.executable).parent
MIGRATE = [sys.executable, "-m", "backlog_todos.migrate"]
GUNICORN = [str(BINARIES / "gunicorn"), "--config", "python:backlog_api.gunicorn_config", "backlog_api.wsgi:app"]
CELERY = [str(BINARIES / "celery"), "--app", "backlog_worker.app", "worker", "--loglevel", "INFO"]


def run(command, environment):
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_two_migrations_at_once_are_safe(environment, sql):
    with sql.begin() as session:
        for table in ("todos", "calendar_jobs", "alembic_version"):
            session.execute(text(f"drop table {table}"))
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda _: run(MIGRATE, environment), range(3)))
    assert [result.returncode for result in done] == [0, 0, 0], [result.stderr for result in done]
    with sql() as session:
        assert session.execute(text("select count(*) from todos")).scalar() == 0


def test_a_migration_waits_for_another_for_as_long_as_it_takes(environment, sql):
    """The other's statement limit (backlog_todos.database) must not end it."""
    with sql.begin() as session:
        session.execute(text("select pg_advisory_xact_lock(6400)"))
        with subprocess.Popen(MIGRATE, env=environment, stderr=subprocess.PIPE, text=True) as waiting:
            with pytest.raises(subprocess.TimeoutExpired):
                waiting.wait(2)
            limit = "select current_setting('statement_timeout')"
            assert session.execute(text(limit)).scalar() == "15s"
            session.rollback()
            assert waiting.wait(30) == 0, waiting.stderr


def test_a_migration_without_a_database_says_so(environment):
    done = run(MIGRATE, {**environment, "DATABASE_PORT": "1"})
    assert done.returncode == 1
    assert done.stderr.startswith(f"migrate: 127.0.0.1:1/{environment['DATABASE_NAME']}: connection")
    assert "Traceback" not in done.stderr


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
