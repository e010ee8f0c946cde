"""Servers that the machine has to bring: where they are, or what to install."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local.provider.realised import ResourceError


@dataclass(frozen=True)
class Server:
    """A server by the names of its program, the folders that are not on everybody's PATH, and its packages."""

    title: str
    programs: Sequence[str]
    folders: Sequence[str]
    debian: str
    brew: str

    def find(self) -> Path | None:
        """Its program."""
        for program in self.programs:
            for folder in self.folders:
                for found in sorted(Path("/").glob(f"{folder.lstrip('/')}/{program}"), reverse=True):
                    return found
            if path := shutil.which(program):
                return Path(path)
        return None

    def found(self) -> Path:
        """Its program.

        Raises:
            ResourceError: it is not installed; what to install.
        """
        if path := self.find():
            return path
        raise ResourceError(self.missing())

    def missing(self) -> str:
        """What to do where it is not installed."""
        return (
            f"{self.title} is not installed on this machine: install it (Debian: apt install {self.debian}; "
            f"macOS: brew install {self.brew}), or choose another broker (make up BROKER=sqs)"
        )


#: Debian's own command refuses all but root and rabbitmq; the script behind it does not.
RABBITMQ = Server(
    "RabbitMQ",
    ["rabbitmq-server"],
    ["/usr/lib/rabbitmq/lib/*/sbin", "/opt/homebrew/sbin", "/usr/local/sbin"],
    "rabbitmq-server",
    "rabbitmq",
)
VALKEY = Server(
    "Valkey or Redis",
    ["valkey-server", "redis-server"],
    ["/usr/bin", "/opt/homebrew/bin", "/usr/local/bin"],
    "redis-server",
    "valkey",
)
#: The server that a kind of broker needs.
OF_BROKER = {"rabbitmq": RABBITMQ, "valkey": VALKEY}
