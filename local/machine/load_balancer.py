"""Load balancers on one machine: the name is loopback, and a listener passes on to its target group's port.

There is one task of a service, and its port is reached directly: where the listener has the same port, nothing runs.
"""

import socket
import sys
from pathlib import Path

from local.folder import StackFolder
from local.machine.supervisor import Program, Supervisor, until
from local.provider.properties import Bag
from local.provider.realised import ResourceError
from local.resources import Resource

_HOST = "127.0.0.1"


class Loopback:
    """aws.lb.LoadBalancer: nothing runs."""

    def create(self, resource: Resource, outputs: Bag) -> Bag:
        return {**outputs, "dnsName": _HOST}

    def alive(self, state: Bag) -> bool:
        return True

    def update(self, resource: Resource, old: Bag, outputs: Bag) -> Bag:
        return {**outputs, "dnsName": _HOST}

    def delete(self, state: Bag) -> None:
        pass


class TargetGroups:
    """aws.lb.TargetGroup: its port, kept as a file for the listeners that forward to it."""

    def __init__(self, folder: StackFolder) -> None:
        self._folder = folder

    def create(self, resource: Resource, outputs: Bag) -> Bag:
        file = _port_file(self._folder, outputs["arn"])
        file.parent.mkdir(exist_ok=True)
        file.write_text(str(int(outputs["port"])), encoding="utf-8")
        return outputs

    def alive(self, state: Bag) -> bool:
        return _port_file(self._folder, state["arn"]).is_file()

    def update(self, resource: Resource, old: Bag, outputs: Bag) -> Bag:
        return {**outputs, "arn": old["arn"], "arnSuffix": old["arnSuffix"]}

    def delete(self, state: Bag) -> None:
        _port_file(self._folder, state["arn"]).unlink(missing_ok=True)


class Listeners:
    """aws.lb.Listener: a process that passes connections on, where the ports differ."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    def create(self, resource: Resource, outputs: Bag) -> Bag:
        if outputs.get("protocol", "HTTP") != "HTTP":
            raise ResourceError(f"protocol: a listener of one machine speaks HTTP, and no {outputs['protocol']}")
        port, target = int(outputs["port"]), self._target(outputs)
        if target in (None, port):
            return outputs
        command = [sys.executable, "-m", "local.machine.forwarder", str(port), str(target)]
        self._supervisor.put(Program(_program(port), command, stop_seconds=5))
        until(lambda: _accepts(port), f"the listener does not accept connections on {_HOST}:{port}")
        return outputs

    def alive(self, state: Bag) -> bool:
        port = int(state["port"])
        try:
            target = self._target(state)
        except ResourceError:
            return False
        processes = self._supervisor.processes(_program(port))
        return target in (None, port) or (
            any(process["statename"] == "RUNNING" for process in processes) and _accepts(port)
        )

    def update(self, resource: Resource, old: Bag, outputs: Bag) -> Bag:
        self.delete(old)
        return self.create(resource, {**outputs, "arn": old["arn"]})

    def delete(self, state: Bag) -> None:
        self._supervisor.remove(_program(int(state["port"])))

    def _target(self, listener: Bag) -> int | None:
        """The port that it forwards to; None where it answers by itself."""
        for action in listener.get("defaultActions", []):
            groups = action.get("forward", {}).get("targetGroups", [])
            for arn in filter(None, (action.get("targetGroupArn"), *(group["arn"] for group in groups))):
                file = _port_file(self._supervisor.folder, arn)
                if not file.is_file():
                    raise ResourceError(f"defaultActions: there is no target group {arn}")
                return int(file.read_text(encoding="utf-8"))
        return None


def _program(port: int) -> str:
    return f"listener-{port}"


def _port_file(folder: StackFolder, arn: str) -> Path:
    return folder.root / "target-groups" / arn.rsplit("/", 1)[-1]


def _accepts(port: int) -> bool:
    try:
        socket.create_connection((_HOST, port), timeout=1).close()
    except OSError:
        return False
    return True
