"""What a benchmark found: ours beside the plain way's, measured in one run, as a ratio to be judged by a goal."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    `ours` and `plain` are as they were measured, with their units; `value` is what the goal speaks of: how many times
    better ours is, or the measured number itself. `at_least` and `at_most` are the goal; without one it is a figure to
    be looked at.
    """

    what: str
    ours: str
    plain: str
    value: float
    unit: str = "times"
    at_least: float | None = None
    at_most: float | None = None

    @property
    def goal(self) -> str:
        """The goal in words."""
        if self.at_least is not None:
            return f"{self.at_least:g} {self.unit} or more"
        return "" if self.at_most is None else f"{self.at_most:g} {self.unit} or less"

    @property
    def met(self) -> bool:
        """Whether the goal is met; a figure without one always is."""
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )


def show(figures: Sequence[Figure]) -> None:
    """Print the table."""
    table = Table("what", "ours", "plain", "figure", "goal", "", box=None, pad_edge=False, header_style="bold")
    for figure in figures:
        mark = "" if not figure.goal else "met" if figure.met else "[bold red]not met[/]"
        table.add_row(figure.what, figure.ours, figure.plain, f"{figure.value:.3g} {figure.unit}", figure.goal, mark)
    Console(width=160).print(table)


def write(figures: Sequence[Figure], path: Path) -> None:
    """As JSON."""
    rows = [{**asdict(figure), "met": figure.met} for figure in figures]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
