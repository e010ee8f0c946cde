"""ECS: a service is a supervised program, a task is a process of it (`local.machine.task`)."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from local.folder import CHECKOUT, StackFolder
from local.machine.certificates import certificates
from local.machine.emulator import Emulator
from local.machine.supervisor import PROCESS, Program, Supervisor
from local.machine.task import CannotRun, environment, in_order
from local.provider.properties import Bag
from local.provider.realised import ResourceError, pause
from local.resources import Resource

_STEADY_SECONDS = 90.0  # until every task is healthy
_STARTS = 3  # a task that ends this often while it is awaited will not come up (ECS's circuit breaker)
_DEFAULT_STOP_TIMEOUT = 30  # seconds; ECS's own
_POLL = 0.2  # seconds
_LAST_LINES = 12


class TaskDefinitions:
    """aws.ecs.TaskDefinition: kept as a file, for the services that run it."""

    def __init__(self, folder: StackFolder) -> None:
        self._folder = folder

    def create(self, resource: Resource, outputs: Bag) -> Bag:
        containers = json.loads(outputs["containerDefinitions"])
        try:
            in_order(containers)
        except CannotRun as error:
            raise ResourceError(f"containerDefinitions: {error}") from None
        file = definition_file(self._folder, outputs["arn"])
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(containers), encoding="utf-8")
        return outputs

    def alive(self, state: Bag) -> bool:
        return definition_file(self._folder, state["arn"]).is_file()

    def update(self, resource: Resource, old: Bag, outputs: Bag) -> Bag:
        return outputs

    def delete(self, state: Bag) -> None:
        definition_file(self._folder, state["arn"]).unlink(missing_ok=True)


class Services:
    """aws.ecs.Service."""

    def __init__(self, supervisor: Supervisor, aws: Emulator) -> None:
        self._supervisor, self._aws = supervisor, aws

    def create(self, resource: Resource, outputs: Bag) -> Bag:
        self._write(outputs)
        try:
            self._run(outputs)
        except ResourceError:
            self.delete(outputs)
            raise
        return outputs

    def alive(self, state: Bag) -> bool:
        processes = self._supervisor.processes(_program(state))
        return (
            len(processes) == _count(state)
            and all(process["statename"] == "RUNNING" for process in processes)
            and self._specification(state).is_file()
            and all(self._healthy(state, index) for index in range(_count(state)))
        )

    def update(self, resource: Resource, old: Bag, outputs: Bag) -> Bag:
        outputs = {**outputs, "arn": old["arn"]}
        if (old["taskDefinition"], _count(old)) == (outputs["taskDefinition"], _count(outputs)):
            return outputs
        self._write(outputs)
        try:
            self._run(outputs)
        except ResourceError as error:
            self._write(old)
            self._run(old)
            raise ResourceError(
                f"{error}\nThe service was rolled back and runs its previous task definition."
            ) from None
        return outputs

    def delete(self, state: Bag) -> None:
        self._supervisor.remove(_program(state))
        self._specification(state).unlink(missing_ok=True)
        shutil.rmtree(self._folder(state), ignore_errors=True)

    def _write(self, service: Bag) -> None:
        definition = definition_file(self._supervisor.folder, service["taskDefinition"])
        if not definition.is_file():
            raise ResourceError(f"taskDefinition: {service['taskDefinition']} is not registered")
        containers = json.loads(definition.read_text(encoding="utf-8"))
        specification = self._specification(service)
        specification.parent.mkdir(exist_ok=True)
        specification.write_text(
            json.dumps({"containers": containers, "agent": self._agent_environment()}), encoding="utf-8"
        )

    def _agent_environment(self) -> dict[str, str]:
        return self._aws.agent_environment() | certificates(self._supervisor.folder).environment()

    def _run(self, service: Bag) -> None:
        if _count(service) == 0:
            self._supervisor.remove(_program(service))
            return
        main = in_order(json.loads(self._specification(service).read_text(encoding="utf-8"))["containers"])[-1]
        command = [
            sys.executable,
            "-m",
            "local.machine.task",
            str(self._specification(service)),
            f"{self._folder(service)}/{PROCESS}",
        ]
        self._supervisor.put(
            Program(
                _program(service),
                command,
                processes=_count(service),
                stop_seconds=main.get("stopTimeout", _DEFAULT_STOP_TIMEOUT),
            )
        )
        self._wait_until_steady(service)

    def _wait_until_steady(self, service: Bag) -> None:
        deadline = time.monotonic() + _STEADY_SECONDS
        starts = set[tuple[str, int]]()
        waiting = set(range(_count(service)))
        while waiting:
            processes = self._supervisor.processes(_program(service))
            starts |= {(process["name"], process["pid"]) for process in processes if process["pid"]}
            if len(starts) > _STARTS * _count(service) or any(process["statename"] == "FATAL" for process in processes):
                raise ResourceError(f"its tasks do not stay up. {self._last_words(service)}")
            if time.monotonic() > deadline:
                raise ResourceError(
                    f"its tasks are not healthy after {_STEADY_SECONDS:.0f} s. {self._last_words(service)}"
                )
            asked = time.monotonic()
            waiting = {index for index in waiting if not self._healthy(service, index)}
            # Half of the time at most goes into asking: what is asked is starting on the same processors.
            pause(max(_POLL, time.monotonic() - asked) if waiting else 0)

    def _healthy(self, service: Bag, index: int) -> bool:
        folder = self._folder(service) / str(index)
        if not folder.is_dir():
            return False
        command = [
            sys.executable,
            "-m",
            "local.machine.task",
            str(self._specification(service)),
            str(folder),
            "health",
        ]
        return subprocess.run(command, cwd=CHECKOUT, capture_output=True, check=False).returncode == 0

    def _last_words(self, service: Bag) -> str:
        log = self._supervisor.log(_program(service))
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:] if log.is_file() else []
        return "\n".join(["The last lines of its log:", *(f"  {line}" for line in lines)])

    def _folder(self, service: Bag) -> Path:
        return self._supervisor.folder.root / "tasks" / str(service["name"])

    def _specification(self, service: Bag) -> Path:
        return _specification_file(self._supervisor.folder, service["name"])


def own_environment(service: str, folder: StackFolder) -> dict[str, str]:
    """What the main container of a running service is told, for a command that is to be told the same.

    Raises:
        KeyError: no such service runs.
    """
    file = _specification_file(folder, service)
    if not file.is_file():
        raise KeyError(service)
    task = json.loads(file.read_text(encoding="utf-8"))
    return environment(in_order(task["containers"])[-1], task["agent"], folder.root)


def _specification_file(folder: StackFolder, service: str) -> Path:
    return folder.root / "services" / f"{service}.json"


def definition_file(folder: StackFolder, arn: str) -> Path:
    """Where a registered task definition is kept."""
    return folder.root / "task-definitions" / f"{arn.rsplit('/', 1)[-1].replace(':', '-')}.json"


def _program(service: Bag) -> str:
    return str(service["name"])


def _count(service: Bag) -> int:
    return int(service.get("desiredCount", 1))
