"""`queue-lab`: one sender or one receiver of the queue practical."""

import math
import sys
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from backlog_lab.display import JsonLines, Terminal
from backlog_lab.failures import LabError
from backlog_lab.queue import Queue
from backlog_lab.receiving import Receiver
from backlog_lab.sending import send

_INTERRUPTED = 130  # what a shell says of a command that Ctrl-C ended


def _not_empty(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not value.strip():
        raise click.BadParameter("it is empty")
    return value


def _finite(_context: click.Context, _parameter: click.Parameter, value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise click.BadParameter("it is no number of messages per second")
    return value


def _web_address(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and (urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).netloc):
        raise click.BadParameter(f"{value} is no address such as http://127.0.0.1:4566")
    return value


@click.command(context_settings={"max_content_width": 100})
@click.option(
    "--name",
    required=True,
    callback=_not_empty,
    metavar="QUEUE",
    help="The queue's name; a FIFO queue's ends in .fifo.",
)
@click.option(
    "--client-name", required=True, callback=_not_empty, metavar="NAME", help="Who you are: messages carry it."
)
@click.option("--send/--receive", "sends", default=True, help="What to do.  [default: send]")
@click.option(
    "--prepend",
    default="",
    metavar="TEXT",
    help="Send `TEXT Message 0` and so on: a FIFO queue takes equal bodies once in five minutes.",
)
@click.option(
    "--count",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    metavar="N",
    help="Messages to send; with --receive, end after so many (default: receive until Ctrl-C).",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    callback=_finite,
    metavar="N",
    help="Messages per second, at most.  [default: as fast as it goes]",
)
@click.option(
    "--endpoint-url", callback=_web_address, metavar="URL", help="Another SQS than AWS's.  [default: AWS_ENDPOINT_URL]"
)
@click.option(
    "--region",
    envvar=["AWS_REGION", "AWS_DEFAULT_REGION"],
    metavar="REGION",
    help="The queue's region.  [default: AWS_REGION]",
)
@click.option("--json", "for_machines", is_flag=True, help="One JSON object a line.")
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
    if prepend and not sends:
        raise click.UsageError("--prepend is for sending, and --receive was given")
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
