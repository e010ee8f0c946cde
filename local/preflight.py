"""What would stop `make up` half-way is found before anything starts."""

from collections.abc import Iterator, Mapping
from typing import Any

import psutil

from local.folder import MARKER, StackFolder


def taken_ports(ports: Mapping[str, int], folder: StackFolder) -> Iterator[str]:
    """A sentence for each port that somebody else listens on; `ports` is the configuration key -> the number."""
    owners = {port: owner for port, owner in _listeners() if port in ports.values()}
    for name, port in ports.items():
        owner = owners.get(port)
        if port not in owners or _ours(owner, folder):
            continue
        by = f"{owner.name()} (process {owner.pid})" if owner else "another process"
        yield (
            f"Port {port} is taken by {by}: stop it, or choose another port for this stack "
            f"with `{name}` in Pulumi.local.yaml."
        )


def _listeners() -> Iterator[tuple[int, psutil.Process | None]]:
    try:
        found = psutil.net_connections("tcp")
        connections = [(c.laddr.port, c.pid) for c in found if c.laddr and c.status == psutil.CONN_LISTEN]
    except psutil.AccessDenied:  # macOS shows one's own processes only
        connections = list(_own_connections())
    for port, pid in connections:
        try:
            yield port, psutil.Process(pid) if pid else None
        except psutil.NoSuchProcess:
            yield port, None


def _own_connections() -> Iterator[tuple[int, int]]:
    for process in psutil.process_iter():
        try:
            for connection in process.net_connections("tcp"):
                if connection.laddr and connection.status == psutil.CONN_LISTEN:
                    yield connection.laddr.port, process.pid
        except psutil.Error:
            continue


def _ours(process: psutil.Process | None, folder: StackFolder) -> bool:
    try:
        return process is not None and process.environ().get(MARKER) == str(folder.root)
    except psutil.Error:
        return False


def ports_of(config: Mapping[str, Any], aws_port_key: str, aws_port: int) -> dict[str, int]:
    """The ports that stack `local` listens on, by the configuration key that sets each."""
    database = config.get("backlog:database") or {}
    ports = {"backlog:listenerPort": config.get("backlog:listenerPort"), "backlog:database.port": database.get("port")}
    return {key: int(str(port)) for key, port in ports.items() if str(port).isdigit()} | {aws_port_key: aws_port}
