"""A stack of Pulumi's real engine, in a folder of its own, with a program and a configuration that the test chooses."""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi import automation

from local.engine import Engine
from local.folder import StackFolder
from local.machine.cloud import machine
from local.machine.ports import free_port
from local.machine.supervisor import Supervisor

Program = Callable[[], None]


class Stack:
    """One stack; each operation runs the program that is given to it."""

    def __init__(self, folder: StackFolder, config_folder: Path, cloud: Any) -> None:
        self.folder, self._config_folder, self._cloud = folder, config_folder, cloud

    def up(self, program: Program, **options: Any) -> dict[str, int]:
        with self._opened(program) as stack:
            return _changes(stack.up(**options).summary.resource_changes)

    def preview(self, program: Program, **options: Any) -> dict[str, int]:
        with self._opened(program) as stack:
            return _changes(stack.preview(**options).change_summary)

    def destroy(self) -> dict[str, int]:
        with self._opened(lambda: None) as stack:
            return _changes(stack.destroy().summary.resource_changes)

    def outputs(self) -> dict[str, Any]:
        with self._opened(lambda: None) as stack:
            return {name: output.value for name, output in stack.outputs().items()}

    def resources(self) -> list[dict[str, Any]]:
        with self._opened(lambda: None) as stack:
            return stack.export_stack().deployment.get("resources", [])

    def state_text(self) -> str:
        return "".join(file.read_text(encoding="utf-8") for file in self.folder.backend.rglob("*.json"))

    @contextlib.contextmanager
    def _opened(self, program: Program) -> Iterator[automation.Stack]:
        with Engine(
            "test", self.folder, self._cloud, program, {"aws:region": "eu-central-1"}, self._config_folder
        ).opened() as stack:
            yield stack


def _changes(summary: Any) -> dict[str, int]:
    return {getattr(kind, "value", kind): count for kind, count in (summary or {}).items()}


@pytest.fixture
def folder() -> Iterator[StackFolder]:
    """A short path: a socket lives in it."""
    root = Path(tempfile.mkdtemp(prefix="backlog-"))
    (root / "config").mkdir()
    (root / "config" / "Pulumi.yaml").write_text(
        yaml.safe_dump({"name": "backlog", "runtime": "python"}), encoding="utf-8"
    )
    yield StackFolder(root / "stack")
    Supervisor(StackFolder(root / "stack")).shut_down()
    shutil.rmtree(root)


@pytest.fixture
def synthesised(folder: StackFolder) -> Stack:
    """A stack whose resources are all synthesised."""
    return Stack(folder, folder.root.parent / "config", {})


@pytest.fixture
def realised(folder: StackFolder) -> Stack:
    """A stack on this machine."""
    ports = {name: free_port() for name in ("aws_port", "rabbitmq_port", "valkey_port")}
    cloud = machine(folder, region="eu-central-1", **ports)
    return Stack(folder, folder.root.parent / "config", cloud)


@pytest.fixture(name="free_port")
def free_port_fixture() -> Callable[[], int]:
    return free_port
