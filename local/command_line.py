"""`python -m local COMMAND`: reads the command, tells errors as sentences, and ends in order when it is told to."""

import argparse
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from pulumi import automation

from infra.mistakes import Mistakes
from local import environment
from local.commands import COMMANDS, say, shown
from local.folder import Busy
from local.lab.commands import COMMANDS as LAB
from local.provider.realised import ResourceError

#: What an interrupt leaves of a command's work.
_AFTER = {
    "up": "`make up` goes on from here, `make down` takes down what is up",
    "down": "`make down` goes on from here",
    "lab": "`make lab` goes on from here, `make lab-down` takes down what is up",
    "lab-down": "`make lab-down` goes on from here",
}
ALL = {**COMMANDS, **LAB}


class Ended(BaseException):
    """A signal asked this process to end; `args` is its number."""


def main() -> int:
    """Run one command; errors are sentences, and the exit code tells."""
    parser = argparse.ArgumentParser(prog="python -m local", description="The commands behind the Makefile.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in ALL.items():
        commands.add_parser(name, help=command.__doc__).add_argument("name", nargs="?", default="")
    arguments = parser.parse_args()
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _end)
    try:
        with environment.of_our_own():
            ALL[arguments.command](arguments.name)
    except Mistakes as mistakes:
        for sentence in mistakes.args:
            _refuse(sentence)
        return 1
    except (Busy, ResourceError) as error:
        _refuse(str(error))
        return 1
    except PermissionError as error:
        _refuse(f"{error.filename}: this user may not; the checkout is another's")
        return 1
    except automation.CommandError as error:
        if not shown.engine_spoke:  # else the engine has said it already
            say.print(str(error), markup=False)
        return 1
    except (Ended, KeyboardInterrupt) as ended:
        _refuse("; ".join(filter(None, ("interrupted", _AFTER.get(arguments.command)))))
        sys.stdout.flush()
        # Past the threads that answer the engine: what they are in the midst of is healed, as after kill -9.
        os._exit(128 + (ended.args[0] if ended.args else signal.SIGINT))
    return 0


def _end(number: int, _: FrameType | None) -> NoReturn:
    signal.signal(number, signal.default_int_handler)  # a second one breaks off
    raise Ended(number)


def _refuse(sentence: str) -> None:
    say.print("[red]✗[/] ", end="")
    say.print(sentence, markup=False)
