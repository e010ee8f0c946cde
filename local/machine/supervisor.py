"""Processes that outlive the command that started them: one supervisord for each stack, in the stack's folder.

supervisord restarts what dies, keeps the logs and ends a process with its signal and patience; this module only writes
its program files and talks to it over a socket.
"""

import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
import threading
import time
import xmlrpc.client
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from supervisor.xmlrpc import SupervisorTransport

from local.folder import CHECKOUT, MARKER, StackFolder
from local.provider.realised import ResourceError, pause

_LONGEST_SOCKET = 100  # bytes; sun_path holds 104 on macOS and 108 on Linux
_POLL = 0.05  # seconds
PROCESS = "{process}"  #: in a command: the number of this process among the program's, from 0
_PATIENCE = 20.0  # seconds for supervisord itself to start or to end


@dataclass(frozen=True)
class Program:
    """A command to keep running. `stop_seconds` is the time between SIGTERM (or `stop_signal`) and SIGKILL."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    processes: int = 1
    stop_signal: str = "TERM"
    stop_seconds: int = 10


class Supervisor:
    """The stack's supervisord; started at the first program."""

    def __init__(self, folder: StackFolder) -> None:
        self.folder = folder
        self._programs = folder.root / "programs"
        self._pid_file = folder.root / "supervisord.pid"
        self._lock = threading.Lock()

    def running(self) -> bool:
        """Whether this stack's supervisord is alive."""
        return self._process() is not None

    def put(self, program: Program) -> None:
        """Run a program, in place of an older one of that name; returns once it is started."""
        with self._lock:
            self._ensure()
            (self._programs / f"{program.name}.conf").write_text(self._section(program), encoding="utf-8")
            self._reload(program.name, add=True)

    def run(self, program: Program) -> None:
        """Run a program unless it runs as described."""
        states = {process["statename"] for process in self.processes(program.name)}
        file = self._programs / f"{program.name}.conf"
        as_described = file.is_file() and file.read_text(encoding="utf-8") == self._section(program)
        if not (as_described and states and states <= {"STARTING", "RUNNING"}):
            self.put(program)

    def remove(self, name: str) -> None:
        """Stop a program and forget it; it not being there is no error."""
        with self._lock:
            (self._programs / f"{name}.conf").unlink(missing_ok=True)
            if self.running():
                self._reload(name, add=False)

    def processes(self, name: str) -> list[Mapping[str, Any]]:
        """Supervisord's account of a program's processes: statename, pid, start, spawnerr and so on."""
        if not self.running():
            return []
        with self._rpc() as rpc:
            return [process for process in rpc.getAllProcessInfo() if process["group"] == name]

    def all_processes(self) -> list[Mapping[str, Any]]:
        """The account of every process, in the order of their names."""
        if not self.running():
            return []
        with self._rpc() as rpc:
            return list(rpc.getAllProcessInfo())

    def log(self, name: str) -> Path:
        """What a program printed."""
        return self.folder.logs / f"{name}.log"

    def shut_down(self) -> None:
        """End every process of this stack, supervised or stray."""
        if process := self._process():
            with contextlib.suppress(OSError, xmlrpc.client.Fault), self._rpc() as rpc:
                rpc.shutdown()
            with contextlib.suppress(psutil.TimeoutExpired):
                process.wait(timeout=self._longest_stop() + _PATIENCE)
        self.sweep()
        self._socket.unlink(missing_ok=True)

    def sweep(self) -> list[int]:
        """End the stack's processes that neither supervisord nor this one looks after: something was killed with -9.

        Returns:
            The ids of the processes that were ended.
        """
        keepers = {self._process(), psutil.Process()}
        # Each asked for its own parents: a list of children would miss one that is being started.
        strays = [process for process in self._marked() if not keepers & {process, *_parents(process)}]
        for stray in strays:
            with contextlib.suppress(psutil.NoSuchProcess):
                stray.terminate()
        _, alive = psutil.wait_procs(strays, timeout=5)
        for stray in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                stray.kill()
        psutil.wait_procs(alive, timeout=5)
        return [stray.pid for stray in strays]

    # supervisord itself

    @property
    def _socket(self) -> Path:
        path = self.folder.root / "supervisor.sock"
        if len(str(path).encode()) <= _LONGEST_SOCKET:
            return path
        name = hashlib.sha256(str(path).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"backlog-{name}.sock"

    def _process(self) -> psutil.Process | None:
        try:
            process = psutil.Process(int(self._pid_file.read_text(encoding="utf-8")))
            mine = process.environ().get(MARKER) == str(self.folder.root) and process.status() != psutil.STATUS_ZOMBIE
        except (OSError, ValueError, psutil.Error):
            return None
        return process if mine and process.pid != os.getpid() else None

    def _marked(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.pid != os.getpid() and process.environ().get(MARKER) == str(self.folder.root):
                    yield process

    def _ensure(self) -> None:
        if self.running():
            return
        self.sweep()
        self._programs.mkdir(exist_ok=True)
        for leftover in self._programs.glob("*.conf"):
            leftover.unlink()  # the engine declares anew what is to run
        self._socket.unlink(missing_ok=True)
        config = self.folder.root / "supervisord.conf"
        config.write_text(self._config(), encoding="utf-8")
        started = subprocess.run(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(config)],
            env={**os.environ, **self.folder.marker},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if started.returncode:
            raise ResourceError(f"supervisord did not start: {(started.stderr or started.stdout).strip()}")
        until(self._answers, "supervisord does not answer")

    def _answers(self) -> bool:
        try:
            with self._rpc() as rpc:
                return bool(rpc.getState()["statename"] == "RUNNING")
        except (OSError, xmlrpc.client.Error):
            return False

    @contextlib.contextmanager
    def _rpc(self) -> Iterator[Any]:
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        try:
            yield xmlrpc.client.ServerProxy("http://supervisor", transport=transport).supervisor
        finally:
            transport.close()

    def _reload(self, name: str, *, add: bool) -> None:
        with self._rpc() as rpc:
            rpc.reloadConfig()
            with contextlib.suppress(xmlrpc.client.Fault):  # BAD_NAME: it was not there
                rpc.stopProcessGroup(name)
                rpc.removeProcessGroup(name)
            if add:
                rpc.addProcessGroup(name)

    def _longest_stop(self) -> int:
        lines = (
            line for file in self._programs.glob("*.conf") for line in file.read_text(encoding="utf-8").splitlines()
        )
        return max((int(line.split("=")[1]) for line in lines if line.startswith("stopwaitsecs=")), default=0)

    def _config(self) -> str:
        root = _escaped(str(self.folder.root))
        return "\n".join(
            [
                "[supervisord]",
                f"logfile={root}/logs/supervisord.log",
                f"pidfile={root}/supervisord.pid",
                f"childlogdir={root}/logs",
                f"directory={root}",
                *(["user=root"] if os.geteuid() == 0 else []),  # says that running as root is meant
                "[unix_http_server]",
                f"file={_escaped(str(self._socket))}",
                "chmod=0700",
                "[rpcinterface:supervisor]",
                "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
                "[include]",
                "files=programs/*.conf",  # beside this file: a path with spaces would be taken for several
                "",
            ]
        )

    def _section(self, program: Program) -> str:
        environment = {"PYTHONPATH": str(CHECKOUT), **program.environment, **self.folder.marker}
        quoted = ",".join(f'{key}="{_escaped(value)}"' for key, value in environment.items())
        words = [_escaped(word).replace(PROCESS, "%(process_num)d") for word in program.command]
        return "\n".join(
            [
                f"[program:{program.name}]",
                f"command={' '.join(map(_quoted, words))}",
                "process_name=%(program_name)s-%(process_num)d",
                f"numprocs={program.processes}",
                f"environment={quoted}",
                f"stdout_logfile={_escaped(str(self.log(program.name)))}",
                "redirect_stderr=true",
                "stdout_logfile_maxbytes=10MB",
                "stdout_logfile_backups=1",
                "autorestart=true",
                "startsecs=1",
                "startretries=20",
                f"stopsignal={program.stop_signal}",
                f"stopwaitsecs={program.stop_seconds}",
                "killasgroup=true",
                "",
            ]
        )


def _parents(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.parents()
    except psutil.Error:
        return []


def until(condition: Callable[[], bool], otherwise: str, seconds: float = _PATIENCE) -> None:
    """Wait for a condition.

    Raises:
        ResourceError: it does not come in time, or the command was interrupted.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise ResourceError(f"{otherwise} ({seconds:.0f} s waited)")
        pause(_POLL)


def _escaped(text: str) -> str:
    """Supervisord expands %; a path may hold one."""
    return text.replace("%", "%%")


def _quoted(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
