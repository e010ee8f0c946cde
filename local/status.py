"""What `make status` shows: processes, the queue, the address."""

import time
import urllib.request
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from local.machine.emulator import Emulator
from local.machine.sqs import NO_SUCH_QUEUE
from local.machine.supervisor import Supervisor

_COLOURS = {
    "RUNNING": "green",
    "STARTING": "yellow",
    "BACKOFF": "red",
    "FATAL": "red",
    "EXITED": "red",
    "STOPPED": "dim",
}


_MISSING = "[red]missing[/]; `make up` makes it again"


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
    if broker := outputs.get("broker_endpoint"):
        console.print(f"{'broker':13}{broker}")
    else:
        for title, key in (("queue", "queue_url"), ("dead letters", "dlq_url")):
            console.print(f"{title:13}{_depth(aws, outputs[key]) if key in outputs else _MISSING}")
    console.print(f"{'database':13}{outputs.get('database_endpoint', _MISSING)}")
    console.print(f"{'API':13}{_health(outputs['url']) if 'url' in outputs else _MISSING}")


def _depth(aws: Emulator, url: str) -> str:
    try:
        attributes = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    except ClientError as error:
        return _MISSING if error.response["Error"]["Code"] in NO_SUCH_QUEUE else f"[red]{escape(str(error))}[/]"
    except BotoCoreError:
        return f"[red]the embedded AWS does not answer on {aws.endpoint}[/]; `make up` starts it again"
    waiting, taken = (attributes[f"ApproximateNumberOfMessages{which}"] for which in ("", "NotVisible"))
    return f"{waiting} waiting, {taken} in flight"


def _health(url: str) -> str:
    started = time.monotonic()
    try:
        with urllib.request.urlopen(f"{url}api/v1/ready", timeout=5):  # noqa: S310 - our own http URL
            return f"{url} [green]ready[/] in {(time.monotonic() - started) * 1000:.0f} ms"
    except OSError as error:
        return f"{url} [red]not ready: {escape(str(error))}[/]"


def _duration(seconds: int) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{rest:02}s"
