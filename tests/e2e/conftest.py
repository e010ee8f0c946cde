"""The whole system, brought up by Pulumi's engine on free ports, and a real browser."""

import shutil
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
from local.machine.ports import free_port
from local.machine.supervisor import Supervisor
from tests.e2e.board import PHONE, Site, opened
from tests.servers import CELERY, GUNICORN, Running, migrated, running_servers, told, until

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
    rabbitmq_port: int
    valkey_port: int

    @property
    def engine(self) -> Engine:
        cloud = machine(
            self.folder,
            aws_port=self.aws_port,
            region="us-east-1",
            rabbitmq_port=self.rabbitmq_port,
            valkey_port=self.valkey_port,
        )
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
    yield from _system()


@pytest.fixture
def own_system() -> Iterator[System]:
    """Another one, for a test that changes it."""
    yield from _system()


def _system() -> Iterator[System]:
    root = Path(tempfile.mkdtemp(prefix="backlog-"))
    api, database, *others = (free_port() for _ in range(5))
    declared = stack_config("local")
    config = {
        "backlog:listenerPort": api,
        "backlog:api": {**declared["backlog:api"], "port": api},
        "backlog:database": {**declared["backlog:database"], "port": database},
    }
    made = System(StackFolder(root / "stack"), config, *others)
    yield made
    Supervisor(made.folder).shut_down()
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """No longer than it is needed: Playwright's event loop is this thread's, and other tests have one of their own."""
    found = next((path for name in CHROMIUMS if (path := shutil.which(name))), None)
    assert found, "no Chromium: run tools/system-packages"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    with running_servers() as servers, told(servers, migrated(servers)) as environment:
        port = free_port()
        api = Running(GUNICORN, {**environment, "PORT": str(port), "WEB_THREADS": "16"}, folder / "api")
        try:
            until(lambda: api.healthy("backlog_api.health"), what="the API")
            yield Site(f"http://127.0.0.1:{port}", environment, api)
        finally:
            api.kill()


@pytest.fixture
def board(site, browser):
    yield from opened(site, browser)


@pytest.fixture
def phone(site, browser):
    yield from opened(site, browser, viewport=PHONE, is_mobile=True, has_touch=True)


@pytest.fixture
def neighbours(site):
    """Other lists, to stand beside the one that is looked at."""
    made = [site.ask("POST", "/api/v1/lists", {"name": name}) for name in ("Work", "Garden", "Books to read")]
    yield
    for one in made:
        site.ask("DELETE", f"/api/v1/lists/{one['id']}")


@pytest.fixture
def worker(site, tmp_path):
    running = Running(CELERY, site.environment, tmp_path / "worker")
    until(lambda: running.healthy("backlog_worker.health"), what="the worker")
    yield running
    running.kill()
