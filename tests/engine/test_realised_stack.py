"""Pulumi's real engine over this machine: queues that take messages, a database that answers, tasks that run."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import boto3
import psutil
import psycopg
import pulumi
import pulumi_aws as aws
import pytest
from pulumi.automation import CommandError

from local.folder import CHECKOUT, MARKER
from local.machine.supervisor import Supervisor

SERVE = (
    "import http.server as h, os; "
    "h.HTTPServer(('127.0.0.1', int(os.environ['PORT'])), h.SimpleHTTPRequestHandler).serve_forever()"
)
PROBE = "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/\", timeout=2)"


def queues():
    dead = aws.sqs.Queue("dead")
    jobs = aws.sqs.Queue("jobs", visibility_timeout_seconds=1)
    aws.sqs.RedrivePolicy(
        "jobs",
        queue_url=jobs.url,
        redrive_policy=dead.arn.apply(lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})),
    )
    pulumi.export("jobs", jobs.url)
    pulumi.export("dead", dead.url)


def database(port, identifier=None, **more):
    return aws.rds.Instance(
        "database",
        identifier=identifier,
        **more,
        engine="postgres",
        engine_version="18",
        instance_class="db.t4g.micro",
        allocated_storage=20,
        db_name="backlog",
        username="backlog",
        manage_master_user_password=True,
        skip_final_snapshot=True,
        port=port,
    )


def service(port, *, word="hello", command=SERVE, before="pass", secret=None):
    """A task with a container that must succeed and one that serves."""
    secrets = {"secrets": [{"name": "SECRET", "valueFrom": secret}]} if secret else {}
    definition = [
        {
            "name": "before",
            "image": "none",
            "essential": False,
            "command": [sys.executable, "-c", before],
            **secrets,
        },
        {
            "name": "main",
            "image": "none",
            "command": [sys.executable, "-c", command],
            "stopTimeout": 5,
            "dependsOn": [{"containerName": "before", "condition": "SUCCESS"}],
            "environment": [{"name": "PORT", "value": str(port)}, {"name": "WORD", "value": word}],
            "healthCheck": {"command": ["CMD", sys.executable, "-c", PROBE]},
        },
    ]
    task = aws.ecs.TaskDefinition(
        "api",
        family="api",
        cpu="256",
        memory="512",
        network_mode="awsvpc",
        requires_compatibilities=["FARGATE"],
        container_definitions=pulumi.Output.json_dumps(definition),
    )
    aws.ecs.Service("api", task_definition=task.arn, desired_count=1)


def client(stack, service_name):
    endpoint = stack.outputs()["jobs"].rsplit("/", 2)[0]
    return boto3.client(
        service_name,
        endpoint_url=endpoint,
        region_name="eu-central-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )


def processes_of(stack):
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARKER) == str(stack.folder.root):
                found.append(process)
        except psutil.Error:
            continue
    return found


def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


def words_of(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
        return answer.status


def test_a_message_that_fails_goes_to_the_dead_letter_queue_that_the_program_wired(realised):
    realised.up(queues)
    sqs, urls = client(realised, "sqs"), realised.outputs()
    sqs.send_message(QueueUrl=urls["jobs"], MessageBody="poison")
    assert sqs.receive_message(QueueUrl=urls["jobs"], WaitTimeSeconds=2)["Messages"]

    def in_dead_letters():
        sqs.receive_message(QueueUrl=urls["jobs"])
        return sqs.receive_message(QueueUrl=urls["dead"]).get("Messages")

    until(in_dead_letters)


def test_a_queue_keeps_its_policies_whichever_comes_first(realised):
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}],
    }

    def program():
        queues()
        queue = aws.sqs.Queue("other", visibility_timeout_seconds=3)
        aws.sqs.QueuePolicy("other", queue_url=queue.url, policy=json.dumps(policy))
        pulumi.export("other", queue.url)

    realised.up(program)
    assert set(realised.up(program, refresh=True)) == {"same"}
    attributes = client(realised, "sqs").get_queue_attributes(
        QueueUrl=realised.outputs()["other"], AttributeNames=["All"]
    )
    assert json.loads(attributes["Attributes"]["Policy"]) == policy


def test_the_database_takes_the_managed_password_and_no_other(realised, free_port):
    port = free_port()

    def program():
        queues()
        pulumi.export("secret", database(port).master_user_secrets[0]["secret_arn"])

    realised.up(program)
    secret = client(realised, "secretsmanager").get_secret_value(SecretId=realised.outputs()["secret"])
    login = json.loads(secret["SecretString"])
    where = {"host": "127.0.0.1", "port": port, "dbname": "backlog", "user": login["username"]}
    with psycopg.connect(**where, password=login["password"]) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(**where, password="another")
    assert login["password"] not in realised.state_text()


def test_a_database_that_gets_another_name_keeps_its_data_and_its_login(realised, free_port):
    port = free_port()

    def program(identifier=None):
        queues()
        pulumi.export("secret", database(port, identifier).master_user_secrets[0]["secret_arn"])

    def run(statement):
        secret = client(realised, "secretsmanager").get_secret_value(SecretId=realised.outputs()["secret"])
        password = json.loads(secret["SecretString"])["password"]
        where = {"host": "127.0.0.1", "port": port, "dbname": "backlog", "user": "backlog", "password": password}
        with psycopg.connect(**where, autocommit=True) as connection:
            return connection.execute(statement)

    realised.up(program)
    run("create table kept as select 42 as answer")
    realised.up(lambda: program("another"))
    assert run("select answer from kept").fetchone() == (42,)
    assert set(realised.up(lambda: program("another"), refresh=True)) == {"same"}


def test_a_database_that_would_take_iam_s_tokens_is_refused_and_not_pretended(realised, free_port):
    with pytest.raises(CommandError, match="knows no tokens of IAM"):
        realised.up(lambda: database(free_port(), iam_database_authentication_enabled=True))


def test_a_service_runs_and_a_second_up_changes_nothing(realised, free_port):
    port = free_port()
    realised.up(lambda: service(port))
    assert words_of(port) == 200
    assert set(realised.up(lambda: service(port), refresh=True)) == {"same"}


def test_a_changed_environment_restarts_the_service_with_it(realised, free_port):
    port = free_port()
    realised.up(lambda: service(port, word="one"))
    realised.up(lambda: service(port, word="two"))
    assert "two" in [p.environ().get("WORD") for p in processes_of(realised)]
    assert "one" not in [p.environ().get("WORD") for p in processes_of(realised)]


def test_a_container_gets_its_definitions_environment_and_nothing_of_ours(realised, free_port, monkeypatch):
    monkeypatch.setenv("LEAKED", "from the terminal")
    port = free_port()
    realised.up(lambda: service(port))
    main = next(p for p in processes_of(realised) if "WORD" in p.environ())
    assert "LEAKED" not in main.environ()
    assert main.environ()["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")


def test_the_main_container_waits_for_the_one_that_must_succeed(realised, free_port):
    with pytest.raises(CommandError, match="do not stay up") as failed:
        realised.up(lambda: service(free_port(), before="raise SystemExit('the migration failed')"))
    assert "the migration failed" in str(failed.value)


def test_a_deployment_that_fails_leaves_the_old_tasks_running(realised, free_port):
    port = free_port()
    realised.up(lambda: service(port))
    with pytest.raises(CommandError, match="rolled back"):
        realised.up(lambda: service(port, command="raise SystemExit('broken')"))
    assert words_of(port) == 200


def test_everything_that_was_killed_is_healed_by_the_next_up(realised, free_port):
    port, database_port = free_port(), free_port()

    def program():
        queues()
        service(port, secret=database(database_port).master_user_secrets[0]["secret_arn"])

    realised.up(program)
    for process in processes_of(realised):
        process.kill()
    until(lambda: not processes_of(realised))
    realised.up(program, refresh=True)
    assert words_of(port) == 200
    assert set(realised.up(program, refresh=True)) == {"same"}


def test_what_a_killed_supervisor_left_behind_is_ended(realised, free_port):
    port = free_port()
    realised.up(lambda: service(port))
    orphans = {p.pid for p in processes_of(realised)} - {supervisord(realised).pid}
    supervisord(realised).kill()
    realised.up(lambda: service(port), refresh=True)
    assert not orphans & {p.pid for p in processes_of(realised)}


def test_destroy_leaves_no_process_and_no_data(realised, free_port):
    port = free_port()

    def program():
        queues()
        database(port)

    realised.up(program)
    realised.destroy()
    Supervisor(realised.folder).shut_down()
    assert processes_of(realised) == []
    assert not list(realised.folder.root.glob("postgres/*"))


def test_an_engine_that_was_killed_while_it_wrote_its_state_goes_on(realised):
    realised.up(queues)
    (sidecar,) = realised.folder.backend.rglob("test.json.attrs")
    sidecar.write_bytes(b"")
    assert set(realised.up(queues)) == {"same"}


def test_an_interrupted_up_is_resumed(realised, free_port, tmp_path):
    """The engine and everything around it is killed in the middle of creating the service."""
    port = free_port()
    realised.up(queues)
    script = tmp_path / "interrupted.py"
    script.write_text(
        f"""
import sys
from pathlib import Path
from local.engine import Engine
from local.folder import StackFolder
from local.machine.cloud import machine
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_realised_stack import queues, service

def program():
    queues()
    service({port}, command="import time; time.sleep(600)")

folder = StackFolder(Path({str(realised.folder.root)!r}))
cloud = machine(folder, aws_port={realised.outputs()["jobs"].split(":")[2].split("/")[0]}, region="eu-central-1")
config = Path({str(realised.folder.root.parent / "config")!r})
with Engine("test", folder, cloud, program, {{"aws:region": "eu-central-1"}}, config).opened() as stack:
    stack.up()
""",
        encoding="utf-8",
    )
    running = subprocess.Popen(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    until(
        lambda: Supervisor(realised.folder).log(program_name(realised)).is_file() if program_name(realised) else False
    )
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()

    def program():
        queues()
        service(port)

    realised.up(program, refresh=True)
    assert words_of(port) == 200
    assert set(realised.up(program, refresh=True)) == {"same"}


def program_name(stack):
    names = [file.stem for file in (stack.folder.root / "programs").glob("api-*.conf")]
    return names[0] if names else ""


def supervisord(stack):
    return psutil.Process(int((stack.folder.root / "supervisord.pid").read_text()))
