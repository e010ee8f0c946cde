"""What would stop `make up` half-way."""

import os
import socket
from pathlib import Path

import pytest

from local.folder import StackFolder
from local.preflight import unusable_ports

UNPRIVILEGED = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


def test_a_taken_port_is_a_sentence_that_names_its_owner_and_what_to_do(tmp_path):
    with socket.socket() as owner, socket.socket() as free:
        owner.bind(("127.0.0.1", 0))
        owner.listen()
        free.bind(("127.0.0.1", 0))
        port, unused = owner.getsockname()[1], free.getsockname()[1]
        free.close()
        (sentence,) = unusable_ports({"listenerPort": port, "database.port": unused}, StackFolder(tmp_path))
    assert sentence.startswith("listenerPort: ")
    assert str(port) in sentence
    assert str(os.getpid()) in sentence


@pytest.mark.skipif(
    os.geteuid() == 0 or not UNPRIVILEGED.is_file() or int(UNPRIVILEGED.read_text()) < 80, reason="this user may"
)
def test_a_port_for_root_is_refused_to_others(tmp_path):
    (sentence,) = unusable_ports({"listenerPort": 80}, StackFolder(tmp_path))
    assert "root" in sentence
