"""What must not be lost or left when something is interrupted."""

import os
import stat
import subprocess
import sys

import psutil
import pytest

from local.folder import StackFolder
from local.machine.rds import Instances
from local.machine.supervisor import Supervisor
from local.provider.realised import ResourceError

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_database_that_was_half_made_is_none(tmp_path):
    """initdb writes PG_VERSION first; whoever finds it takes the cluster for whole."""
    binaries = tmp_path / "bin"
    binaries.mkdir()
    initdb = binaries / "initdb"
    initdb.write_text('#!/bin/sh\nshift\necho 18 > "$1/PG_VERSION"\necho killed >&2\nexit 1\n', encoding="utf-8")
    initdb.chmod(initdb.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    folder = StackFolder(tmp_path / "stack")
    folder.make()
    instance = {"identifier": "database", "username": "backlog"}
    data = folder.root / "postgres" / "database"
    with pytest.raises(ResourceError, match="killed"):
        Instances(Supervisor(folder), None)._initialise(binaries, data, instance)
    assert not (data / "PG_VERSION").exists()


def test_strays_are_ended_and_what_this_process_runs_is_not(tmp_path):
    folder = StackFolder(tmp_path)
    ours = subprocess.Popen(SLEEPS, env={**os.environ, **folder.marker})
    quiet = "stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL"
    orphaner = f"import subprocess; print(subprocess.Popen({SLEEPS!r}, {quiet}).pid)"
    stray = int(
        subprocess.run(
            [sys.executable, "-c", orphaner], env={**os.environ, **folder.marker}, capture_output=True, check=True
        ).stdout
    )
    try:
        assert Supervisor(folder).sweep() == [stray]
        assert ours.poll() is None
        assert not psutil.pid_exists(stray)
    finally:
        ours.kill()
        ours.wait()
