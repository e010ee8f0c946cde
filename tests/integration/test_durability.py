"""A change is on the disk when it is answered, though it is committed before (docs/adr/0020)."""

import contextlib
import json
import os
import signal
import threading
import time
import urllib.request

import psutil
import psycopg
import pytest

from tests.servers import GUNICORN, Running, free_port, migrated, running_servers, told, until

_CLIENTS, _CRASHES = 4, 3


@pytest.fixture
def servers():
    """Of this test alone: its PostgreSQL crashes."""
    with running_servers() as running:
        yield running


@pytest.fixture
def api(servers, tmp_path):
    with told(servers, migrated(servers)) as environment:
        port = free_port()
        running = Running(GUNICORN, {**environment, "PORT": str(port)}, tmp_path / "api")
        running.url = f"http://127.0.0.1:{port}/api/v1/todos"
        until(lambda: running.healthy("backlog_api.health"), 30, "the API's health")
        yield running
        running.kill()


def crash(servers):
    """As when its machine loses power: what is not written is lost (PostgreSQL, "Immediate Shutdown")."""
    pid = int((servers.data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    os.kill(pid, signal.SIGQUIT)
    until(lambda: not psutil.pid_exists(pid), 60, "PostgreSQL's end")
    until(lambda: answers(servers), 60, "PostgreSQL's restart")


def answers(servers):
    with contextlib.suppress(psycopg.OperationalError):
        servers.run_sql("select 1")
        return True
    return False


@pytest.mark.timeout(180)
def test_no_change_that_was_answered_is_lost_with_the_database(api, servers):
    answered, over = [], threading.Event()

    def ask():
        while not over.is_set():
            request = urllib.request.Request(api.url, b'{"title": "x"}', {"Content-Type": "application/json"})
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    answered.append(json.load(answer)["id"])
            except OSError:
                time.sleep(0.01)

    clients = [threading.Thread(target=ask) for _ in range(_CLIENTS)]
    for client in clients:
        client.start()
    try:
        for _ in range(_CRASHES):
            before = len(answered)
            until(lambda before=before: len(answered) > before + 100, 60, "a hundred answers")
            crash(servers)
    finally:
        over.set()
        for client in clients:
            client.join()
    page, there = [None], set()
    while page:
        with urllib.request.urlopen(f"{api.url}?limit=1000&after={max(there, default=0)}", timeout=30) as answer:
            page = [todo["id"] for todo in json.load(answer)]
        there.update(page)
    assert set(answered) <= there
    assert len(answered) == len(set(answered))
