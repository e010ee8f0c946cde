"""What would stop `make up` half-way."""

import os
import socket

from local.folder import StackFolder
from local.preflight import ports_of, taken_ports


def test_a_taken_port_is_a_sentence_that_names_its_owner_and_what_to_do(tmp_path):
    with socket.socket() as owner:
        owner.bind(("127.0.0.1", 0))
        owner.listen()
        port = owner.getsockname()[1]
        (sentence,) = taken_ports({"backlog:listenerPort": port, "backlog:free": 1}, StackFolder(tmp_path))
    assert str(port) in sentence
    assert str(os.getpid()) in sentence
    assert "`backlog:listenerPort`" in sentence


def test_a_free_port_is_not_spoken_of(tmp_path):
    assert list(taken_ports({"backlog:listenerPort": 1}, StackFolder(tmp_path))) == []


def test_the_ports_are_those_of_the_configuration():
    config = {"backlog:listenerPort": 6400, "backlog:database": {"port": 6432}}
    assert ports_of(config, "local:awsPort", 6401) == {
        "backlog:listenerPort": 6400,
        "backlog:database.port": 6432,
        "local:awsPort": 6401,
    }
