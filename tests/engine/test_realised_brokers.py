"""A broker that the program declares is a real server on this machine, for the declared user alone."""

import contextlib
import json
import socket
import ssl

import boto3
import kombu
import psutil
import pulumi
import pulumi_aws as aws
import pytest

from backlog_todos.broker import Patience, RabbitMq, Valkey
from infra.components.amazon_mq import AmazonMq, AmazonMqArgs
from infra.components.valkey import Valkey as ValkeyComponent
from infra.components.valkey import ValkeyArgs
from local.folder import MARKER
from local.machine.certificates import certificates
from local.machine.mq import listens
from local.machine.servers import OF_BROKER


def program(kind):
    place = {"subnet_ids": ["subnet-1"], "security_group_id": "sg-1", "protect": False}
    if kind == "rabbitmq":
        args = AmazonMqArgs(
            **place, engine_version="3.13", instance_type="mq.m7g.medium", cluster=False, attempts=3, most_waiting=9
        )
        broker = AmazonMq("jobs", args).broker
    else:
        args = ValkeyArgs(
            **place,
            engine_version="8.1",
            node_type="cache.t4g.micro",
            replica=False,
            snapshot_days=0,
            log_retention_days=1,
        )
        broker = ValkeyComponent("jobs", args).broker
    # Any queue: it tells where the embedded AWS is.
    pulumi.export("aws", aws.sqs.Queue("aws").url)
    pulumi.export("secret", broker.secret_arns[0])
    pulumi.export("environment", dict(broker.environment))


@pytest.fixture(params=["rabbitmq", "valkey"])
def kind(request):
    server = OF_BROKER[request.param]
    assert server.find(), server.missing()
    return request.param


def login_of(stack):
    outputs = stack.outputs()
    client = boto3.client(
        "secretsmanager",
        endpoint_url=outputs["aws"].rsplit("/", 2)[0],
        region_name="eu-central-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    return json.loads(client.get_secret_value(SecretId=outputs["secret"])["SecretString"])


def logs_in(stack, kind, password, user="backlog"):
    told = stack.outputs()["environment"]
    where = (told["BROKER_HOST"], int(told["BROKER_PORT"]), user)
    broker = RabbitMq(*where, 3, password) if kind == "rabbitmq" else Valkey(*where, password)
    conf = broker.celery(Patience(5, 5, 1))
    trusted = str(certificates(stack.folder).authority)
    tls = conf["broker_use_ssl"] | {"ca_certs" if kind == "rabbitmq" else "ssl_ca_certs": trusted}
    options = conf["broker_transport_options"]
    with kombu.Connection(conf["broker_url"], ssl=tls, transport_options=options) as connection:
        try:
            connection.connect()
            connection.channel()
        except Exception:  # noqa: BLE001 - each client has its own
            assert listens(where[1])  # it is the login that failed
            return False
    return True


def processes_of(stack):
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARKER) == str(stack.folder.root):
                yield process


def test_it_takes_the_declared_user_by_tls_and_nobody_else(realised, kind):
    realised.up(lambda: program(kind))
    assert set(realised.up(lambda: program(kind), refresh=True)) == {"same"}
    password = login_of(realised)["password"]
    assert logs_in(realised, kind, password)
    assert not logs_in(realised, kind, "another")
    assert not logs_in(realised, kind, password, user="default" if kind == "valkey" else "guest")
    assert password not in realised.state_text()

    # Whoever does not trust the stack's authority does not trust the server.
    port = int(realised.outputs()["environment"]["BROKER_PORT"])
    with socket.create_connection(("127.0.0.1", port)) as plain, pytest.raises(ssl.SSLError):
        ssl.create_default_context().wrap_socket(plain, server_hostname="127.0.0.1")

    # Nothing listens beyond loopback, and a destroy leaves nothing.
    listening = [
        connection.laddr.ip
        for process in processes_of(realised)
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert set(listening) <= {"127.0.0.1", "::1"}
    realised.destroy()
    assert not listens(port)
    left = [" ".join(process.cmdline()) for process in processes_of(realised)]
    assert [line for line in left if "epmd" in line or "beam" in line or "-server" in line] == []


def test_one_that_was_killed_is_made_again_and_takes_the_password_that_tasks_are_told(realised, kind):
    realised.up(lambda: program(kind))
    for process in list(processes_of(realised)):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    realised.up(lambda: program(kind), refresh=True)
    assert logs_in(realised, kind, login_of(realised)["password"])
    assert set(realised.up(lambda: program(kind), refresh=True)) == {"same"}
