"""Writes docs/settings.md: `python -m infra.settings.document`."""

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from infra.settings.lab import LabSettings
from infra.settings.options import Option, options

_CHECKOUT = Path(__file__).resolve().parents[2]
FILE = _CHECKOUT / "docs" / "settings.md"
STACKS = ("local", "dev", "prod")
LAB = ("lab",)

_HEAD = """# What a stack can be configured with

Written by `python -m infra.settings.document`; a test says when it is out of date.

Each key stands in `Pulumi.STACK.yaml` with the project's name before it (`backlog:api: {spot: true}` for `api.spot`),
but for those of the provider (`aws:region`, `aws:defaultTags`). Every mistake is told at once, before anything is made.
A stack's column says what its file sets; empty is the default.

"""

_OF_THE_LAB = """
## A stack that has the queue practical alone

`only: lab` makes it one (infra/lab.py): of the settings above it has these.

"""


def document() -> str:
    """The whole page."""
    return _HEAD + _table(options(), STACKS) + _OF_THE_LAB + _table(options(LabSettings), LAB)


def _table(rows: Iterable[Option], stacks: Sequence[str]) -> str:
    written = {stack: _written(stack) for stack in stacks}
    lines = [
        f"| key | what | type | default | {' | '.join(stacks)} |",
        f"|---|---|---|---|{'---|' * len(stacks)}",
        *(_row(option, written) for option in rows),
    ]
    return "\n".join(lines) + "\n"


def _row(option: Option, written: dict[str, dict[str, Any]]) -> str:
    kind = " or ".join(_code(value) for value in option.values) or f"{option.kind} {option.limits}".strip()
    default = "required" if option.required else "" if option.default is None else _code(option.default)
    stacks = ("" if (value := _at(written[stack], option)) is None else _code(value) for stack in written)
    cells = [f"`{option.key}`", option.description, kind, default, *stacks]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _written(stack: str) -> dict[str, Any]:
    file = _CHECKOUT / f"Pulumi.{stack}.yaml"
    config = yaml.safe_load(file.read_text(encoding="utf-8"))["config"]
    return {key.removeprefix("backlog:"): value for key, value in config.items()}


def _at(value: Any, option: Option) -> Any:
    """What a file says of an option; a block is said by its own options."""
    if option.kind == "block" or "[]" in option.key:
        return None
    for step in option.key.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _code(value: Any) -> str:
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


if __name__ == "__main__":
    FILE.write_text(document(), encoding="utf-8")
    sys.exit(0)
