"""What a stack's file means: the program's settings, and for stack `local` the machine's own; every mistake at once."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from pydantic import Field, ValidationError

from infra.mistakes import Mistakes, sentences
from infra.settings import REGION, LabSettings, Settings, parse, parse_any
from infra.settings.model import Model, Port
from local.machine.servers import OF_BROKER
from local.stack_file import StackFile


class MachineSettings(Model):
    """What stack `local` has beside the program's settings; its keys are `local:KEY`."""

    aws_port: Port = Field(default=6401, description="port of the embedded AWS")
    rabbitmq_port: Port = Field(default=6402, description="port of RabbitMQ, where it is the broker")
    valkey_port: Port = Field(default=6403, description="port of Valkey, where it is the broker")


def settings_of(file: StackFile) -> Settings | LabSettings:
    """The program's settings.

    Raises:
        Mistakes: all that is wrong with them, each with its line.
    """
    try:
        return parse_any(_written(file))
    except Mistakes as mistakes:
        raise Mistakes(*file.told(iter(mistakes.args))) from None


def local_settings_of(file: StackFile) -> tuple[Settings, MachineSettings]:
    """The program's settings and this machine's.

    Raises:
        Mistakes: all that is wrong with them, or that one machine can't do, each with its line.
    """
    found, settings, machine = list[str](), None, None
    try:
        settings = parse(_written(file))
    except Mistakes as mistakes:
        found += mistakes.args
    try:
        machine = MachineSettings.model_validate(_of_namespace(file, "local"))
    except ValidationError as error:
        found += [f"local:{sentence}" for sentence in sentences(error, MachineSettings)]
    if settings and machine:
        found += _beyond_one_machine(settings, ports_of(settings, machine))
        if not found:
            return settings, machine
    raise Mistakes(*file.told(iter(found)))


def ports_of(settings: Settings, machine: MachineSettings) -> dict[str, int]:
    """The ports that stack `local` listens on, by the key that sets each."""
    brokers = {"rabbitmq": machine.rabbitmq_port, "valkey": machine.valkey_port}
    broker = {f"local:{kind}Port": port for kind, port in brokers.items() if kind == settings.broker.kind}
    return {
        "listenerPort": settings.listener_port,
        "api.port": settings.api.port,
        "database.port": settings.database.port,
        "local:awsPort": machine.aws_port,
        **broker,
    }


def _beyond_one_machine(settings: Settings, ports: Mapping[str, int]) -> Iterator[str]:
    for (one, port), (other, same) in combinations(ports.items(), 2):
        # The API may be its own listener: there is one task of it.
        if port == same and {one, other} != {"listenerPort", "api.port"}:
            yield f"{other}: {port} is the port of {one} too; give one of them another"
    if settings.database.tls:
        yield "database.tls: the PostgreSQL of one machine speaks no TLS, and listens on loopback; write tls: false"
    server = OF_BROKER.get(settings.broker.kind)
    if server and not server.find():
        yield f"broker.kind: {server.missing()}"
    if settings.https:
        key = "domain" if settings.domain else "certificateArn"
        yield f"{key}: on one machine the API is reached without a load balancer, and without TLS; leave it out"
    if settings.api.min_count > 1:
        yield f"api.minCount: {settings.api.min_count} tasks can't share one port of one machine; write minCount: 1"
    if settings.protect:
        yield "protect: what one machine has goes with `make down`; write protect: false, or leave it out"
    if settings.database.final_snapshot:
        yield "database.finalSnapshot: no snapshot outlives its database on one machine; leave it out"
    if settings.database.iam_auth:
        yield "database.iamAuth: the PostgreSQL of one machine knows no tokens of IAM; leave it out"


def _written(file: StackFile) -> dict[str, Any]:
    region = {REGION: file.config[REGION]} if REGION in file.config else {}
    return _of_namespace(file, file.project) | region


def _of_namespace(file: StackFile, namespace: str) -> dict[str, Any]:
    return {
        key.removeprefix(f"{namespace}:"): value
        for key, value in file.config.items()
        if key.startswith(f"{namespace}:")
    }
