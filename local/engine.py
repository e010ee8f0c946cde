"""Runs Pulumi's real engine over the program in infra/, attached to the embedded cloud.

The program runs inside this process (the Automation API's inline program), so that nothing but the `pulumi` binary is
needed. It is the same file that `pulumi up` runs.
"""

import contextlib
import json
import runpy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml
from pulumi import automation

from local import environment, stack_file
from local.cli import Cli
from local.folder import CHECKOUT, StackFolder
from local.provider.realised import Cloud
from local.provider.server import serve

Program = Callable[[], None]


def the_program() -> None:
    """The stack's definition, infra/__main__.py, as the language host runs it."""
    runpy.run_path(str(CHECKOUT / "infra"), run_name="__main__")


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
    def opened(self, cli: Cli | None = None) -> Iterator[automation.Stack]:
        """The stack, ready for the engine's operations; the provider serves as long as the context lasts."""
        self.folder.make()
        self._write_project()
        self._mend_what_a_kill_left()
        with environment.of_our_own(), serve(self.cloud) as providers:
            workspace = automation.LocalWorkspaceOptions(
                work_dir=str(self.folder.project),
                pulumi_home=str(self.folder.root / "home"),
                pulumi_command=cli or Cli(),
                env_vars=self._environment(providers),
            )
            # To make it and see that it is there already takes a command more.
            opened = automation.select_stack if self.exists() else automation.create_stack
            yield opened(self.stack, project_name=self._project["name"], program=self.program, opts=workspace)

    def digest(self, *, refresh: bool = False) -> str:
        """The JSON of a preview with all its steps, as `pulumi preview --json` prints it.

        A preview that the engine refuses, of a protected resource's end for example, says so in its diagnostics.

        Raises:
            CommandError: it failed before there was a preview.
        """
        cli = Cli(preview=("--json", "--show-sames", "--show-replacement-steps"))
        with self.opened(cli) as stack:
            try:
                stack.preview(refresh=refresh)
            except automation.CommandError:
                if not cli.printed.startswith("{"):
                    raise
        return cli.printed

    def exists(self) -> bool:
        """Whether this stack was ever brought up here."""
        return any(self.folder.backend.rglob(f"{self.stack}.json"))

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs as its state has them: read without the engine, and empty where there are none."""
        for resource in self.state().get("resources") or []:
            if resource["type"] == "pulumi:pulumi:Stack":
                return dict(resource.get("outputs") or {})
        return {}

    def state(self) -> dict[str, Any]:
        """What `pulumi stack export` calls the deployment, from the file that the engine keeps: no command is run."""
        for file in self.folder.backend.rglob(f"{self.stack}.json"):
            return dict(json.loads(file.read_text(encoding="utf-8"))["checkpoint"].get("latest") or {})
        return {}

    def settings(self) -> dict[str, Any]:
        """What the stack's file says."""
        return _read(self.config_folder / f"Pulumi.{self.stack}.yaml")

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
        _write(self.folder.project / "Pulumi.yaml", project)
        copy, settings = self.folder.project / f"Pulumi.{self.stack}.yaml", self.settings()
        settings["config"] = {**(settings.get("config") or {}), **self.config}
        if copy.is_file() and "encryptionsalt" not in settings:
            salt = _read(copy).get("encryptionsalt")
            settings |= {"encryptionsalt": salt} if salt else {}
        _write(copy, settings)

    def _mend_what_a_kill_left(self) -> None:
        """A killed engine leaves its lock behind; this process holds the folder's own, so no other engine works.

        And beside each of its files it keeps one with the file's media type, which can be missing, but not empty, as
        it is for a moment while it is written.
        """
        for sidecar in self.folder.backend.rglob("*.attrs"):
            if not sidecar.stat().st_size:
                sidecar.unlink()
        for lock in (self.folder.backend / ".pulumi" / "locks").rglob("*.json"):
            held = json.loads(lock.read_text(encoding="utf-8") or "{}")
            with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
                psutil.Process(held["pid"]).wait(timeout=10)
            if not psutil.pid_exists(held.get("pid", 0)):
                lock.unlink(missing_ok=True)


def stack_config(stack: str) -> dict[str, Any]:
    """A stack's configuration as its file in the checkout gives it.

    Raises:
        Mistakes: there is no such file, or it is malformed.
    """
    return dict(stack_file.read(stack).config)


def _read(file: Path) -> dict[str, Any]:
    return (yaml.safe_load(file.read_text(encoding="utf-8")) or {}) if file.is_file() else {}


def _write(file: Path, content: dict[str, Any]) -> None:
    """In one step: whatever is killed meanwhile, the file is the old or the new one."""
    new = file.with_suffix(".new")
    new.write_text(yaml.safe_dump(content), encoding="utf-8")
    new.replace(file)
