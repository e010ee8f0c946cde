"""Real servers for the services: PostgreSQL and SQS of the embedded cloud, once for each test process."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from backlog_api.app import create_app
from backlog_api.settings import ApiSettings
from backlog_todos import access_tokens
from backlog_todos.database import connect, sessions
from backlog_todos.settings import DatabaseSettings
from local.machine.ports import free_port
from tests.servers import CELERY, Running, Servers, migrated, running_servers, told, until


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with running_servers() as running:
        yield running


@pytest.fixture(scope="session")
def template(servers: Servers) -> str:
    """A migrated database, to be copied for each test."""
    return migrated(servers)


@pytest.fixture
def environment(servers: Servers, template: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """What both services are told: a database and queues of this test's own."""
    with told(servers, template) as environment:
        for key, value in environment.items():
            if key != "DLQ_URL":
                monkeypatch.setenv(key, value)
        yield environment


@pytest.fixture
def client(environment: dict[str, str]) -> Iterator[FlaskClient]:
    app = create_app(ApiSettings.from_environment(environment))
    yield app.test_client()
    app.extensions["backlog"].engine.dispose()


@pytest.fixture
def as_owner(environment: dict[str, str], servers: Servers) -> dict[str, str]:
    """What the migration is told: the owner's login, and a role of this test's own."""
    return {
        **environment,
        **servers.database,
        "DATABASE_APP_USER": f"app_{environment['DATABASE_NAME']}",
        "DATABASE_APP_PASSWORD": "battery-staple",
    }


@pytest.fixture
def sql(as_owner: dict[str, str]) -> Iterator[Any]:
    """The owner's sessions on the test's database."""
    engine = connect(DatabaseSettings.from_environment(as_owner))
    yield sessions(engine)
    engine.dispose()


@pytest.fixture
def locked(sql: Any) -> Iterator[Any]:
    """A session that holds the todos' table, so that a job that reads it is in the middle of its work.

    The calendar counts as asked for: the reconciler sends no message beside the job's, to wait at the table as well.
    """
    with sql.begin() as session:
        session.execute(text("update builds set asked_at = clock_timestamp() + interval '1 hour'"))
    session = sql()
    session.execute(text("lock table todos in access exclusive mode"))
    yield session
    session.rollback()
    session.close()


@pytest.fixture
def sqs(servers: Servers) -> Any:
    return servers.emulator.sqs


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts services; whatever still runs at the end is ended."""
    started: list[Running] = []

    def begin(command: list[str], health: str, **more: str) -> Running:
        running = Running(command, {**environment, **more}, tmp_path / str(len(started)))
        started.append(running)
        until(lambda: running.healthy(health), what=f"{command[0]}'s health")
        return running

    yield begin
    for running in started:
        running.kill()


@pytest.fixture
def start_worker(start: Callable[..., Running]) -> Callable[..., Running]:
    return lambda **more: start(CELERY, "backlog_worker.health", **more)


@pytest.fixture(scope="session", name="until")
def until_fixture() -> Callable[..., Any]:
    return until


@pytest.fixture(scope="session", name="free_port")
def free_port_fixture() -> Callable[[], int]:
    return free_port


@pytest.fixture
def boto(environment: dict[str, str]) -> Any:  # noqa: ARG001 - the environment is what boto3 reads
    return boto3


@pytest.fixture
def app(environment: dict[str, str]) -> Iterator[Callable[..., FlaskClient]]:
    """Makes clients of an API that is told more than the tests' usual environment."""
    made = []

    def make(**told):
        app = create_app(ApiSettings.from_environment({**environment, **told}))
        made.append(app)
        return app.test_client()

    yield make
    for app in made:
        app.extensions["backlog"].engine.dispose()


@pytest.fixture
def closed(app: Callable[..., FlaskClient]) -> FlaskClient:
    return app(ACCESS="token")


@pytest.fixture
def command(environment: dict[str, str]) -> Callable[..., Any]:
    """The command that makes, lists and revokes tokens."""

    def run(*arguments, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "backlog_todos.access_tokens", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done

    return run


@pytest.fixture
def token(sql: Any) -> str:
    """An access token by the name of phone."""
    token = access_tokens.new()
    with sql.begin() as session:
        access_tokens.add(session, "phone", access_tokens.hashed(token))
    return token
