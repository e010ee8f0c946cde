"""Real servers for the services: PostgreSQL and SQS of the embedded cloud, once for each test process."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
from flask.testing import FlaskClient

from backlog_api.app import create_app
from backlog_api.settings import ApiSettings
from backlog_todos.database import connect, sessions
from backlog_todos.migrate import migrate
from backlog_todos.settings import DatabaseSettings
from local.folder import StackFolder
from local.machine.emulator import Emulator
from local.machine.rds import Instances
from local.machine.supervisor import Supervisor
from local.resources import TABLE, Resource

REGION = "us-east-1"
INSTANCE = "aws:rds/instance:Instance"
#: Seconds. A job that was lost with its worker is seen again after this.
VISIBILITY = 2
ATTEMPTS = 3
CELERY = [
    "celery",
    "--app",
    "backlog_worker.app",
    "worker",
    "--loglevel",
    "INFO",
    "--without-gossip",
    "--without-mingle",
    "--without-heartbeat",
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], Any], seconds: float = 20, what: str = "it") -> Any:
    """Poll until the condition holds."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not happen in {seconds} s"
        time.sleep(0.05)
    return value


@dataclass(frozen=True)
class Servers:
    emulator: Emulator
    database: dict[str, str]

    def run_sql(self, statement: str) -> None:
        where = {"host": self.database["DATABASE_HOST"], "port": self.database["DATABASE_PORT"], "dbname": "postgres"}
        login = {"user": self.database["DATABASE_USER"], "password": self.database["DATABASE_PASSWORD"]}
        with psycopg.connect(**where, **login, autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with tempfile.TemporaryDirectory(prefix="backlog-") as root:
        folder = StackFolder(Path(root) / "servers")
        folder.make()
        supervisor = Supervisor(folder)
        emulator = Emulator(supervisor, free_port(), REGION)
        inputs = {
            "identifier": "db",
            "engine": "postgres",
            "username": "backlog",
            "port": free_port(),
            "skipFinalSnapshot": True,
        }
        resource = Resource(INSTANCE, f"urn:pulumi:test::backlog::{INSTANCE}::db", "db", inputs, REGION, "123456789012")
        Instances(supervisor, emulator).create(resource, {**TABLE[INSTANCE].outputs(resource), **inputs})
        try:
            yield Servers(
                emulator,
                {
                    "DATABASE_HOST": "127.0.0.1",
                    "DATABASE_PORT": str(inputs["port"]),
                    "DATABASE_USER": "backlog",
                    "DATABASE_SSLMODE": "disable",
                    "DATABASE_PASSWORD": (folder.root / "secrets" / "db.password").read_text(encoding="utf-8"),
                },
            )
        finally:
            supervisor.shut_down()


@pytest.fixture(scope="session")
def template(servers: Servers) -> str:
    """A migrated database, to be copied for each test."""
    name = f"template_{uuid.uuid4().hex[:8]}"
    servers.run_sql(f"create database {name}")
    engine = connect(DatabaseSettings.from_environment({**servers.database, "DATABASE_NAME": name}))
    with engine.begin() as connection:
        migrate(connection)
    engine.dispose()
    return name


@pytest.fixture
def environment(servers: Servers, template: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """What both services are told: a database and queues of this test's own."""
    name = f"test_{uuid.uuid4().hex[:8]}"
    servers.run_sql(f"create database {name} template {template}")
    sqs = servers.emulator.sqs
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    queue = sqs.create_queue(
        QueueName=name,
        Attributes={
            "VisibilityTimeout": str(VISIBILITY),
            "ReceiveMessageWaitTimeSeconds": "20",
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": ATTEMPTS}),
        },
    )["QueueUrl"]
    told = {
        **servers.database,
        "DATABASE_NAME": name,
        "QUEUE_URL": queue,
        **servers.emulator.agent_environment(),
        "WEB_CONCURRENCY": "1",
        "WEB_THREADS": "4",
        "API_GRACEFUL_TIMEOUT_SECONDS": "5",
        "JOB_CONCURRENCY": "2",
        "JOB_PREFETCH_MULTIPLIER": "1",
        "JOB_SOFT_TIME_LIMIT_SECONDS": "2",
        "JOB_TIME_LIMIT_SECONDS": "3",
        "JOB_VISIBILITY_TIMEOUT_SECONDS": str(VISIBILITY),
        "JOB_MAX_ATTEMPTS": str(ATTEMPTS),
        "JOB_SHUTDOWN_SECONDS": "5",
    }
    for key, value in told.items():
        monkeypatch.setenv(key, value)
    yield {**told, "DLQ_URL": dead}
    for url in (queue, dead):
        sqs.delete_queue(QueueUrl=url)
    servers.run_sql(f"drop database {name} with (force)")


@pytest.fixture
def client(environment: dict[str, str]) -> Iterator[FlaskClient]:
    app = create_app(ApiSettings.from_environment(environment))
    yield app.test_client()
    app.extensions["backlog"].engine.dispose()


@pytest.fixture
def sql(environment: dict[str, str]) -> Iterator[Any]:
    """Sessions on the test's database."""
    engine = connect(DatabaseSettings.from_environment(environment))
    yield sessions(engine)
    engine.dispose()


@pytest.fixture
def sqs(servers: Servers) -> Any:
    return servers.emulator.sqs


class Running:
    """A service as a process of its own, started by its container's command."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "log"
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "TMPDIR": str(folder),
            "HOME": str(folder),
            **environment,
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=self.environment, cwd=folder, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def healthy(self, module: str) -> bool:
        assert self.process.poll() is None, self.said()
        probe = subprocess.run([sys.executable, "-m", module], env=self.environment, capture_output=True, check=False)
        return probe.returncode == 0

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def kill(self) -> None:
        """Everything of it at once, as when a machine is lost."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


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


@pytest.fixture(name="until")
def until_fixture() -> Callable[..., Any]:
    return until


@pytest.fixture(name="free_port")
def free_port_fixture() -> Callable[[], int]:
    return free_port


@pytest.fixture
def boto(environment: dict[str, str]) -> Any:  # noqa: ARG001 - the environment is what boto3 reads
    return boto3
