"""What API, worker and migration ask of AWS, held against their roles in the stack: no less, and no more."""

import json
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import uuid
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from sqlalchemy import text

from local.engine import Engine
from local.folder import StackFolder

sys.path.insert(0, str(Path(__file__).parent))
from recorder import Recorder

from tests.servers import GUNICORN

#: Allowed, and not asked of AWS by our code: who asks instead.
BY_OTHERS = {
    "ecs:GetTaskProtection": "ECS's agent in the task's host, by the task's role; AWS documents both for its endpoint",
    "ecs:UpdateTaskProtection": "the same: the worker asks the agent (tests/integration/test_protection.py)",
}
pytestmark = pytest.mark.timeout(300)


def many(value):
    return value if isinstance(value, list) else [value]


class Role:
    """One role's policy, evaluated as IAM does for an account's own resources (no statement of ours denies)."""

    def __init__(self, policy):
        self.statements = json.loads(policy)["Statement"]
        assert {statement["Effect"] for statement in self.statements} == {"Allow"}
        assert not any(statement.keys() & {"NotAction", "NotResource", "Condition"} for statement in self.statements)

    def actions(self):
        return {action for statement in self.statements for action in many(statement["Action"])}

    def allows(self, action, arn):
        return any(
            action in many(statement["Action"])
            and any(fnmatchcase(arn, resource) for resource in many(statement["Resource"]))
            for statement in self.statements
        )


@pytest.fixture(scope="module")
def stack():
    """Roles and the queue's ARN of stack dev, as the engine knows them after an update; nobody is told events."""
    root = Path(tempfile.mkdtemp(prefix="backlog-"))
    with Engine("dev", StackFolder(root / "stack"), config={"backlog:events": {"streams": []}}).opened() as engine:
        engine.up()
        resources = engine.export_stack().deployment["resources"]
    shutil.rmtree(root)
    of_type = lambda token: {r["urn"].rsplit("::", 1)[1]: r["outputs"] for r in resources if r["type"] == token}  # noqa: E731
    roles = {name: Role(made["policy"]) for name, made in of_type("aws:iam/rolePolicy:RolePolicy").items()}
    return roles, of_type("aws:sqs/queue:Queue")["jobs"]["arn"]


@pytest.fixture
def recorded(servers, environment):
    """A recorder for each service, and what the service is told so that it goes through it."""
    recorders = {name: Recorder(servers.emulator.port) for name in ("api", "worker", "migration")}

    def told(name):
        port = recorders[name].port
        url = environment["QUEUE_URL"].replace(f":{servers.emulator.port}", f":{port}")
        return {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "QUEUE_URL": url}

    yield recorders, told
    for recorder in recorders.values():
        recorder.close()


def ask(url, method="GET"):
    with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=15) as answer:
        return json.loads(answer.read())


def live(recorded, start, start_worker, as_owner, sql, until, free_port):
    """All that the services do with AWS: readiness, a job, one that its message was lost of, one that is given back."""
    recorders, told = recorded
    migrate = [sys.executable, "-m", "backlog_todos.migrate"]
    subprocess.run(migrate, env={**as_owner, **told("migration")}, check=True, capture_output=True, timeout=60)
    role = {"DATABASE_USER": as_owner["DATABASE_APP_USER"], "DATABASE_PASSWORD": as_owner["DATABASE_APP_PASSWORD"]}

    port = str(free_port())
    start(GUNICORN, "backlog_api.health", **told("api"), **role, PORT=port, HOST="127.0.0.1")
    url = f"http://127.0.0.1:{port}/api/v1"
    ask(f"{url}/ready")
    worker = start_worker(**told("worker"), **role)
    done = ask(f"{url}/todos/ical", "POST")
    until(lambda: ask(done["task_url"])["task_status"] == "SUCCESS", 30, "the job")

    # The API ended between its commit and its message: the reconciler sends it.
    lost = {"id": uuid.uuid4()}
    with sql.begin() as session:
        session.execute(
            text("insert into calendar_jobs (id, requested_at) values (:id, now() - interval '1 hour')"), lost
        )
    until(lambda: "sqs:SendMessage" in recorders["worker"].actions(), 40, "the reconciler's message")

    # A job that waits for its table while the worker is told to stop is given back.
    with sql.begin() as session:
        # There is something to build, and the calendar counts as asked for: nobody builds it but the job.
        session.execute(text("update builds set asked_at = clock_timestamp() + interval '1 hour'"))
        session.execute(text("select next_version(1)"))
    with sql.begin() as session:
        session.execute(text("lock table todos in access exclusive mode"))
        waits = ask(f"{url}/todos/ical", "POST")
        until(lambda: ask(waits["task_url"])["task_status"] == "STARTED", 30, "the job that waits")
        worker.process.terminate()
        until(lambda: "sqs:ChangeMessageVisibility" in recorders["worker"].actions(), 40, "giving back")


def test_a_role_allows_what_its_service_asks_and_nothing_else(
    stack, recorded, environment, start, start_worker, as_owner, sql, until, free_port
):
    roles, queue = stack
    live(recorded, start, start_worker, as_owner, sql, until, free_port)
    here = environment["QUEUE_URL"].rsplit("/", 1)[-1]
    recorders, _ = recorded
    assert recorders["migration"].asked == set(), "the migration has a database to speak to, and nothing of AWS"
    for service in ("api", "worker"):
        role, asked = roles[f"{service}-task"], recorders[service].asked
        assert {resource for _, resource in asked} == {here}, (
            "a service asks for its own queue, and for no list of them"
        )
        assert [action for action, _ in asked if not role.allows(action, queue)] == []
        assert role.actions() - {action for action, _ in asked} - BY_OTHERS.keys() == set()


def test_an_action_by_others_stands_in_a_role(stack):
    """An entry that excuses nothing any more is taken out."""
    allowed = set().union(*(role.actions() for name, role in stack[0].items() if name.endswith("-task")))
    assert BY_OTHERS.keys() <= allowed


def test_no_role_knows_a_wildcard_action_or_a_resource_without_a_name(stack):
    for role in stack[0].values():
        for statement in role.statements:
            assert not [action for action in many(statement["Action"]) if "*" in action]
            if many(statement["Resource"]) == ["*"]:
                assert many(statement["Action"]) == ["ecr:GetAuthorizationToken"]  # it knows no resource
