"""What `make status` shows: processes, the queue, the address."""

import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from local.machine.emulator import Emulator
from local.machine.supervisor import Supervisor

_COLOURS = {
    "RUNNING": "green",
    "STARTING": "yellow",
    "BACKOFF": "red",
    "FATAL": "red",
    "EXITED": "red",
    "STOPPED": "dim",
}


def show(supervisor: Supervisor, aws: Emulator, outputs: Mapping[str, Any], console: Console) -> None:
    """Print the state of stack local as it is now."""
    table = Table("process", "state", "pid", "up for", box=None, header_style="bold", pad_edge=False)
    for process in supervisor.all_processes():
        state = process["statename"]
        alive = _duration(process["now"] - process["start"]) if process["pid"] else "-"
        table.add_row(
            process["name"],
            f"[{_COLOURS.get(state, 'white')}]{state.lower()}[/]",
            str(process["pid"] or "-"),
            alive,
        )
    console.print(table)
    console.print()
    for title, key in (("queue", "queue_url"), ("dead letters", "dlq_url")):
        console.print(f"{title:13}{_depth(aws, str(outputs[key]))}")
    console.print(f"{'database':13}{outputs['database_endpoint']}")
    console.print(f"{'API':13}{outputs['url']} {_health(str(outputs['url']))}")


def _depth(aws: Emulator, url: str) -> str:
    try:
        attributes = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    except (BotoCoreError, ClientError) as error:
        return f"[red]{error}[/]"
    waiting, taken = (attributes[f"ApproximateNumberOfMessages{which}"] for which in ("", "NotVisible"))
    return f"{waiting} waiting, {taken} in flight"


def _health(url: str) -> str:
    started = time.monotonic()
    try:
        with urllib.request.urlopen(f"{url}api/v1/ready", timeout=5):  # noqa: S310 - our own http URL
            return f"[green]ready[/] in {(time.monotonic() - started) * 1000:.0f} ms"
    except (urllib.error.URLError, OSError) as error:
        return f"[red]not ready: {error}[/]"


def _duration(seconds: int) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{rest:02}s"
