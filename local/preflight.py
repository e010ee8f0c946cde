"""What would stop `make up` half-way is found before anything starts."""

import errno
import socket
from collections.abc import Iterator, Mapping

import psutil

from local.folder import MARKER, StackFolder

_HOST = "127.0.0.1"


def unusable_ports(ports: Mapping[str, int], folder: StackFolder) -> Iterator[str]:
    """A sentence for each port that can't be listened on; `ports` is the configuration's key -> the number."""
    owners = {port: owner for port, owner in _listeners() if port in ports.values()}
    for name, port in ports.items():
        owner = owners.get(port)
        if _ours(owner, folder):
            continue
        if port in owners:
            by = f"{owner.name()} (process {owner.pid})" if owner else "another process"
            yield f"{name}: port {port} is taken by {by}; stop it, or choose another port"
        elif why := _refused(port):
            yield f"{name}: {why}; choose another port"


def _refused(port: int) -> str:
    """Why this machine refuses the port to us, or nothing."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except PermissionError:
            return f"port {port} is for root alone"
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            return f"port {port} is taken by another process" if taken else f"port {port}: {error.strerror}"
    return ""


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
