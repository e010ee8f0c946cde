"""Real servers and services as processes, for tests and benchmarks: PostgreSQL and SQS of the embedded cloud."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from backlog_todos.app_role import AppRole, grant, make
from backlog_todos.database import connect
from backlog_todos.migrate import migrate
from backlog_todos.settings import DatabaseSettings
from local.folder import StackFolder
from local.machine.emulator import Emulator
from local.machine.ports import free_port
from local.machine.rds import Instances
from local.machine.supervisor import Supervisor
from local.resources import TABLE, Resource

REGION = "us-east-1"
INSTANCE = "aws:rds/instance:Instance"
#: Seconds. A job that was lost with its worker is seen again after this.
VISIBILITY = 2
ATTEMPTS = 3
GUNICORN = [
    str(Path(sys.executable).parent / "gunicorn"),
    "--config",
    "python:backlog_api.gunicorn_config",
    "backlog_api.wsgi:app",
]
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


def until(condition: Callable[[], Any], seconds: float = 20, what: str = "it") -> Any:
    """Poll until the condition holds."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not happen in {seconds} s"
        time.sleep(0.05)
    return value


@dataclass(frozen=True)
class Servers:
    """`database` is where the server is and how its owner logs in, `app` how the services do."""

    emulator: Emulator
    database: dict[str, str]
    app: AppRole
    log_file: Path
    data: Path

    def log(self) -> str:
        """What PostgreSQL has said."""
        return self.log_file.read_text(encoding="utf-8")

    def run_sql(self, statement: str) -> None:
        where = {"host": self.database["DATABASE_HOST"], "port": self.database["DATABASE_PORT"], "dbname": "postgres"}
        login = {"user": self.database["DATABASE_USER"], "password": self.database["DATABASE_PASSWORD"]}
        with psycopg.connect(**where, **login, autocommit=True) as connection:
            connection.execute(statement)

    def end_sessions(self, condition: str) -> None:
        """End the sessions that pg_stat_activity shows under `condition`; they are gone when this returns.

        Without its second argument pg_terminate_backend only asks: a session may still answer a ping, and end after it.
        """
        self.run_sql(f"select pg_terminate_backend(pid, 10000) from pg_stat_activity where {condition}")


@contextlib.contextmanager
def running_servers() -> Iterator[Servers]:
    """Servers that end with the block."""
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
                AppRole("backlog_app", "correct-horse"),
                supervisor.log("rds-db"),
                folder.root / "postgres" / "db",
            )
        finally:
            supervisor.shut_down()


def migrated(servers: Servers) -> str:
    """A migrated database, to be copied for each test."""
    name = f"template_{uuid.uuid4().hex[:8]}"
    servers.run_sql(f"create database {name}")
    engine = connect(DatabaseSettings.from_environment({**servers.database, "DATABASE_NAME": name}))
    with engine.begin() as connection:
        migrate(connection)
        make(connection.connection.driver_connection, servers.app)
        grant(connection.connection.driver_connection, servers.app)
    engine.dispose()
    return name


@contextlib.contextmanager
def told(servers: Servers, template: str) -> Iterator[dict[str, str]]:
    """What both services are told: a database, copied from the template, and queues of its own."""
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
    environment = {
        **servers.database,
        "DATABASE_NAME": name,
        "DATABASE_USER": servers.app.name,
        "DATABASE_PASSWORD": servers.app.password,
        "QUEUE_URL": queue,
        **servers.emulator.agent_environment(),
        "ACCESS": "open",
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
        "JOB_POLL_SILENCE_SECONDS": "60",
        "JOB_PROTECTION_MINUTES": "2",
        "JOB_PROTECTION_LINGER_SECONDS": "1",
        "JOB_PROTECTION_HOLD_SECONDS": "900",
    }
    yield {**environment, "DLQ_URL": dead}
    for url in (queue, dead):
        sqs.delete_queue(QueueUrl=url)
    servers.run_sql(f"drop database {name} with (force)")
    servers.run_sql(f"drop role if exists app_{name}")


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
