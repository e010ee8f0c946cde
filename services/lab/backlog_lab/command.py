"""`queue-lab`: one sender or one receiver of the queue practical."""

import math
import re
import sys

import click
from click.core import ParameterSource

from backlog_lab.display import JsonLines, Terminal
from backlog_lab.failures import LabError
from backlog_lab.receiving import Ends, Faults, Receiver
from backlog_lab.sending import send
from backlog_lab.technologies.mailbox import Terms
from backlog_lab.technologies.opening import SCHEMES, opened

_LONGEST = 43_200  # seconds; SQS's longest visibility timeout
_INTERRUPTED = 130  # what a shell says of a command that Ctrl-C ended

_HELP = {
    "name": "The queue's name; a FIFO queue's ends in .fifo; a topic of SNS by its ARN, to send to.",
    "client_name": "Who you are: messages carry it.",
    "sends": "What to do.  [default: send]",
    "prepend": "Send `TEXT Message 0` and so on: a FIFO queue takes equal bodies once in five minutes.",
    "count": "Messages to send (100); with --receive, messages after which to end (none: Ctrl-C ends it).",
    "rate": "Messages per second, at most.  [default: as fast as it goes]",
    "visibility": "Seconds that what is received stays hidden from others.  [default: as the queue says]",
    "idle": "Receive, and end after so many seconds without a message.",
    "fail": "Receive, and fail with every message that has TEXT in it: it goes back to the queue.",
    "crash_after": "Receive N messages and die without deleting the last of them.",
    "group": "Who shares the messages, where each group gets them all: Valkey and Kafka.  [default: lab]",
    "endpoint_url": "Another SQS than AWS's (AWS_ENDPOINT_URL); amqps://, rediss:// or kafka:// for others than SQS.",
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
@click.option("--visibility", type=float, metavar="SECONDS", help=_HELP["visibility"])
@click.option("--idle", type=float, metavar="SECONDS", help=_HELP["idle"])
@click.option("--fail", default="", metavar="TEXT", help=_HELP["fail"])
@click.option("--crash-after", type=int, metavar="N", help=_HELP["crash_after"])
@click.option("--group", default="lab", metavar="NAME", help=_HELP["group"])
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
    visibility: float | None,
    idle: float | None,
    fail: str,
    crash_after: int | None,
    group: str,
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
        "--fail is for receiving, and --send is the default": fail and sends,
        "--crash-after is for receiving, and --send is the default": crash_after is not None and sends,
        "--idle is for receiving, and --send is the default": idle is not None and sends,
        f"--idle is {idle}, and must be more than 0": idle is not None and not idle > 0,
        f"--crash-after is {crash_after}, and must be 1 or more": crash_after is not None and crash_after < 1,
        f"--visibility is {visibility}, and must be 0 or more": visibility is not None
        and not 0 <= visibility <= _LONGEST,
        f"--endpoint-url is {endpoint_url}, and must be like http://127.0.0.1:4566": endpoint_url is not None
        and not re.match(rf"({'|'.join(('https?', *SCHEMES))})://[^/]", endpoint_url),
    }
    if mistakes := [mistake for mistake, made in wrong.items() if made]:
        raise click.UsageError("; ".join(mistakes))
    counted = context.get_parameter_source("count") is not ParameterSource.DEFAULT
    display = JsonLines() if for_machines else Terminal()
    try:
        display.begin(f"{client_name} sends to {name}" if sends else f"{client_name} receives from {name}")
        queue = opened(name, endpoint_url, region, Terms(visibility=visibility, group=group))
        display.connected(name)
        if not sends:
            ends = Ends(count if counted else None, idle)
            Receiver(queue, display, rate, ends, Faults(fail, crash_after)).run()
        elif not send(queue, display, client_name, count, rate, prepend):
            sys.exit(_INTERRUPTED)
    except LabError as failure:
        display.fail(str(failure))
        sys.exit(1)
