"""A real RabbitMQ or Valkey server, realised as the embedded cloud realises it on a machine."""

import contextlib
import os
import signal
from typing import Any

import kombu

from backlog_todos import broker as brokers
from backlog_todos.broker import Patience
from local.folder import StackFolder
from local.machine.certificates import certificates
from local.machine.elasticache import ReplicationGroups, UserGroups, Users
from local.machine.mq import Brokers, listens
from local.machine.ports import free_port
from local.machine.servers import OF_BROKER
from local.machine.supervisor import Supervisor
from local.resources import TABLE, Resource

ATTEMPTS = 3
_USER, _PASSWORD = "backlog", "geheim/@:1234567"
_ACCESS = (
    "on ~jobs* ~unacked* ~_kombu* resetchannels -@all +@read +@write +@connection +@transaction +@scripting -@dangerous"
)


class BrokerServer:
    """One server; it can be asked, stopped, started again, and killed (its supervisor then starts it again)."""

    def __init__(self, kind: str, folder: StackFolder) -> None:
        server = OF_BROKER[kind]
        assert server.find(), f"{server.missing()} (tools/system-packages does)"
        folder.make()
        self.kind, self.port = kind, free_port()
        self._folder, self._supervisor = folder, Supervisor(folder)
        self._tls = certificates(folder)
        made = self._rabbitmq() if kind == "rabbitmq" else self._valkey(folder)
        self._realised, self._resource, self._state = made
        self.start()

    def environment(self) -> dict[str, str]:
        """What services are told."""
        return {
            "BROKER": self.kind,
            "BROKER_HOST": "127.0.0.1",
            "BROKER_PORT": str(self.port),
            "BROKER_USER": _USER,
            "BROKER_PASSWORD": _PASSWORD,
            "BROKER_ATTEMPTS": str(ATTEMPTS),
            **self._tls.environment(),
        }

    @property
    def queue(self) -> str:
        """Where jobs wait."""
        return f"jobs-{ATTEMPTS}" if self.kind == "rabbitmq" else "jobs"

    def start(self) -> None:
        """Start it, with all that it had on disk."""
        self._realised.create(self._resource, self._state)

    def stop(self) -> None:
        """Stop it as it wants to be stopped; what it has on disk stays."""
        for name in self._programs():
            self._supervisor.remove(name)
        assert not listens(self.port)

    def crash(self) -> None:
        """Kill it; its supervisor starts it again."""
        (process,) = self._supervisor.processes(self._programs()[0])
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process["pid"], signal.SIGKILL)

    def depth(self, queue: str) -> int:
        """Messages that wait in a queue."""
        with self._connection() as connection:
            try:
                return int(connection.default_channel.queue_declare(queue, passive=True).message_count)
            except connection.channel_errors:
                return 0

    def put(self, body: str) -> None:
        """A message that nobody's Celery sent, as it is."""
        with self._connection() as connection:
            channel = connection.default_channel
            if self.kind == "valkey":
                channel.client.lpush(self.queue, body)
            else:
                channel.basic_publish(channel.prepare_message(body.encode()), "", self.queue)

    def queues_are_on_disk(self) -> bool:
        """Whether a queue that was just declared outlives a crash: RabbitMQ writes quorum queues' names a little later.

        Killed before that, it has the queue and not its log, and refuses consumers until the queue is deleted.
        """
        if self.kind == "valkey":
            return True
        names = [*self._folder.root.glob("rabbitmq/*/data/*/quorum/*/names.dets")]
        return any(f"_{self.queue}".encode() in file.read_bytes() for file in names)

    def has(self, queue: str) -> bool:
        """Whether RabbitMQ has the queue."""
        with self._connection() as connection:
            try:
                connection.default_channel.queue_declare(queue, passive=True)
            except connection.channel_errors:
                return False
        return True

    def empty(self) -> None:
        """Forget every message."""
        with self._connection() as connection:
            channel = connection.default_channel
            if self.kind == "valkey":
                channel.client.delete(self.queue, "jobs-dead-letters", "unacked", "unacked_index")
                return
            for queue in (self.queue, "jobs-dead-letters"):
                with contextlib.suppress(*connection.channel_errors):
                    connection.channel().queue_purge(queue)

    def shut_down(self) -> None:
        """End everything of it."""
        self._supervisor.shut_down()

    def _connection(self) -> kombu.Connection:
        told = brokers.RabbitMq("127.0.0.1", self.port, _USER, ATTEMPTS, _PASSWORD)
        if self.kind == "valkey":
            told = brokers.Valkey("127.0.0.1", self.port, _USER, _PASSWORD)
        conf = told.celery(Patience(5, 5, 1))
        use = {**conf["broker_use_ssl"]}
        use["ca_certs" if self.kind == "rabbitmq" else "ssl_ca_certs"] = str(self._tls.authority)
        return kombu.Connection(conf["broker_url"], ssl=use, transport_options=conf["broker_transport_options"])

    def _programs(self) -> list[str]:
        if self.kind == "valkey":
            return ["valkey-jobs"]
        return ["mq-jobs", "mq-jobs-epmd"]

    def _rabbitmq(self) -> Any:
        inputs = {"brokerName": "jobs", "users": [{"username": _USER, "password": _PASSWORD}]}
        return Brokers(self._supervisor, self.port), *_resource("aws:mq/broker:Broker", inputs)

    def _valkey(self, folder: StackFolder) -> Any:
        mode = {"type": "password", "passwords": [_PASSWORD]}
        user = {"userId": "user", "userName": _USER, "accessString": _ACCESS, "authenticationMode": mode}
        Users(folder).create(*_resource("aws:elasticache/user:User", user))
        group = {"userGroupId": "group", "userIds": ["user"]}
        UserGroups(folder).create(*_resource("aws:elasticache/userGroup:UserGroup", group))
        inputs = {"replicationGroupId": "jobs", "userGroupIds": ["group"]}
        token = "aws:elasticache/replicationGroup:ReplicationGroup"
        return ReplicationGroups(self._supervisor, self.port), *_resource(token, inputs)


def _resource(token: str, inputs: dict[str, Any]) -> tuple[Resource, dict[str, Any]]:
    resource = Resource(token, f"urn:pulumi:test::backlog::{token}::jobs", "jobs", inputs, "us-east-1", "123456789012")
    return resource, {**TABLE[token].outputs(resource), **inputs}
