"""Ports for servers of one machine that nobody else has yet."""

import secrets
import socket
from typing import Final

#: Below the ports that a system gives to outgoing connections: one of those may be gone before its server asks for it.
#: Source: RFC 6335 section 6 (from 49152, as macOS has it); Linux, ip_local_port_range (from 32768).
_PORTS: Final = range(15_000, 32_000)
_TRIES: Final = 100


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on now.

    Raises:
        OSError: none was found.
    """
    for _ in range(_TRIES):
        port = secrets.choice(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise OSError(f"no free port from {_PORTS.start} to {_PORTS.stop - 1} was found in {_TRIES} tries")
