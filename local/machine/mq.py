"""aws.mq.Broker: a real RabbitMQ, with its own node name, cookie, data and port mapper in the stack's folder."""

import base64
import hashlib
import json
import os
import secrets
import shutil
import socket
from pathlib import Path

from local.machine.certificates import HOST, certificates
from local.machine.ports import free_port
from local.machine.servers import RABBITMQ
from local.machine.supervisor import Program, Supervisor, until
from local.provider.properties import Bag
from local.resources import Resource

_STARTS = 90.0  # seconds
_EVERYTHING = ".*"


class Brokers:
    """One node, and one epmd (Erlang's port mapper, else the machine's would be used, and left behind)."""

    def __init__(self, supervisor: Supervisor, port: int) -> None:
        self._supervisor, self._port = supervisor, port

    def create(self, resource: Resource, outputs: Bag) -> Bag:
        self._start(outputs)
        endpoint = f"amqps://{HOST}:{self._port}"
        instance = {**outputs["instances"][0], "endpoints": [endpoint], "ipAddress": HOST, "consoleUrl": ""}
        return {**outputs, "instances": [instance]}

    def alive(self, state: Bag) -> bool:
        return self._running(state) and listens(self._port)

    def update(self, resource: Resource, old: Bag, outputs: Bag) -> Bag:
        return {**outputs, "arn": old["arn"], "instances": old["instances"]}

    def delete(self, state: Bag) -> None:
        for program in (_program(state), _mapper(state)):
            self._supervisor.remove(program)
        shutil.rmtree(self._folder(state), ignore_errors=True)

    def _start(self, broker: Bag) -> None:
        server, folder = RABBITMQ.found(), self._folder(broker)
        tls = certificates(self._supervisor.folder)
        tls.make()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (folder / "ports.json").is_file():
            (folder / "ports.json").write_text(json.dumps([free_port(), free_port()]), encoding="utf-8")
        mapper_port, node_port = json.loads((folder / "ports.json").read_text(encoding="utf-8"))
        (folder / "definitions.json").write_text(json.dumps(_definitions(broker)), encoding="utf-8")
        (folder / "enabled_plugins").write_text("[].\n", encoding="utf-8")
        (folder / "rabbitmq.conf").write_text(
            "\n".join(
                [
                    "listeners.tcp = none",
                    f"listeners.ssl.1 = {HOST}:{self._port}",
                    f"ssl_options.cacertfile = {tls.authority}",
                    f"ssl_options.certfile = {tls.certificate}",
                    f"ssl_options.keyfile = {tls.key}",
                    "ssl_options.verify = verify_none",  # clients have a password, and no certificate
                    f"load_definitions = {folder / 'definitions.json'}",
                    "",
                ]
            ),
            encoding="utf-8",
        )
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder),  # where the cookie is
            "LANG": "C.UTF-8",
            "ERL_EPMD_ADDRESS": HOST,
            "ERL_EPMD_PORT": str(mapper_port),
            "RABBITMQ_NODENAME": f"{_program(broker)}@localhost",
            "RABBITMQ_DIST_PORT": str(node_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder),
            "RABBITMQ_LOGS": "-",
        }
        epmd = str(shutil.which("epmd") or "epmd")
        self._supervisor.put(Program(_mapper(broker), [epmd, "-address", HOST, "-port", str(mapper_port)]))
        self._supervisor.put(Program(_program(broker), [str(server)], environment, stop_seconds=30))
        log = self._supervisor.log(_program(broker))
        until(lambda: self.alive(broker), f"RabbitMQ does not listen on {HOST}:{self._port}, see {log}", _STARTS)

    def _running(self, broker: Bag) -> bool:
        return any(process["statename"] == "RUNNING" for process in self._supervisor.processes(_program(broker)))

    def _folder(self, broker: Bag) -> Path:
        return self._supervisor.folder.root / "rabbitmq" / str(broker["brokerName"])


def listens(port: int) -> bool:
    """Whether somebody accepts connections on loopback."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def _definitions(broker: Bag) -> Bag:
    """The declared users as administrators of the one virtual host, as Amazon MQ has them; passwords are hashed."""
    names = [user["username"] for user in broker["users"]]
    every = {"configure": _EVERYTHING, "write": _EVERYTHING, "read": _EVERYTHING}
    return {
        "vhosts": [{"name": "/"}],
        "users": [
            {
                "name": user["username"],
                "password_hash": _hashed(user["password"]),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": ["administrator"],
            }
            for user in broker["users"]
        ],
        "permissions": [{"user": name, "vhost": "/", **every} for name in names],
    }


def _hashed(password: str) -> str:
    """RabbitMQ, "Credentials and passwords": a salt of four bytes, and SHA-256 of it and the password."""
    salt = secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def _program(broker: Bag) -> str:
    return f"mq-{broker['brokerName']}"


def _mapper(broker: Bag) -> str:
    return f"{_program(broker)}-epmd"
