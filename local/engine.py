"""Runs Pulumi's real engine over the program in infra/, attached to the embedded cloud.

The program runs inside this process (the Automation API's inline program), so that nothing but the `pulumi` binary is
needed. It is the same file that `pulumi up` runs.
"""

import contextlib
import json
import os
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml
from pulumi import automation
from pulumi.automation.errors import create_command_error

from local.folder import CHECKOUT, StackFolder
from local.provider.realised import Cloud
from local.provider.server import serve

Program = Callable[[], None]


def the_program() -> None:
    """The stack's definition, infra/__main__.py, as the language host runs it."""
    runpy.run_path(str(CHECKOUT / "infra"), run_name="__main__")


class Terminal(automation.PulumiCommand):
    """The CLI with this process's own terminal: the engine draws its live tree, and colours, as it does for anyone."""

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Any = None,
        on_error: Any = None,
    ) -> automation.CommandResult:
        if on_output is None or not sys.stdout.isatty():
            return super().run(args, cwd, additional_env, on_output, on_error)
        done = subprocess.run([self.command, *args], cwd=cwd, env={**os.environ, **additional_env}, check=False)
        result = automation.CommandResult(stdout="", stderr="", code=done.returncode)
        if done.returncode:
            raise create_command_error(result)
        return result


@dataclass
class Engine:
    """One stack, its folder, and the cloud that its resources come from.

    `config` overrides values of the stack's configuration file, by their full key (`backlog:apiPort`).
    """

    stack: str
    folder: StackFolder
    cloud: Cloud = field(default_factory=dict)
    program: Program = the_program
    config: Mapping[str, Any] = field(default_factory=dict)
    config_folder: Path = CHECKOUT

    @contextlib.contextmanager
    def opened(self) -> Iterator[automation.Stack]:
        """The stack, ready for the engine's operations; the provider serves as long as the context lasts."""
        self.folder.make()
        self._write_project()
        self._release_stale_lock()
        with serve(self.cloud) as providers:
            workspace = automation.LocalWorkspaceOptions(
                work_dir=str(self.folder.project),
                pulumi_home=str(self.folder.root / "home"),
                pulumi_command=Terminal(),
                env_vars=self._environment(providers),
            )
            yield automation.create_or_select_stack(
                self.stack, project_name=self._project["name"], program=self.program, opts=workspace
            )

    def exists(self) -> bool:
        """Whether this stack was ever brought up here."""
        return any(self.folder.backend.rglob(f"{self.stack}.json"))

    @property
    def _project(self) -> dict[str, Any]:
        return _read(self.config_folder / "Pulumi.yaml")

    def _environment(self, providers: str) -> dict[str, str]:
        return {
            "PULUMI_BACKEND_URL": self.folder.backend.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": self.folder.secret("passphrase"),
            "PULUMI_DEBUG_PROVIDERS": providers,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            # The file backend would keep a copy of the state for each operation.
            "PULUMI_DISABLE_CHECKPOINT_BACKUPS": "true",
        }

    def _write_project(self) -> None:
        """Copy the configuration: making a stack writes a salt into its file, and that must not dirty the checkout."""
        project = self._project
        project.pop("main", None)
        (self.folder.project / "Pulumi.yaml").write_text(yaml.safe_dump(project), encoding="utf-8")
        name = f"Pulumi.{self.stack}.yaml"
        source, copy = self.config_folder / name, self.folder.project / name
        settings = _read(source)
        settings["config"] = {**settings.get("config", {}), **self.config}
        if copy.is_file() and "encryptionsalt" not in settings:
            salt = _read(copy).get("encryptionsalt")
            settings |= {"encryptionsalt": salt} if salt else {}
        copy.write_text(yaml.safe_dump(settings), encoding="utf-8")

    def _release_stale_lock(self) -> None:
        """A killed engine leaves its lock behind; this process holds the folder's own, so no other engine works."""
        for lock in (self.folder.backend / ".pulumi" / "locks").rglob("*.json"):
            held = json.loads(lock.read_text(encoding="utf-8") or "{}")
            with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
                psutil.Process(held["pid"]).wait(timeout=10)
            if not psutil.pid_exists(held.get("pid", 0)):
                lock.unlink(missing_ok=True)


def stack_project() -> str:
    """The project's name, which its configuration keys begin with."""
    return str(_read(CHECKOUT / "Pulumi.yaml")["name"])


def stack_config(stack: str) -> dict[str, Any]:
    """A stack's configuration as its file in the checkout gives it; empty when there is no such file."""
    config: dict[str, Any] = _read(CHECKOUT / f"Pulumi.{stack}.yaml").get("config", {})
    return config


def _read(file: Path) -> dict[str, Any]:
    return (yaml.safe_load(file.read_text(encoding="utf-8")) or {}) if file.is_file() else {}
