"""The `pulumi` binary as the Automation API runs it here: on the terminal where there is one, and ended in order."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any

from pulumi import automation
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

_ENDS = 10.0  # seconds, once told: what is under way is cancelled, and the state written
_HEARD = 3.0  # seconds to see that it heard Ctrl-C from the terminal itself


class Cli(automation.PulumiCommand):
    """Runs one command after another; whatever ends this process in order ends the command first.

    The base class reads output in threads, which an interrupt leaves behind with their files closed.
    """

    def __init__(self, preview: tuple[str, ...] = ()) -> None:
        """Asks for no version: tools/pulumi has, and `pulumi version` knows no PULUMI_HOME but the user's.

        `preview` are arguments that a preview gets beside those that the Automation API knows; `printed` is what the
        last command that was captured printed, of a failed one too.
        """
        self.command = "pulumi"
        self._preview = preview
        self.printed = ""
        self.version = VersionInfo.parse(version("pulumi"))

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Any = None,
        on_error: Any = None,  # noqa: ARG002 - the base class has it
    ) -> automation.CommandResult:
        """Run a command; one that is shown gets this process's own terminal, so that the engine draws its live tree.

        Raises:
            CommandError: it failed.
        """
        environment = {**os.environ, **additional_env}
        if args[0] == "preview":
            args = [*args, *self._preview]
        if on_output is not None and sys.stdout.isatty():
            with subprocess.Popen([self.command, *args], cwd=cwd, env=environment) as process, _ended(process, _HEARD):
                process.wait()
            result = automation.CommandResult(stdout="", stderr="", code=process.returncode)
        else:
            result = self._captured(args, cwd, environment, on_output)
            self.printed = result.stdout
        if result.code:
            raise create_command_error(result)
        return result

    def _captured(
        self, args: list[str], cwd: str, environment: Mapping[str, str], on_output: Any
    ) -> automation.CommandResult:
        lines = list[str]()
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors,
            subprocess.Popen(
                [self.command, "--non-interactive", *args],
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                encoding="utf-8",
                errors="replace",
                process_group=0,  # Ctrl-C reaches this process alone: told twice, it would break off
            ) as process,
            _ended(process),
        ):
            for line in process.stdout or ():
                lines.append(line.rstrip())
                if on_output:
                    on_output(lines[-1])
            process.wait()
            errors.seek(0)
            return automation.CommandResult(
                stdout="\n".join(lines), stderr=errors.read().rstrip(), code=process.returncode
            )


@contextlib.contextmanager
def _ended(process: subprocess.Popen[Any], heard: float = 0) -> Iterator[None]:
    """Whatever is raised meanwhile, the process is told to end, then waited for, and killed if that takes too long."""
    try:
        yield
    except BaseException:
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(heard)
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_ENDS)
        finally:
            process.kill()
        raise
