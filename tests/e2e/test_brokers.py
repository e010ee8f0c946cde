"""The journey on each broker: up, a calendar, nothing to change, a crash, another broker with jobs on the way, down."""

import contextlib
import json
import os
import signal
import time
import urllib.request

import icalendar
import psutil
import pytest

from local.folder import MARKER
from local.machine.servers import OF_BROKER

#: Seconds that a job may take on a machine that has much else to do, and that a lost one takes to be sent again.
PATIENCE = 60


def ask(url, method="GET", body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def asked_for(url):
    return json.loads(ask(f"{url}api/v1/todos/ical", "POST"))["task_url"]


def calendar_of(task_url):
    deadline = time.monotonic() + PATIENCE
    while (standing := json.loads(ask(task_url)))["task_status"] != "SUCCESS":
        assert standing["task_status"] != "FAILURE"
        assert time.monotonic() < deadline, standing
        time.sleep(0.1)
    calendar = icalendar.Calendar.from_ical(ask(standing["result_url"]))
    return [str(todo["summary"]) for todo in calendar.walk("VTODO")]


def processes_of(system):
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARKER) == str(system.folder.root):
                yield process


def worker_of(system):
    (worker,) = [
        process
        for process in processes_of(system)
        if "backlog_worker.app" in " ".join(process.cmdline()) and process.parent().name() != process.name()
    ]
    return worker


def on(system, kind):
    """Bring it up on a broker."""
    system.config["backlog:broker"] = {"kind": kind}
    return system.up()


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("kind", "other"), [("rabbitmq", "valkey"), ("valkey", "sqs")])
def test_the_journey_on_another_broker(own_system, kind, other):
    for server in (OF_BROKER[name] for name in (kind, other) if name in OF_BROKER):
        assert server.find(), server.missing()
    url, _ = on(own_system, kind)
    ask(f"{url}api/v1/todos", "POST", {"title": "Buy milk"})
    assert calendar_of(asked_for(url)) == ["Buy milk"]
    assert ask(f"{url}api/v1/ready")

    # A second `up` has nothing to do, and no password is in the state in clear.
    assert set(on(own_system, kind)[1]) == {"same"}
    state = "".join(file.read_text(encoding="utf-8") for file in own_system.folder.backend.rglob("*.json"))
    assert password_of(own_system) not in state

    # Everything is killed; `up` heals it.
    for process in list(processes_of(own_system)):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    url, _ = on(own_system, kind)
    assert calendar_of(asked_for(url)) == ["Buy milk"]

    # Jobs that wait in this broker are done with the other one: the database is the truth.
    os.kill(worker_of(own_system).pid, signal.SIGSTOP)
    waiting = [asked_for(url) for _ in range(3)]
    url, changes = on(own_system, other)
    assert {"create", "delete"} <= set(changes)
    assert [calendar_of(task) for task in waiting] == [["Buy milk"]] * 3

    own_system.down()
    assert [process.name() for process in processes_of(own_system)] == []
    assert not own_system.folder.root.exists()


def password_of(system):
    """What the worker was told, as its environment has it."""
    return worker_of(system).environ()["BROKER_PASSWORD"]
