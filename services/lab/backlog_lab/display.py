"""What a person sees, or a machine reads."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from backlog_lab.queue import Received
from backlog_lab.summary import Summary


class Display(Protocol):
    """The moments of a run; times are seconds since the epoch."""

    def begin(self, action: str) -> None:
        """What is about to be done."""

    def connected(self, queue: str) -> None:
        """The queue was found."""

    def sending(self, count: int) -> Any:
        """A context around sending so many messages, which gives a function to call with each number just sent."""

    def sent(self, count: int, seconds: float) -> None:
        """Sending is over."""

    def receiving(self) -> Any:
        """A context around receiving."""

    def received(self, message: Received, now: float, *, duplicate: bool) -> None:
        """A message came."""

    def failed(self, message: Received, now: float) -> None:
        """A message came, and could not be handled."""

    def crashes(self, count: int) -> None:
        """The process is about to die, after so many messages."""

    def summarise(self, summary: Summary) -> None:
        """Receiving is over."""

    def fail(self, sentence: str) -> None:
        """It cannot go on."""


class Terminal:
    """For people; where the output is no terminal, without colours and moving parts."""

    def __init__(self) -> None:
        """Messages go to the standard output, errors to the standard error."""
        self._out = Console(highlight=False, soft_wrap=True)
        self._err = Console(stderr=True, highlight=False, soft_wrap=True)

    def begin(self, action: str) -> None:
        self._out.print(Panel.fit(Text(action), title="[bold]queue-lab[/]", border_style="cyan", padding=(0, 2)))

    def connected(self, queue: str) -> None:
        self._out.print(Text(f"Connected to {queue}", "green"))

    @contextmanager
    def sending(self, count: int) -> Iterator[Callable[[int], None]]:
        columns = (TextColumn("Sending"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self._out) as progress:
            task = progress.add_task("Sending", total=count)
            yield lambda messages: progress.advance(task, messages)

    def sent(self, count: int, seconds: float) -> None:
        self._out.print(f"Sent {_messages(count)} in {seconds:.1f} s ({_rate(count / seconds if seconds else None)})")

    @contextmanager
    def receiving(self) -> Iterator[None]:
        with self._out.status("Waiting for messages; Ctrl-C ends it"):
            yield

    def received(self, message: Received, now: float, *, duplicate: bool) -> None:
        line = Text(f"{_local(now)}  ", "dim")
        line.append(
            f"{printable(message.client)}: {printable(message.body)}", "not dim yellow" if duplicate else "not dim"
        )
        self._out.print(line)

    def failed(self, message: Received, now: float) -> None:
        said = f"{printable(message.client)}: {printable(message.body)}"
        self._out.print(Text(f"{_local(now)}  {said} fails, receive {message.receives}", "red"))

    def crashes(self, count: int) -> None:
        self._out.print(Text(f"Crashing after {_messages(count)}: the last are not deleted", "bold red"))

    def summarise(self, summary: Summary) -> None:
        age = "n/a" if summary.oldest_age is None else f"{summary.oldest_age:.1f} s"
        self._out.print(
            f"Received {_messages(summary.received)}, duplicates seen {summary.duplicates},"
            f" rate {_rate(summary.rate)}, oldest age {age}"
        )

    def fail(self, sentence: str) -> None:
        self._err.print(Text(printable(sentence), "bold red"))


class JsonLines:
    """For machines: one JSON object a line, its kind in `event`; errors too, on the standard error."""

    def begin(self, action: str) -> None:
        """The one who asked knows."""

    def connected(self, queue: str) -> None:
        self._write("connected", queue=queue)

    @contextmanager
    def sending(self, count: int) -> Iterator[Callable[[int], None]]:  # noqa: ARG002 - who counts is the reader
        yield lambda _messages: None

    def sent(self, count: int, seconds: float) -> None:
        rate = count / seconds if seconds else None
        self._write("sent", messages=count, seconds=seconds, messages_per_second=rate)

    @contextmanager
    def receiving(self) -> Iterator[None]:
        yield

    def received(self, message: Received, now: float, *, duplicate: bool) -> None:
        self._write(
            "received",
            time=_utc(now),
            client=message.client,
            body=message.body,
            id=message.id,
            sent_at=_utc(message.sent_at),
            receives=message.receives,
            duplicate=duplicate,
        )

    def failed(self, message: Received, now: float) -> None:
        self._write(
            "failed", time=_utc(now), client=message.client, body=message.body, id=message.id, receives=message.receives
        )

    def crashes(self, count: int) -> None:
        self._write("crash", messages=count)

    def summarise(self, summary: Summary) -> None:
        self._write(
            "summary",
            messages=summary.received,
            duplicates=summary.duplicates,
            messages_per_second=summary.rate,
            oldest_age_seconds=summary.oldest_age,
        )

    def fail(self, sentence: str) -> None:
        sys.stderr.write(json.dumps({"event": "error", "message": sentence}) + "\n")

    def _write(self, event: str, **fields: Any) -> None:
        sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
        sys.stdout.flush()  # who reads a pipe wants each line when it happens


def printable(text: str) -> str:
    """On one line, and without control characters: what others send must not drive the terminal."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def _messages(count: int) -> str:
    return f"{count:,} message{'' if count == 1 else 's'}"


def _rate(rate: float | None) -> str:
    return "n/a" if rate is None else f"{rate:,.1f} messages/s"


def _local(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).astimezone().strftime("%H:%M:%S.%f")[:-3]


def _utc(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
