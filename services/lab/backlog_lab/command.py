"""`queue-lab`: one sender or one receiver of the queue practical."""

import math
import re
import sys

import click
from click.core import ParameterSource

from backlog_lab.display import JsonLines, Terminal
from backlog_lab.failures import LabError
from backlog_lab.queue import Queue
from backlog_lab.receiving import Receiver
from backlog_lab.sending import send

_INTERRUPTED = 130  # what a shell says of a command that Ctrl-C ended

_HELP = {
    "name": "The queue's name; a FIFO queue's ends in .fifo.",
    "client_name": "Who you are: messages carry it.",
    "sends": "What to do.  [default: send]",
    "prepend": "Send `TEXT Message 0` and so on: a FIFO queue takes equal bodies once in five minutes.",
    "count": "Messages to send (100); with --receive, messages after which to end (none: Ctrl-C ends it).",
    "rate": "Messages per second, at most.  [default: as fast as it goes]",
    "endpoint_url": "Another SQS than AWS's.  [default: AWS_ENDPOINT_URL]",
    "region": "The queue's region.  [default: AWS_REGION]",
    "json": "One JSON object a line.",
}


@click.command(context_settings={"max_content_width": 120})
@click.option("--name", required=True, metavar="QUEUE", help=_HELP["name"])
@click.option("--client-name", required=True, metavar="NAME", help=_HELP["client_name"])
@click.option("--send/--receive", "sends", default=True, help=_HELP["sends"])
@click.option("--prepend", default="", metavar="TEXT", help=_HELP["prepend"])
@click.option("--count", type=int, default=100, metavar="N", help=_HELP["count"])
@click.option("--rate", type=float, metavar="N", help=_HELP["rate"])
@click.option("--endpoint-url", metavar="URL", help=_HELP["endpoint_url"])
@click.option("--region", envvar=["AWS_REGION", "AWS_DEFAULT_REGION"], metavar="REGION", help=_HELP["region"])
@click.option("--json", "for_machines", is_flag=True, help=_HELP["json"])
@click.pass_context
def main(
    context: click.Context,
    *,
    name: str,
    client_name: str,
    sends: bool,
    prepend: str,
    count: int,
    rate: float | None,
    endpoint_url: str | None,
    region: str | None,
    for_machines: bool,
) -> None:
    """Send numbered messages to a queue, or receive what is in it.

    Start several at once, with different names, and see what the queue does with order and with duplicates.
    """
    wrong = {
        "--name is empty": not name.strip(),
        "--client-name is empty": not client_name.strip(),
        "--prepend is for sending, and --receive was given": prepend and not sends,
        f"--count is {count}, and must be 1 or more": count < 1,
        f"--rate is {rate}, and must be more than 0": rate is not None and not (math.isfinite(rate) and rate > 0),
        f"--endpoint-url is {endpoint_url}, and must be like http://127.0.0.1:4566": endpoint_url is not None
        and not re.match(r"https?://[^/]", endpoint_url),
    }
    if mistakes := [mistake for mistake, made in wrong.items() if made]:
        raise click.UsageError("; ".join(mistakes))
    counted = context.get_parameter_source("count") is not ParameterSource.DEFAULT
    display = JsonLines() if for_machines else Terminal()
    try:
        display.begin(f"{client_name} sends to {name}" if sends else f"{client_name} receives from {name}")
        queue = Queue(name, endpoint_url, region)
        display.connected(name)
        if not sends:
            Receiver(queue, display, rate, count if counted else None).run()
        elif not send(queue, display, client_name, count, rate, prepend):
            sys.exit(_INTERRUPTED)
    except LabError as failure:
        display.fail(str(failure))
        sys.exit(1)
