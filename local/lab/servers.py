"""Servers of queues that are not SQS's, as the embedded cloud runs them: RabbitMQ, Valkey, and Kafka of one broker."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.folder import StackFolder
from local.machine.certificates import HOST, certificates
from local.machine.elasticache import ReplicationGroups, UserGroups, Users
from local.machine.kafka import Clusters
from local.machine.mq import Brokers
from local.machine.supervisor import Supervisor
from local.resources import TABLE, Resource

_USER, _NAME = "lab", "lab"
_BROKER, _CLUSTER = "aws:mq/broker:Broker", "aws:msk/serverlessCluster:ServerlessCluster"
_GROUP, _USERS = "aws:elasticache/replicationGroup:ReplicationGroup", "aws:elasticache/userGroup:UserGroup"


@dataclass(frozen=True)
class Ports:
    """Where the lab listens: the embedded AWS, RabbitMQ, Valkey. Kafka takes ports that are free."""

    aws: int
    rabbitmq: int
    valkey: int


@dataclass(frozen=True)
class LabServers:
    """Those of one folder; each has a password that is made at first use, and TLS where its like on AWS has it."""

    folder: StackFolder
    ports: Ports

    def started(self, kinds: Sequence[str]) -> dict[str, str]:
        """Start them, unless they run; returns their URLs by the names of variables, and whom their clients trust.

        Raises:
            ResourceError: one is not installed, or does not start.
        """
        urls = {f"{kind.upper()}_URL": self._start(kind) for kind in kinds}
        return urls | certificates(self.folder).environment()

    def _start(self, kind: str) -> str:
        starts: Mapping[str, Callable[[Supervisor, str], str]] = {
            "rabbitmq": self._rabbitmq,
            "valkey": self._valkey,
            "kafka": self._kafka,
        }
        return starts[kind](Supervisor(self.folder), self.folder.secret("lab-password"))

    def _rabbitmq(self, supervisor: Supervisor, password: str) -> str:
        server = Brokers(supervisor, self.ports.rabbitmq)
        resource, state = _made(_BROKER, brokerName=_NAME, users=[{"username": _USER, "password": password}])
        if not server.alive(state):
            server.create(resource, state)
        return f"amqps://{_USER}:{password}@{HOST}:{self.ports.rabbitmq}"

    def _valkey(self, supervisor: Supervisor, password: str) -> str:
        server = ReplicationGroups(supervisor, self.ports.valkey)
        resource, state = _made(_GROUP, replicationGroupId=_NAME, userGroupIds=[_NAME])
        if not server.alive(state):
            mode = {"type": "password", "passwords": [password]}
            user = {"userId": _NAME, "userName": _USER, "accessString": "on ~* &* +@all", "authenticationMode": mode}
            Users(self.folder).create(*_made("aws:elasticache/user:User", **user))
            UserGroups(self.folder).create(*_made(_USERS, userGroupId=_NAME, userIds=[_NAME]))
            server.create(resource, state)
        return f"rediss://{_USER}:{password}@{HOST}:{self.ports.valkey}"

    def _kafka(self, supervisor: Supervisor, _: str) -> str:
        resource, state = _made(_CLUSTER, clusterName=_NAME)
        made = Clusters(supervisor).create(resource, state)
        return f"kafka://{made['bootstrapBrokersSaslIam']}"


KINDS = ("rabbitmq", "valkey", "kafka")


def exported(variables: Mapping[str, str]) -> str:
    """Lines for a shell."""
    return "".join(f"export {name}='{value}'\n" for name, value in variables.items())


def kept(folder: StackFolder, variables: Mapping[str, str]) -> None:
    """Write the variables to the lab's file, beside those that are in it; only its owner reads it."""
    file = folder.root / "environment"
    old = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    stays = [line for line in old if line.removeprefix("export ").partition("=")[0] not in variables]
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as handle:
        handle.write("".join(f"{line}\n" for line in stays) + exported(variables))


def _made(token: str, **inputs: Any) -> tuple[Resource, dict[str, Any]]:
    resource = Resource(token, f"urn:pulumi:lab::backlog::{token}::lab", _NAME, inputs, "us-east-1", "123456789012")
    return resource, {**TABLE[token].outputs(resource), **inputs}
