"""aws.msk.ServerlessCluster: a real Kafka of one broker in KRaft mode, from the jars that `tools/kafka` fetches.

It listens on loopback, without a login, on two ports that are free when it is made and its own from then on.
"""

import shutil
import subprocess
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from local.folder import CHECKOUT
from local.machine.ports import free_port
from local.machine.supervisor import Program, Supervisor, until
from local.provider.properties import Bag
from local.provider.realised import ResourceError
from local.resources import Resource

_BROKERS = "bootstrapBrokersSaslIam"
_HEAP = "-Xmx256m"
_PATIENCE = 90.0  # seconds until it answers; on an idle machine it takes five

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
# One broker has one replica of everything; and like MSK Serverless it makes no topics by itself.
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
"""


class Clusters:
    """One broker, one data folder and one supervised program for each cluster."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    def create(self, resource: Resource, outputs: Bag) -> Bag:
        jars = _jars()
        folder = self._folder(outputs)
        properties = folder / "server.properties"
        if not (folder / "data" / "meta.properties").is_file():
            shutil.rmtree(folder, ignore_errors=True)  # half of an interrupted one
            (folder / "data").mkdir(parents=True)
            broker, controller = free_port(), free_port()
            text = _PROPERTIES.format(broker=broker, controller=controller, data=folder / "data")
            properties.write_text(text, encoding="utf-8")
            identity = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            _run([*_java(jars), "kafka.tools.StorageTool", "format", "-t", identity, "-c", str(properties)])
        made = {**outputs, _BROKERS: _listener(properties)}
        if not self.alive(made):
            self._supervisor.put(Program(_program(outputs), [*_java(jars), "kafka.Kafka", str(properties)]))
            log = self._supervisor.log(_program(outputs))
            until(lambda: _answers(made), f"Kafka does not answer on {made[_BROKERS]}, see {log}", seconds=_PATIENCE)
        return made

    def alive(self, state: Bag) -> bool:
        processes = self._supervisor.processes(_program(state))
        return any(process["statename"] == "RUNNING" for process in processes) and _answers(state)

    def update(self, resource: Resource, old: Bag, outputs: Bag) -> Bag:
        return {**outputs, _BROKERS: old[_BROKERS]}

    def delete(self, state: Bag) -> None:
        self._supervisor.remove(_program(state))
        shutil.rmtree(self._folder(state), ignore_errors=True)

    def _folder(self, cluster: Bag) -> Path:
        return self._supervisor.folder.root / "kafka" / str(cluster["clusterName"])


def _jars() -> str:
    return _run([str(CHECKOUT / "tools" / "kafka")]).strip()


def _java(jars: str) -> list[str]:
    return ["java", _HEAP, "-cp", f"{jars}/*"]


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ResourceError((done.stderr or done.stdout).strip())
    return done.stdout


def _listener(properties: Path) -> str:
    (line,) = [line for line in properties.read_text(encoding="utf-8").splitlines() if line.startswith("advertised.")]
    return line.rsplit("/", 1)[-1]


def _answers(cluster: Bag) -> bool:
    try:
        # Nothing of what it says while Kafka is still starting is news.
        AdminClient({"bootstrap.servers": cluster[_BROKERS], "log_level": 0}).list_topics(timeout=1)
    except KafkaException:
        return False
    return True


def _program(cluster: Bag) -> str:
    return f"kafka-{cluster['clusterName']}"
