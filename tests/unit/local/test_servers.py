"""Servers that the machine has to bring, certificates, and a broker that is chosen on the command line."""

import dataclasses
import socket
import ssl
import threading
from pathlib import Path

import pytest

from infra.mistakes import Mistakes
from local import stack_file, stack_settings
from local.folder import CHECKOUT
from local.machine.certificates import Certificates
from local.machine.servers import OF_BROKER, RABBITMQ, VALKEY, Server
from local.stack_settings import local_settings_of, ports_of

NOWHERE = Server("Nothing", ["no-such-server"], ["/nowhere"], "nothing-server", "nothing")


def test_a_server_that_is_not_there_says_what_to_install():
    assert NOWHERE.find() is None
    assert "apt install nothing-server" in NOWHERE.missing()
    assert "brew install nothing" in NOWHERE.missing()


def test_a_server_is_found_where_it_is_not_on_the_path(tmp_path):
    program = tmp_path / "lib" / "1.2" / "sbin" / "no-such-server"
    program.parent.mkdir(parents=True)
    program.touch()
    there = dataclasses.replace(NOWHERE, folders=[f"{tmp_path}/lib/*/sbin"])
    assert there.find() == program


@pytest.mark.parametrize(("kind", "package"), [("rabbitmq", "rabbitmq-server"), ("valkey", "redis-server")])
def test_a_broker_without_its_server_is_refused_before_anything_starts(monkeypatch, kind, package):
    monkeypatch.setattr(stack_settings, "OF_BROKER", {kind: dataclasses.replace(NOWHERE, debian=package)})
    with pytest.raises(Mistakes) as found:
        local_settings_of(stack_file.read("local").over("broker", "kind", kind))
    (sentence,) = found.value.args
    assert sentence.startswith("Pulumi.local.yaml: broker.kind: ")
    assert f"apt install {package}" in sentence


def test_each_broker_but_sqs_has_a_server():
    assert {"rabbitmq": RABBITMQ, "valkey": VALKEY} == OF_BROKER


def test_a_broker_of_the_command_line_is_as_if_the_file_had_it():
    file = stack_file.read("local")
    chosen = file.over("broker", "kind", "sqs")
    assert chosen.config["backlog:broker"] == {"kind": "sqs"}
    assert {**chosen.config, "backlog:broker": None} == {**file.config, "backlog:broker": None}
    with pytest.raises(Mistakes, match=r"broker\.kind: should be 'sqs', 'rabbitmq' or 'valkey', not 'kafka'"):
        local_settings_of(file.over("broker", "kind", "kafka"))


def test_its_port_is_one_that_must_be_free(monkeypatch):
    monkeypatch.setattr(stack_settings, "OF_BROKER", {})
    file = stack_file.read("local")
    assert not {"local:rabbitmqPort", "local:valkeyPort"} & ports_of(*local_settings_of(file)).keys()
    assert ports_of(*local_settings_of(file.over("broker", "kind", "valkey")))["local:valkeyPort"] == 6403


def test_certificates_are_loopbacks_and_of_the_stacks_own_authority(tmp_path):
    made = Certificates(tmp_path / "tls")
    assert made.environment() == {}
    made.make()
    before = made.certificate.read_bytes()
    made.make()
    assert made.certificate.read_bytes() == before
    assert made.environment() == {"SSL_CERT_FILE": str(made.trusted)}
    assert made.key.stat().st_mode & 0o077 == 0
    assert shaken(made, ssl.create_default_context(cafile=str(made.trusted)), "127.0.0.1")
    assert shaken(made, ssl.create_default_context(cafile=str(made.trusted)), "localhost")
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken(made, ssl.create_default_context(cafile=str(made.trusted)), "example.com")


def shaken(made: Certificates, client: ssl.SSLContext, name: str) -> bool:
    """Whether a client and a server of these certificates come together."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made.certificate, made.key)
    near, far = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(far, server_side=True).close()
        except OSError:
            far.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(near, server_hostname=name) as secure:
            return bool(secure.version())
    finally:
        near.close()
        thread.join()


def test_the_servers_are_those_that_the_tests_install():
    script = Path(CHECKOUT / "tools" / "system-packages").read_text(encoding="utf-8")
    assert all(server.debian in script and server.brew in script for server in OF_BROKER.values())
