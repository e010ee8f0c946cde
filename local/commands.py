"""The commands behind the Makefile, and what each refuses."""

import os
import shutil
import sys
import tempfile
import urllib.request
from dataclasses import replace
from pathlib import Path

from pulumi import automation
from rich.console import Console

from infra.mistakes import Mistakes
from infra.settings import REGION
from local import stack_file
from local.engine import Engine
from local.folder import StackFolder, folder_of
from local.machine.cloud import machine
from local.machine.emulator import Emulator
from local.machine.supervisor import Supervisor
from local.preflight import unusable_ports
from local.stack_settings import MachineSettings, local_settings_of, ports_of, settings_of
from local.status import show

STACK = "local"
#: Of a stack that is not up.
NOTHING_RUNS = "nothing runs; `make up` brings it up"

say = Console(stderr=True, highlight=False, soft_wrap=True)


def up(broker: str) -> None:
    """Bring stack local up on this machine; on another broker than its file says, where one is given."""
    file = stack_file.read(STACK)
    if broker:
        file = file.over("broker", "kind", broker)
    settings, ours = local_settings_of(file)
    folder = _folder()
    if found := list(file.told(unusable_ports(ports_of(settings, ours), folder))):
        raise Mistakes(*found)
    with folder.locked():
        Supervisor(folder).sweep()
        cloud = machine(folder, region=settings.region, **ours.model_dump())
        with Engine(STACK, folder, cloud, config=file.config).opened() as stack:
            outputs = stack.up(refresh=True, on_output=shown, color=color()).outputs
    url = outputs["url"].value
    try:
        with urllib.request.urlopen(f"{url}api/v1/health", timeout=10):  # noqa: S310 - our own http URL
            pass
    except OSError as error:
        raise Mistakes(f"all is made, and {url} does not answer: {error}; see `make logs`") from None
    say.print(f"\n[bold green]Backlog is up:[/] [bold]{url}[/]\n")
    say.print("Try next:")
    say.print(f"  curl -s {url}api/v1/todos -H 'content-type: application/json' -d '{{\"title\": \"Buy milk\"}}'")
    say.print(f"  curl -s -X POST {url}api/v1/todos/ical        a calendar, made by the worker")
    say.print("  make status | make logs | make down", markup=False)


def down(_: str) -> None:
    """Take stack local down and leave nothing."""
    folder = _folder()
    if not folder.root.exists():
        say.print("Nothing is up.")
        return
    with folder.locked():
        take_down(_engine_of_what_runs(folder), folder)
    say.print("[bold green]Backlog is down:[/] no process, port or file of it is left.")


def take_down(engine: Engine, folder: StackFolder) -> None:
    """Destroy what the engine has of a stack, and then whatever is left of its processes and its folder."""
    if engine.exists():
        try:
            with engine.opened() as stack:
                stack.destroy(on_output=shown, color=color())
        except automation.CommandError:
            say.print("[yellow]![/] Pulumi could not; processes and data are removed all the same.")
    Supervisor(folder).shut_down()
    folder.remove()


def preview(stack: str) -> None:
    """Pulumi's preview of a stack, with no credentials; it changes nothing, of what runs either."""
    stack = stack or STACK
    file = stack_file.read(stack)
    throwaway = StackFolder(Path(tempfile.mkdtemp(prefix="backlog-")))
    try:
        if stack == STACK:
            local_settings_of(file)
            if folder_of(STACK).accessible():
                folder_of(STACK).copy_state_to(throwaway)
        else:
            settings_of(file)
        # What is real keeps its outputs in a preview; nothing of it is asked or made.
        cloud = machine(throwaway, aws_port=0, region="") if stack == STACK else {}
        with Engine(stack, throwaway, cloud).opened() as opened:
            opened.preview(on_output=shown, color=color())
    finally:
        throwaway.remove()


def status(_: str) -> None:
    """What runs on this machine, and how the queue stands; it changes nothing."""
    folder = _folder()
    supervisor = Supervisor(folder)
    if not supervisor.running():
        raise Mistakes(NOTHING_RUNS)
    engine = _engine_of_what_runs(folder)
    show(supervisor, Emulator(supervisor, *_aws_of(engine)), engine.outputs(), Console())


def logs(name: str) -> None:
    """Follow the logs of the processes, all or those whose name begins so."""
    folder = _folder()
    files = sorted(file.name for file in folder.logs.glob("*.log"))
    chosen = [file for file in files if file.startswith(name)]
    if not files:
        raise Mistakes(NOTHING_RUNS)
    if not chosen:
        raise Mistakes(f"there is no log of {name!r}; there are {', '.join(f.removesuffix('.log') for f in files)}")
    tail = shutil.which("tail")
    if tail is None:
        raise Mistakes(f"`tail` is missing; the logs are in {folder.logs}")
    os.chdir(folder.logs)
    os.execv(tail, ["tail", "-n", "40", "-F", *chosen])  # noqa: S606 - it takes over the terminal


COMMANDS = {"up": up, "down": down, "preview": preview, "status": status, "logs": logs}


def _folder() -> StackFolder:
    """The stack's folder, where it is ours to look into."""
    folder = folder_of(STACK)
    if folder.root.exists() and not folder.accessible():
        raise Mistakes(f"{folder.root} belongs to {folder.root.owner()}, who alone can see and change what runs there")
    return folder


def _engine_of_what_runs(folder: StackFolder) -> Engine:
    """The engine of what is up, whatever the file in the checkout says by now: the folder has its own copy."""
    engine = Engine(STACK, folder, config_folder=folder.project)
    _, region = _aws_of(engine)
    ports = {name: _port_of(engine, name) for name in MachineSettings.model_fields}
    return replace(engine, cloud=machine(folder, region=region, **ports))


def _aws_of(engine: Engine) -> tuple[int, str]:
    """The embedded AWS's port, and its region."""
    config = engine.settings().get("config") or {}
    return _port_of(engine, "aws_port"), str(config.get(REGION))


def _port_of(engine: Engine, name: str) -> int:
    """One of the machine's own ports."""
    config, field = engine.settings().get("config") or {}, MachineSettings.model_fields[name]
    return int(config.get(f"local:{field.alias}", field.default))


def color() -> str:
    """Whether the engine colours what it says."""
    return "always" if sys.stdout.isatty() else "never"


class _Shown:
    """Pulumi's own output, as it comes."""

    engine_spoke = sys.stdout.isatty()

    def __call__(self, line: str) -> None:
        self.engine_spoke = True
        if not line.startswith(_OF_STACKS_THAT_STAY):
            print(line, flush=True)  # noqa: T201


#: What `pulumi destroy` says of a stack that is kept; this one is removed with its folder.
_OF_STACKS_THAT_STAY = ("The resources in the stack have been deleted", "If you want to remove the stack completely")
shown = _Shown()
