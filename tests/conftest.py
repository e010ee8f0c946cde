"""What every test may rely on."""

import os
import subprocess

import pytest

from local.folder import CHECKOUT


@pytest.fixture(scope="session", autouse=True)
def _pulumi_on_path() -> None:
    """A plain `pytest` finds the CLI as `make` does."""
    folder = subprocess.run(
        [str(CHECKOUT / "tools" / "pulumi")], check=True, capture_output=True, text=True
    ).stdout.strip()
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
