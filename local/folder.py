"""The folder that holds all that a stack leaves on this machine: `.backlog/STACK` in the checkout, ignored by git."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

#: Each process that is started for a stack carries this variable, so that it is found again whatever was killed.
MARKER = "BACKLOG_STACK_FOLDER"


class Busy(Exception):
    """Another command works on this stack."""


@dataclass(frozen=True)
class StackFolder:
    """Where things are. Nothing is made before it is needed."""

    root: Path

    @property
    def backend(self) -> Path:
        """Pulumi's file backend: the stack's state."""
        return self.root / "pulumi"

    @property
    def project(self) -> Path:
        """A copy of Pulumi.yaml and the stack's configuration: the engine writes to it, the checkout stays clean."""
        return self.root / "project"

    @property
    def logs(self) -> Path:
        """One file for each process."""
        return self.root / "logs"

    @property
    def marker(self) -> dict[str, str]:
        """The environment variable that every process of this stack carries."""
        return {MARKER: str(self.root)}

    def make(self) -> None:
        """Make the folder; only its owner may look inside, as it holds passwords."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in (self.backend, self.project, self.logs):
            folder.mkdir(exist_ok=True)

    def accessible(self) -> bool:
        """Whether it is there and this user's: another's stays closed."""
        return os.access(self.root, os.R_OK | os.W_OK | os.X_OK)

    def copy_state_to(self, other: "StackFolder") -> None:
        """Give another folder the stack's state, for a command that must not change this one.

        Raises:
            Busy: another command changes it now.
        """
        with self.locked():
            for part in (self.backend, self.project, self.root / "secrets"):
                if part.is_dir():
                    shutil.copytree(part, other.root / part.name, dirs_exist_ok=True)

    def remove(self) -> None:
        """Remove the folder and everything in it."""
        shutil.rmtree(self.root, ignore_errors=True)
        if self.root.parent.is_dir() and not any(self.root.parent.iterdir()):
            self.root.parent.rmdir()

    def secret(self, name: str) -> str:
        """A random secret that is made at first use and kept in a file that only its owner reads."""
        file = self.root / "secrets" / name
        if not file.is_file():
            file.parent.mkdir(exist_ok=True, mode=0o700)
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
                handle.write(secrets.token_urlsafe(24))
        return file.read_text(encoding="utf-8")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One command at a time on a stack; the lock goes with its process, however that ends.

        Raises:
            Busy: another command has it.
        """
        self.make()
        with (self.root / "lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(f"another command is at work on this stack ({self.root}): wait for it to end") from None
            yield


def folder_of(stack: str) -> StackFolder:
    """The folder of a stack of this checkout."""
    return StackFolder(CHECKOUT / ".backlog" / stack)
