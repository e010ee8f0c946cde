"""`python -m infra.review.two_programs STACK BASE OURS FOLDER`: two revisions' programs, one after the other.

The base's is brought up in the embedded cloud, ours is previewed over it and then brought up by itself. Written into
FOLDER: before.json, digest.json, after.json. A process of its own: a revision's modules have the names of another's.
"""

import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

from pulumi import automation

from infra import build_context
from local import environment
from local.engine import Engine
from local.folder import StackFolder


def main() -> int:
    """1 where a program fails; the engine's own words are then on standard output."""
    stack, base, ours, into = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
    engine = Engine(stack, StackFolder(into / "stack"))
    with environment.of_our_own():
        try:
            engine.program, engine.config_folder = _of(base), into / "base-settings"
            if not (engine.config_folder / f"Pulumi.{stack}.yaml").is_file():  # the stack is new: all of it is
                engine.program, engine.config_folder = _nothing, into / "ours-settings"
            _write(into / "before.json", _up(engine))
            engine.program, engine.config_folder = _of(ours), into / "ours-settings"
            (into / "digest.json").write_text(engine.digest(), encoding="utf-8")
            engine.folder = StackFolder(into / "anew")  # what is protected would stand in the way of it
            _write(into / "after.json", _up(engine))
        except automation.CommandError as error:
            print(error)  # noqa: T201
            return 1
    return 0


def _up(engine: Engine) -> dict[str, object]:
    with engine.opened() as stack:
        stack.up()
    return {"version": 3, "deployment": engine.state()}


def _of(checkout: Path) -> Callable[[], None]:
    """The program of a checkout, with its own modules."""

    def program() -> None:
        build_context.PROGRAM = checkout / "infra"  # where the embedded cloud finds what an image is built of
        for name in [name for name in sys.modules if name == "infra" or name.startswith("infra.")]:
            del sys.modules[name]
        runpy.run_path(str(checkout / "infra"), run_name="__main__")

    return program


def _nothing() -> None:
    """An empty stack."""


def _write(file: Path, export: dict[str, object]) -> None:
    file.write_text(json.dumps(export), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
