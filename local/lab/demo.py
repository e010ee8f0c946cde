"""`make lab-demo`: two senders and two receivers on each technology, seen live in one terminal, then as pictures.

Where the output is no terminal, it prints a line for each technology, and ends by itself all the same.
"""

import sys
import uuid

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from local.folder import CHECKOUT
from local.lab.picture import picture
from local.lab.race import RECEIVERS, Race, race
from local.lab.running import running
from local.lab.servers import KINDS
from local.lab.technologies import Technology
from local.provider.realised import ResourceError

PICTURES = CHECKOUT / ".backlog" / "lab-demo"
_COUNT, _RATE = 60, 30.0  # messages of each sender, and its messages per second: slow enough to be looked at
_SHOWN = 34  # messages in the strip of the last ones


def main(arguments: list[str]) -> int:
    """The command; a technology's key shows that one alone."""
    console = Console(highlight=False, soft_wrap=True)
    wanted = arguments[0] if arguments else ""
    try:
        console.print("Starting the servers: ten seconds or so.", style="dim")
        with running([kind for kind in KINDS if not wanted or kind == wanted]) as technologies:
            chosen = [each for each in technologies if not wanted or each.key == wanted]
            if not chosen:
                known = ", ".join(each.key for each in technologies)
                console.print(f"[red]✗[/] There is no technology {wanted!r}; there are {known}, {', '.join(KINDS)}")
                return 1
            for technology in chosen:
                run = _seen(console, technology)
                if run.failure:
                    console.print(f"[red]✗[/] {run.title}: {run.failure}")
                    return 1
                PICTURES.mkdir(parents=True, exist_ok=True)
                file = PICTURES / f"{technology.key}.svg"
                file.write_text(picture(run), encoding="utf-8")
                console.print(f"{_sentence(run)}  [dim]{file.relative_to(CHECKOUT)}[/]")
    except ResourceError as error:
        console.print(f"[red]✗[/] {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def view(run: Race) -> Panel:
    """One technology as it is now: how far it is, who gets what, and the last messages in the order they came."""
    bars = Progress(
        TextColumn("{task.description:>9}"), BarColumn(40), TextColumn("{task.completed:>4.0f} of {task.total:.0f}")
    )
    bars.add_task("sent", total=run.expected, completed=run.sent)
    bars.add_task("received", total=run.expected, completed=run.distinct)
    behind = {id(arrival) for arrival in run.out_of_order}
    strips = Table.grid(padding=(0, 1))
    for receiver in RECEIVERS:
        strip = Text()
        for arrival in [each for each in run.arrivals if each.receiver == receiver][-_SHOWN:]:
            colour = "cyan" if arrival.sender == "alice" else "magenta"
            strip.append("▼" if id(arrival) in behind else "■", f"bold {colour}" if id(arrival) in behind else colour)
        strips.add_row(Text(f"{receiver:>9}", "dim"), strip)
    numbers = (
        f"{run.per_second:8.1f} messages/s   {len(behind)} behind a later one of their sender   "
        f"{run.duplicates} duplicates"
    )
    key = Text.assemble(("■", "cyan"), " alice's  ", ("■", "magenta"), " bob's  ▼ out of order", style="dim")
    return Panel(Group(bars, strips, Text(numbers), key), title=f"[bold]{run.title}[/]", border_style="cyan", width=90)


def _seen(console: Console, technology: Technology) -> Race:
    """Run it with a live view, where there is a terminal."""
    name = f"demo-{uuid.uuid4().hex[:8]}"
    if not console.is_terminal:
        return race(technology, name, _COUNT, _RATE)
    with Live(console=console, refresh_per_second=12) as live:
        return race(technology, name, _COUNT, _RATE, lambda run: live.update(view(run)))


def _sentence(run: Race) -> str:
    order = f"{len(run.out_of_order)} out of order" if run.out_of_order else "all in order"
    return f"{run.title}: {run.distinct} of {run.expected} received, {order}, {run.duplicates} duplicates"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
