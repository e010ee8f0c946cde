"""`make cost STACK=prod`: what the stack costs a month when nobody uses it, of what, and what was assumed.

The program itself says it (its output `monthly_floor`), on Pulumi's engine and with no credentials.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.cost.prices import HOURS, SPOT
from local.engine import Engine, stack_config
from local.folder import StackFolder


def main() -> int:
    """The command; 1 where there is no such stack."""
    (stack,) = sys.argv[1:]
    console = Console(highlight=False)
    if not stack_config(stack):
        Console(stderr=True, highlight=False).print(
            f"[red]✗[/] There is no stack {stack!r}: Pulumi.{stack}.yaml does not exist."
        )
        return 1
    show(stack, floor_of(stack), console)
    return 0


def floor_of(stack: str) -> dict[str, Any]:
    """The stack's own output."""
    folder = StackFolder(Path(tempfile.mkdtemp(prefix="backlog-")))
    try:
        with Engine(stack, folder).opened() as opened:
            told: dict[str, Any] = opened.up().outputs["monthly_floor"].value
            return told
    finally:
        folder.remove()


def show(stack: str, told: dict[str, Any], console: Console) -> None:
    """The parts, the sum, and what was assumed."""
    table = Table("", f"US dollars a month, {told['region']}", box=None, pad_edge=False)
    table.columns[1].justify = "right"
    for part, usd in sorted(told["parts"].items(), key=lambda part: -part[1]):
        table.add_row(part, f"{usd:.2f}")
    table.add_row("[bold]at least[/]", f"[bold]{told['usd']:.2f}[/]")
    console.print(table)
    console.print(
        f"\nStack {stack}, list prices as of {told['pricesAsOf']}{', some of them about' if told['about'] else ''}: "
        f"the fewest tasks for {HOURS} hours, Spot at {SPOT:.0%} of the price, nothing stored beyond what is "
        "allocated, no traffic, no logs, no free tier.",
        soft_wrap=True,
    )
    if told["noPriceKnown"]:
        console.print(f"[yellow]No price known, and not counted:[/] {', '.join(told['noPriceKnown'])}", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
