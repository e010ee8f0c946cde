"""What every test may rely on."""

import os
import subprocess
import sys

import pytest
from hypothesis import settings

from local.folder import CHECKOUT


@pytest.fixture(scope="session", autouse=True)
def _pulumi_on_path() -> None:
    """A plain `pytest` finds the CLI as `make` does."""
    folder = subprocess.run(
        [str(CHECKOUT / "tools" / "pulumi")], check=True, capture_output=True, text=True
    ).stdout.strip()
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"


# How long an example takes is the machine's matter.
settings.register_profile("backlog", deadline=None)
settings.load_profile("backlog")

#: Tests of real servers and processes, which CI's crowded cores can make too slow for a deadline.
_OF_SERVERS = ("engine", "integration", "e2e")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In CI such a test that fails is run once more, and told of at the end; elsewhere a failure is a failure."""
    if os.environ.get("CI"):
        for item in items:
            if item.path.relative_to(CHECKOUT / "tests").parts[0] in _OF_SERVERS:
                item.add_marker(pytest.mark.flaky(reruns=1))


_BROKEN: list[str] = []


def pytest_internalerror(excrepr: object) -> None:
    """pytest itself broke, here or in one of its processes: what came first is what matters, and it scrolls away."""
    _BROKEN.append(str(excrepr))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Say the first such error again, at the very end."""
    if _BROKEN:
        sys.stderr.write("\n".join(["pytest broke first on:", *_BROKEN[0].splitlines()[-12:], ""]))
