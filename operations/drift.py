"""`make drift STACK=prod`: what in AWS is no more as the stack's last update left it.

Asks AWS for each resource (`pulumi refresh --preview-only`: nothing is written down, and the program is not run), and
names what is gone or changed; of values nothing is told, since some are secrets.

0: nothing drifted, or OUT has the report. 1: something did. 2: it could not be asked.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.folder import CHECKOUT

_ASK = ["pulumi", "refresh", "--preview-only", "--json", "--non-interactive", "--stack"]


class CannotAsk(Exception):
    """Pulumi could not say, in a sentence."""


@dataclass(frozen=True)
class Drifted:
    """One resource: `properties` that changed, or none where it is gone."""

    type: str
    name: str
    properties: tuple[str, ...]

    def __str__(self) -> str:
        what = f"changed: {', '.join(self.properties)}" if self.properties else "gone"
        return f"{self.name} ({self.type}): {what}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="make drift", description=__doc__.splitlines()[0])
    parser.add_argument("stack")
    parser.add_argument("--out", type=Path, help="write a report for `make drift-issue`, which is then no failure")
    given = parser.parse_args(arguments)
    try:
        found = sorted(drifted(asked(given.stack)), key=str)
    except CannotAsk as error:
        sys.stderr.write(f"drift: {error}\n")
        return 2
    text = report(given.stack, found)
    if not given.out:
        sys.stdout.write(text.partition("\n")[2].lstrip())
        return int(bool(found))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(text, encoding="utf-8")
    return 0


def asked(stack: str, folder: Path = CHECKOUT, variables: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    """What Pulumi says of the stack.

    Raises:
        CannotAsk: it says nothing that can be read.
    """
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true", **(variables or {})}
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            [*_ASK, stack], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise CannotAsk("there is no `pulumi` on PATH; `make drift` finds the one that it made") from None
    try:
        said = json.loads(done.stdout[done.stdout.index("{") :])
    except ValueError:
        said = None
    if done.returncode or not isinstance(said, dict) or "steps" not in said:
        raise CannotAsk(f"pulumi can't say of stack {stack}: {' '.join((done.stderr or done.stdout).split())[:2_000]}")
    return said


def drifted(digest: Mapping[str, Any]) -> Iterator[Drifted]:
    """The resources that are not what their state says."""
    for step in digest["steps"]:
        old, new = step.get("oldState") or {}, step.get("newState")
        if not old.get("custom"):  # a component is nowhere but in the state
            continue
        kind, name = str(old.get("type")), str(step["urn"]).rsplit("::", 1)[-1]
        if not new:
            yield Drifted(kind, name, ())
        elif changed := _changed(old, new):
            yield Drifted(kind, name, changed)


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """Of what the program gives, and does not leave to others (ignoreChanges): what AWS computes changes by itself."""
    before, after = old.get("inputs") or {}, new.get("inputs") or {}
    left = {str(path).split(".")[0] for path in old.get("ignoreChanges") or ()}
    names = {name for name in {*before, *after} - left if not name.startswith("__")}
    return tuple(sorted(name for name in names if before.get(name) != after.get(name)))


def report(stack: str, found: Sequence[Drifted]) -> str:
    """Markdown, whose first line says for machines what it is."""
    lines = [f"<!-- backlog-drift stack={stack} drifted={len(found)} -->"]
    if not found:
        return "\n".join([*lines, f"Stack {stack}: nothing drifted.", ""])
    resources = "1 resource is" if len(found) == 1 else f"{len(found)} resources are"
    lines += [f"Stack {stack}: {resources} no more as its last update left them.", ""]
    lines += [f"- `{one}`" for one in found]
    lines += ["", "What is gone or changed in AWS comes back with the next update, or is written into the program:"]
    lines += [f"`pulumi preview --refresh --diff -s {stack}` shows both (docs/ci.md)."]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main())
