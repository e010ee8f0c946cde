"""The tutorial, as a reader would do it: every command of docs/tutorial/, in one shell, and what it prints."""

import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

from local.folder import CHECKOUT

TUTORIAL = CHECKOUT / "docs" / "tutorial"
PAGES = sorted(TUTORIAL.glob("[0-9]*.md"))
_END = "the-command-has-ended"
#: Of who runs the tests; a make within a make says which folder it is in.
_NOT_MEANT = ("AWS_", "PULUMI_", "MAKE", "MFLAGS")

pytestmark = [pytest.mark.xdist_group("tutorial"), pytest.mark.timeout(300)]


def commands(page):
    """Each command of a page's `console` blocks, and the lines that it is to print."""
    for block in re.findall(r"^```console\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *printed = part.splitlines()
            yield command, printed


def pattern(printed):
    """A line `...` is any lines, `...` in a line anything; rules of a frame are as long as they are."""
    return "".join("(?:.*\\n)*" if line == "..." else f"{_line(line)}\n" for line in printed)


def _line(line):
    return re.sub("(─| {3,})+", "[─ ]+", re.escape(line).replace("\\ ", " ").replace(r"\.\.\.", ".*"))


class Shell:
    """A reader's shell, in the checkout, where the lab is another one than the checkout's own."""

    def __init__(self, folder, port):
        self.folder = folder
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_MEANT)}
        self.process = subprocess.Popen(
            ["/bin/bash", "--norc"],
            cwd=CHECKOUT,
            env={**environment, "LAB_FOLDER": str(folder / "lab"), "LAB_PORT": str(port), "COLUMNS": "100"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, command):
        """What a command prints; files that it writes are in a folder of the test's."""
        command = command.replace(".backlog/lab/", f"{self.folder}/lab/")
        command = re.sub(r"(?<![\w/.])(\w+\.txt)", rf"{self.folder}/\1", command)
        self.process.stdin.write(f"{command}\necho {_END}\n")
        self.process.stdin.flush()
        printed = ""
        for line in self.process.stdout:
            if line.strip() == _END:
                return printed
            printed += line
        raise AssertionError(f"the shell ended at {command}: {printed}")

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()


def three_free_ports():
    for first in range(6600, 7600, 3):
        sockets = [socket.socket() for _ in range(3)]
        try:
            for at, probe in enumerate(sockets):
                probe.bind(("127.0.0.1", first + at))
        except OSError:
            continue
        finally:
            for probe in sockets:
                probe.close()
        return first
    raise AssertionError("no three free ports")


@pytest.fixture
def shell(tmp_path_factory):
    folder = Path(tmp_path_factory.mktemp("t"))
    shell = Shell(folder, three_free_ports())
    yield shell
    shell.run("make lab-down")
    shell.end()


def test_every_command_prints_what_the_page_says(shell):
    assert len(PAGES) == 10
    for page in PAGES:
        for command, printed in commands(page):
            said = shell.run(command)
            assert re.fullmatch(pattern(printed), said), f"{page.name}: $ {command}\n{said}\n--- is not\n" + "\n".join(
                printed
            )
    assert not (shell.folder / "lab").exists()


def test_the_first_page_of_all_names_every_page():
    linked = re.findall(r"\]\((\d\d-[\w-]+\.md)\)", (TUTORIAL / "README.md").read_text(encoding="utf-8"))
    assert linked == [page.name for page in PAGES]
