"""The whole system, brought up by Pulumi's engine on free ports, and a real browser."""

import shutil
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from local.engine import Engine, stack_config
from local.folder import StackFolder
from local.machine.cloud import machine
from local.machine.supervisor import Supervisor

CHROMIUMS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
#: Started as root in a container, without asking the network for anything.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class System:
    """Stack `local` under other ports, in a folder of its own."""

    folder: StackFolder
    config: dict[str, Any]
    aws_port: int

    @property
    def engine(self) -> Engine:
        cloud = machine(self.folder, aws_port=self.aws_port, region="us-east-1")
        return Engine("local", self.folder, cloud=cloud, config=self.config)

    def up(self) -> tuple[str, dict[str, int]]:
        """The URL, and what the engine did."""
        with self.engine.opened() as stack:
            result = stack.up(refresh=True)
        return result.outputs["url"].value, dict(result.summary.resource_changes or {})

    def down(self) -> None:
        with self.engine.opened() as stack:
            stack.destroy()
        Supervisor(self.folder).shut_down()
        self.folder.remove()


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    root = Path(tempfile.mkdtemp(prefix="backlog-"))
    api, database, aws = (_free_port() for _ in range(3))
    declared = stack_config("local")
    config = {
        "backlog:listenerPort": api,
        "backlog:api": {**declared["backlog:api"], "port": api},
        "backlog:database": {**declared["backlog:database"], "port": database},
    }
    made = System(StackFolder(root / "stack"), config, aws)
    yield made
    Supervisor(made.folder).shut_down()
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next((path for name in CHROMIUMS if (path := shutil.which(name))), None)
    assert found, "no Chromium: run tools/system-packages"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield chromium
        chromium.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
