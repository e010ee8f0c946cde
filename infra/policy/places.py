"""Where in the program a resource is declared, for code scanning, which shows a finding beside a line."""

import re
from functools import cache
from pathlib import Path

from infra.policy.resources import Resource

_CHECKOUT = Path(__file__).resolve().parents[2]
_ENTRY = ("infra/__main__.py", 1)


def place(resource: Resource) -> tuple[str, int]:
    """The file of the component that it belongs to, and the line of the first resource of its type there.

    The program's entry where it belongs to none, or to one that is not in `infra/components/`.
    """
    components = re.findall(r"backlog:infra:\w+", resource.urn)
    for component in reversed(components):
        if found := _files().get(component):
            return found.relative_to(_CHECKOUT).as_posix(), _line(found, f".{resource.type.rsplit(':', 1)[-1]}(")
    return _ENTRY


@cache
def _files() -> dict[str, Path]:
    return {
        token: file
        for file in sorted((_CHECKOUT / "infra" / "components").glob("*.py"))
        for token in re.findall(r'"(backlog:infra:\w+)"', file.read_text(encoding="utf-8"))
    }


def _line(file: Path, call: str) -> int:
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, start=1) if call in line), 1)
