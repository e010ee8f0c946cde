"""`python -m local` as people use it: in a folder with spaces, with their variables, with Ctrl-C, and with mistakes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

import psutil
import pytest
import yaml

from local.folder import CHECKOUT, MARKER, StackFolder
from local.machine.ports import free_port
from local.machine.supervisor import Supervisor

#: What a user of AWS and Pulumi has in the shell; nothing of it is meant for this stack.
THEIRS = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_PROFILE": "company",
    "AWS_REGION": "eu-west-1",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
    "PULUMI_BACKEND_URL": "s3://company-state",
    "PULUMI_CONFIG_PASSPHRASE": "theirs",
    "PULUMI_DEBUG_PROVIDERS": "aws:9",
}


class Checkout:
    """A copy of the project whose stack `local` has ports of its own, each another."""

    def __init__(self, root, home):
        self.root, self.home, self.folder = root, home, StackFolder(root / ".backlog" / "local")
        for part in ("infra", "local", "services"):
            shutil.copytree(CHECKOUT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(CHECKOUT / "Pulumi.yaml", root)
        self.file = root / "Pulumi.local.yaml"
        declared = yaml.safe_load((CHECKOUT / "Pulumi.local.yaml").read_text(encoding="utf-8"))
        self.listener, api, database, aws = (free_port() for _ in range(4))
        config = declared["config"]
        config |= {"backlog:listenerPort": self.listener, "local:awsPort": aws}
        config["backlog:api"]["port"], config["backlog:database"]["port"] = api, database
        self.file.write_text(yaml.safe_dump(declared), encoding="utf-8")

    def start(self, command):
        return subprocess.Popen(
            [sys.executable, "-m", "local", command],
            cwd=self.root,
            env={**os.environ, **THEIRS, "HOME": str(self.home), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, command, code=0):
        process = self.start(command)
        out, told = process.communicate(timeout=400)
        assert process.returncode == code, out + told
        return out, told

    def interrupt(self, command, with_signal, once):
        """Start a command, send it a signal once something is so, and return what it then said, and its exit code."""
        process = self.start(command)
        deadline = time.monotonic() + 300
        while not once():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(with_signal)
        _, told = process.communicate(timeout=200)
        return told, process.returncode

    def processes(self):
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARKER) == str(self.folder.root):
                    yield process
            except psutil.Error:
                continue

    def running(self, word):
        return [process for process in self.processes() if any(word in part for part in process.cmdline())]

    def todos(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.listener}/api/v1/todos", timeout=10) as answer:
            return json.loads(answer.read())


@pytest.fixture
def checkout(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    made = Checkout(tmp_path / "a folder with spaces", home)
    yield made
    Supervisor(made.folder).shut_down()


@pytest.mark.timeout(1200)
def test_a_day_on_one_machine(checkout):
    # Nothing runs: what only looks says so, and starts nothing.
    for command in ("status", "logs"):
        assert checkout.run(command, 1)[1] == "✗ nothing runs; `make up` brings it up\n"
    assert not (checkout.root / ".backlog").exists()

    # Ctrl-C in the middle of `up` is one sentence, and the next `up` goes on from there.
    told, code = checkout.interrupt("up", signal.SIGINT, once=lambda: checkout.running("aws_server"))
    assert (code, told.count("\n")) == (130, 1), told
    assert "interrupted; `make up` goes on from here" in told
    assert "Backlog is up" in checkout.run("up")[1]
    assert checkout.todos() == []
    out, _ = checkout.run("up")
    assert "created" not in out
    assert "updated" not in out

    # The embedded AWS dies: it comes back by itself, with its queues.
    (aws,) = checkout.running("aws_server")
    aws.kill()
    deadline = time.monotonic() + 30
    while "0 waiting" not in (standing := checkout.run("status")[0]):
        assert time.monotonic() < deadline, standing
    assert "missing" not in standing
    assert "ready" in standing

    # The file breaks while all is up. What runs is known without it.
    checkout.file.write_text("config: [", encoding="utf-8")
    for command in ("up", "preview"):
        out, told = checkout.run(command, 1)
        assert told.startswith("✗ Pulumi.local.yaml, line 1: this is no YAML")
        assert out == ""
    assert "running" in checkout.run("status")[0]

    # `down`, told to end in the middle, and again.
    told, code = checkout.interrupt("down", signal.SIGTERM, once=lambda: not checkout.running("backlog_worker"))
    assert (code, told) == (143, "✗ interrupted; `make down` goes on from here\n")
    assert "Backlog is down" in checkout.run("down")[1]
    assert list(checkout.processes()) == []
    assert not (checkout.root / ".backlog").exists()

    # Nothing of all that was written into the home folder.
    assert list(checkout.home.iterdir()) == []
