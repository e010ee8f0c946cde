"""`python -m local COMMAND`: the commands behind the Makefile."""

import argparse
import os
import shutil
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from pathlib import Path

from pulumi import automation
from rich.console import Console

from infra.mistakes import Mistakes
from infra.settings import REGION, parse
from local.engine import Engine, stack_config, stack_project
from local.folder import Busy, StackFolder, folder_of
from local.machine.cloud import machine
from local.machine.emulator import Emulator
from local.machine.supervisor import Supervisor
from local.preflight import ports_of, taken_ports
from local.provider.realised import ResourceError
from local.status import show

STACK = "local"
AWS_PORT_KEY, AWS_PORT = "local:awsPort", 6401

say = Console(stderr=True, highlight=False, soft_wrap=True)


class Refused(Exception):
    """A command that will not start, and why, a sentence each."""


def main() -> int:
    """Run one command; errors are sentences, and the exit code tells."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        commands.add_parser(name, help=command.__doc__).add_argument("name", nargs="?", default="")
    arguments = parser.parse_args()
    try:
        COMMANDS[arguments.command](arguments.name)
    except Refused as refusal:
        for sentence in refusal.args:
            say.print(f"[red]✗[/] {sentence}")
        return 1
    except (Busy, ResourceError) as error:
        say.print(f"[red]✗[/] {error}")
        return 1
    except automation.CommandError as error:
        if not shown.engine_spoke:  # else the engine has said it already
            say.print(str(error), markup=False)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def up(_: str) -> None:
    """Bring stack local up on this machine."""
    folder = folder_of(STACK)
    _refuse_mistakes(STACK)
    _refuse_taken_ports(folder)
    with folder.locked():
        Supervisor(folder).sweep()
        with _engine(folder).opened() as stack:
            outputs = stack.up(refresh=True, on_output=shown, color=_color()).outputs
    url = outputs["url"].value
    with urllib.request.urlopen(f"{url}api/v1/health", timeout=10):  # noqa: S310 - our own http URL
        pass
    say.print(f"\n[bold green]Backlog is up:[/] [bold]{url}[/]\n")
    say.print("Try next:")
    say.print(f"  curl -s {url}api/v1/todos -H 'content-type: application/json' -d '{{\"title\": \"Buy milk\"}}'")
    say.print(f"  curl -s -X POST {url}api/v1/todos/ical        a calendar, made by the worker")
    say.print("  make status | make logs | make down", markup=False)


def down(_: str) -> None:
    """Take stack local down and leave nothing."""
    folder = folder_of(STACK)
    if not folder.root.exists():
        say.print("Nothing is up.")
        return
    with folder.locked():
        supervisor = Supervisor(folder)
        engine = _engine(folder)
        if engine.exists():
            with engine.opened() as stack:
                stack.destroy(on_output=shown, color=_color())
        supervisor.shut_down()
        folder.remove()
    say.print("[bold green]Backlog is down:[/] no process, port or file of it is left.")


def preview(stack: str) -> None:
    """Pulumi's preview of a stack, with no credentials."""
    stack = stack or STACK
    if not stack_config(stack):
        raise Refused(f"There is no stack {stack!r}: Pulumi.{stack}.yaml does not exist.")
    _refuse_mistakes(stack)
    if stack == STACK and folder_of(STACK).root.exists():
        folder = folder_of(STACK)
        with folder.locked(), _engine(folder).opened() as opened:
            opened.preview(on_output=shown, color=_color())
        return
    throwaway = StackFolder(Path(tempfile.mkdtemp(prefix="backlog-")))
    try:
        with Engine(stack, throwaway).opened() as opened:
            opened.preview(on_output=shown, color=_color())
    finally:
        throwaway.remove()


def status(_: str) -> None:
    """What runs on this machine, and how the queue stands."""
    folder = folder_of(STACK)
    if not _engine(folder).exists():
        raise Refused("Nothing is up: `make up` brings it up.")
    with _engine(folder).opened() as stack:
        outputs = {name: output.value for name, output in stack.outputs().items()}
    supervisor = Supervisor(folder)
    show(supervisor, Emulator(supervisor, _aws_port(), _region()), outputs, Console())


def logs(name: str) -> None:
    """Follow the logs of the processes, all or those whose name begins so."""
    files = sorted(str(file) for file in folder_of(STACK).logs.glob(f"{name or ''}*.log"))
    if not files:
        raise Refused(f"There is no log of {name!r}." if name else "Nothing is up: `make up` brings it up.")
    tail = shutil.which("tail")
    if tail is None:
        raise Refused(f"`tail` is missing; the logs are in {folder_of(STACK).logs}.")
    os.execv(tail, ["tail", "-n", "40", "-F", *files])  # noqa: S606 - it takes over the terminal


COMMANDS: dict[str, Callable[[str], None]] = {
    "up": up,
    "down": down,
    "preview": preview,
    "status": status,
    "logs": logs,
}


def _engine(folder: StackFolder) -> Engine:
    return Engine(STACK, folder, cloud=machine(folder, aws_port=_aws_port(), region=_region()))


def _region() -> str:
    return str(stack_config(STACK).get("aws:region", "us-east-1"))


def _aws_port() -> int:
    return int(stack_config(STACK).get(AWS_PORT_KEY, AWS_PORT))


def _refuse_mistakes(stack: str) -> None:
    """The program would say the same; here it is said before the engine starts, and once."""
    project = f"{stack_project()}:"
    config = {key.removeprefix(project): value for key, value in stack_config(stack).items() if key.startswith(project)}
    region = {key: value for key, value in stack_config(stack).items() if key == REGION}
    try:
        parse(config | region)
    except Mistakes as mistakes:
        raise Refused(*(f"Pulumi.{stack}.yaml: {sentence}" for sentence in mistakes.args)) from None


def _refuse_taken_ports(folder: StackFolder) -> None:
    ports = ports_of(stack_config(STACK), AWS_PORT_KEY, _aws_port())
    if taken := list(taken_ports(ports, folder)):
        raise Refused(*taken)


def _color() -> str:
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


if __name__ == "__main__":
    sys.exit(main())
