"""Runs one task of a task definition, as ECS's agent would: `python -m local.machine.task SPEC FOLDER [health]`.

First the containers that must succeed before the main one (dependsOn SUCCESS or COMPLETE), in order; then this process
becomes the main container. Each gets exactly its definition's environment and secrets, and what the agent adds:
credentials, the region, a PATH and a place for temporary files. Secrets are read at start; they are in no file.

A volume is a folder of the run; one that is mounted at /tmp is where TMPDIR leads, as no process here has a root of its
own. For the same reason a definition's user, capabilities and read-only root are not acted out: the processes are those
of whoever runs them.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

Container = dict[str, Any]
_TMP = "/tmp"  # noqa: S108 - of a container


class CannotRun(Exception):
    """The task definition asks for something that this machine cannot do."""


def in_order(containers: list[Container]) -> list[Container]:
    """The containers in the order of their dependencies, the main one last.

    Raises:
        CannotRun: a circle, or more than one container that keeps running.
    """
    waiting, ordered = list(containers), list[Container]()
    while waiting:
        done = {container["name"] for container in ordered}
        ready = [c for c in waiting if all(d["containerName"] in done for d in c.get("dependsOn", []))]
        if not ready:
            raise CannotRun(f"dependsOn goes in a circle: {', '.join(c['name'] for c in waiting)}")
        ordered.extend(ready)
        waiting = [container for container in waiting if container not in ready]
    for container in ordered:
        for mount in container.get("mountPoints", []):
            if mount["containerPath"] != _TMP:
                raise CannotRun(
                    f"{container['name']} mounts {mount['containerPath']}: one machine has a place for {_TMP} alone"
                )
    awaited = {
        d["containerName"]
        for c in containers
        for d in c.get("dependsOn", [])
        if d["condition"] in ("SUCCESS", "COMPLETE")
    }
    lasting = [container for container in ordered if container["name"] not in awaited]
    if len(lasting) != 1:
        raise CannotRun(
            f"one container of a task keeps running on one machine; here there are {len(lasting)}: "
            f"{', '.join(c['name'] for c in lasting)}"
        )
    return [container for container in ordered if container is not lasting[0]] + lasting


def environment(container: Container, agent: dict[str, str], folder: Path) -> dict[str, str]:
    """The whole environment of a container's process."""
    base = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": str(folder),
        "TMPDIR": str(_scratch(container, folder) or folder),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
    }
    marker = {name: value for name, value in os.environ.items() if name.startswith("BACKLOG_")}
    plain = {entry["name"]: entry["value"] for entry in container.get("environment", [])}
    secrets = _secrets(container.get("secrets", []), agent) if container.get("secrets") else {}
    return base | marker | agent | plain | secrets


def _scratch(container: Container, folder: Path) -> Path | None:
    for mount in container.get("mountPoints", []):
        if mount["containerPath"] == _TMP:
            return folder / "volumes" / str(mount["sourceVolume"])
    return None


def _secrets(entries: list[dict[str, str]], agent: dict[str, str]) -> dict[str, str]:
    """Resolve `valueFrom`: a secret's ARN, then a JSON key if only that is wanted (ECS Developer Guide, "Secrets")."""
    import boto3  # noqa: PLC0415 - a third of a second that a task without secrets need not wait

    client = boto3.client(
        "secretsmanager",
        endpoint_url=agent["AWS_ENDPOINT_URL"],
        region_name=agent["AWS_REGION"],
        aws_access_key_id=agent["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=agent["AWS_SECRET_ACCESS_KEY"],
    )
    values, fetched = {}, dict[str, str]()
    for entry in entries:
        parts = entry["valueFrom"].split(":")
        arn, key = ":".join(parts[:7]), (parts[7] if len(parts) > 7 else "")  # noqa: PLR2004 - an ARN has seven parts
        if arn not in fetched:
            fetched[arn] = client.get_secret_value(SecretId=arn)["SecretString"]
        values[entry["name"]] = json.loads(fetched[arn])[key] if key else fetched[arn]
    return values


def health(container: Container, variables: dict[str, str], folder: Path) -> int:
    """The exit code of the container's own health check; 0 where it has none. One that hangs is ended and fails."""
    check = container.get("healthCheck")
    if not check or check["command"] == ["NONE"]:
        return 0
    kind, *words = check["command"]
    command = words if kind == "CMD" else ["/bin/sh", "-c", words[0]]
    try:
        return subprocess.run(
            command, env=variables, cwd=folder, timeout=check.get("timeout", 5), check=False
        ).returncode
    except subprocess.TimeoutExpired:
        return 1
    except FileNotFoundError:
        sys.stderr.write(f"{command[0]}: no such command\n")
        return 127


def run(containers: list[Container], agent: dict[str, str], folder: Path) -> NoReturn:
    """Run the task; this process becomes its main container."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    *first, main = in_order(containers)
    for container in containers:
        if scratch := _scratch(container, folder):
            scratch.mkdir(parents=True, exist_ok=True)
    for container in first:
        _say(f"{container['name']}: {' '.join(_command(container))}")
        code = subprocess.run(
            _command(container), env=environment(container, agent, folder), cwd=folder, check=False
        ).returncode
        if code:
            _say(f"{container['name']} failed with exit code {code}; the task stops")
            sys.exit(1)
    _say(f"{main['name']}: {' '.join(_command(main))}")
    os.chdir(folder)
    variables = environment(main, agent, folder)
    os.execvpe(_command(main)[0], _command(main), variables)  # noqa: S606 - no shell is meant


def _command(container: Container) -> list[str]:
    return [*container.get("entryPoint", []), *container["command"]]


def _say(line: str) -> None:
    sys.stdout.write(f"[task] {line}\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Read the specification that the provider wrote, and run it or ask for its health."""
    specification = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    folder = Path(arguments[1])
    if arguments[2:] == ["health"]:
        container = in_order(specification["containers"])[-1]
        return health(container, environment(container, specification["agent"], folder), folder)
    run(specification["containers"], specification["agent"], folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
