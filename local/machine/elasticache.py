"""ElastiCache: a replication group is a real Valkey (or Redis) server, with the users of its groups."""

import hashlib
import json
import shutil
from pathlib import Path

from local.folder import StackFolder
from local.machine.certificates import HOST, certificates
from local.machine.mq import listens
from local.machine.servers import VALKEY
from local.machine.supervisor import Program, Supervisor, until
from local.provider.properties import Bag
from local.provider.realised import ResourceError
from local.resources import Resource


class Users:
    """aws.elasticache.User: a line of the server's access control list; passwords are hashed."""

    def __init__(self, folder: StackFolder) -> None:
        self._folder = folder

    def create(self, resource: Resource, outputs: Bag) -> Bag:
        file = _user_file(self._folder, outputs["userId"])
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        modes = outputs.get("authenticationMode") or {}
        passwords = [*(modes.get("passwords") or []), *(outputs.get("passwords") or [])]
        hashes = [f"#{hashlib.sha256(password.encode()).hexdigest()}" for password in passwords]
        file.write_text(" ".join(["user", outputs["userName"], *hashes, outputs["accessString"]]), encoding="utf-8")
        return outputs

    def alive(self, state: Bag) -> bool:
        return _user_file(self._folder, state["userId"]).is_file()

    def update(self, resource: Resource, old: Bag, outputs: Bag) -> Bag:
        return self.create(resource, {**outputs, "arn": old["arn"]})

    def delete(self, state: Bag) -> None:
        _user_file(self._folder, state["userId"]).unlink(missing_ok=True)


class UserGroups:
    """aws.elasticache.UserGroup: the ids of its users, in a file."""

    def __init__(self, folder: StackFolder) -> None:
        self._folder = folder

    def create(self, resource: Resource, outputs: Bag) -> Bag:
        file = _group_file(self._folder, outputs["userGroupId"])
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.write_text(json.dumps(outputs.get("userIds") or []), encoding="utf-8")
        return outputs

    def alive(self, state: Bag) -> bool:
        return _group_file(self._folder, state["userGroupId"]).is_file()

    def update(self, resource: Resource, old: Bag, outputs: Bag) -> Bag:
        return self.create(resource, {**outputs, "arn": old["arn"]})

    def delete(self, state: Bag) -> None:
        _group_file(self._folder, state["userGroupId"]).unlink(missing_ok=True)


class ReplicationGroups:
    """aws.elasticache.ReplicationGroup: one server, which keeps what it has on disk; replicas are not there."""

    def __init__(self, supervisor: Supervisor, port: int) -> None:
        self._supervisor, self._port = supervisor, port

    def create(self, resource: Resource, outputs: Bag) -> Bag:
        self._start(outputs)
        return self._reachable(outputs)

    def alive(self, state: Bag) -> bool:
        processes = self._supervisor.processes(_program(state))
        return any(process["statename"] == "RUNNING" for process in processes) and listens(self._port)

    def update(self, resource: Resource, old: Bag, outputs: Bag) -> Bag:
        self._start(outputs)
        return self._reachable({**outputs, "arn": old["arn"]})

    def delete(self, state: Bag) -> None:
        self._supervisor.remove(_program(state))
        shutil.rmtree(self._folder(state), ignore_errors=True)

    def _start(self, group: Bag) -> None:
        server, folder = VALKEY.found(), self._folder(group)
        tls = certificates(self._supervisor.folder)
        tls.make()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "users.acl").write_text("\n".join(["user default off", *self._users(group), ""]), encoding="utf-8")
        settings = {
            "bind": HOST,
            "port": "0",
            "tls-port": str(self._port),
            "tls-ca-cert-file": tls.authority,
            "tls-cert-file": tls.certificate,
            "tls-key-file": tls.key,
            "tls-auth-clients": "no",  # they have a password, and no certificate
            "aclfile": folder / "users.acl",
            "dir": folder,
            "appendonly": "yes",
            # A title would be written over the environment, by which a stray is found and ended.
            "set-proc-title": "no",
        }
        lines = [f'{name} "{value}"' for name, value in settings.items()]
        (folder / "server.conf").write_text("\n".join([*lines, ""]), encoding="utf-8")
        self._supervisor.put(Program(_program(group), [str(server), str(folder / "server.conf")]))
        log = self._supervisor.log(_program(group))
        until(lambda: self.alive(group), f"{server.name} does not listen on {HOST}:{self._port}, see {log}")

    def _users(self, group: Bag) -> list[str]:
        lines = []
        for identity in group.get("userGroupIds") or []:
            file = _group_file(self._supervisor.folder, identity)
            if not file.is_file():
                raise ResourceError(f"userGroupIds: there is no user group {identity}")
            users = json.loads(file.read_text(encoding="utf-8"))
            lines += [_user_file(self._supervisor.folder, user).read_text(encoding="utf-8") for user in users]
        return lines

    def _reachable(self, outputs: Bag) -> Bag:
        return {**outputs, "primaryEndpointAddress": HOST, "readerEndpointAddress": HOST, "port": self._port}

    def _folder(self, group: Bag) -> Path:
        return self._supervisor.folder.root / "valkey" / str(group["replicationGroupId"])


def _user_file(folder: StackFolder, user_id: str) -> Path:
    return folder.root / "elasticache" / "users" / user_id


def _group_file(folder: StackFolder, group_id: str) -> Path:
    return folder.root / "elasticache" / "groups" / group_id


def _program(group: Bag) -> str:
    return f"valkey-{group['replicationGroupId']}"
