"""`make lab-table`: asks every technology the contract's questions, and writes the answers into docs/queues.md."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console

from infra.cost.prices import AS_OF, price
from local.folder import CHECKOUT
from local.lab import contract
from local.lab.running import running
from local.lab.technologies import ATTEMPTS, VISIBILITY, Technology
from local.provider.realised import ResourceError

FILE = CHECKOUT / "docs" / "queues.md"
_REGION = "us-east-1"
_COUNT = 200  # messages of each sender
_MILLION, _HOUR = 1_000_000, 3_600
#: A message is sent, received and deleted by a tenth of a request each, where they are in tens.
_TENTH = 0.1
#: What a server by the hour costs for a million messages depends on how many it carries: messages per second.
_PACES = (1, 100)

#: Priced units of the technologies that are paid by the hour: the smallest that infra/cost/prices.py knows.
_HOURLY: Mapping[str, str] = {
    "rabbitmq": "mq mq.t3.micro hour",
    "valkey": "valkey cache.t4g.micro hour",
    "kafka": "kafka serverless cluster hour",
}
_WHO_BURIES = {"valkey": "the client", "kafka": "the client"}

_HEAD = """# Queues, side by side

Written by `make lab-table` from a run on {date}: each technology's real server on one machine, SQS and SNS being the
embedded AWS's, which are slower than Amazon's, have no distance, and give a standard queue's messages host after host
in no order of hosts, as the SQS Developer Guide describes it: how much of its order such a queue loses on AWS is
another number. A test holds them all to the same contract (`tests/integration/test_technologies.py`);
`make lab-demo` draws it. Nothing here was measured on AWS.

"""

_FOOT = """
- **Order**: of {of} messages from two senders, how many came behind a later one of their sender.
- **Lost, twice**: of the messages of those runs, while nothing failed. A crash is another matter: all of them deliver
  at least once.
- **After a crash**: seconds from the death of a receiver (`kill -9`) until another has all that it had in hand. SQS and
  Valkey wait for the visibility timeout, here {visibility} s; RabbitMQ sees the connection end; Kafka waits for 6 s of
  silence, and then divides the partitions anew.
- **Poison**: who moves a message that failed {attempts} times to the dead letters.
- **Equal messages**: how many arrive of ten that are sent twice. FIFO compares the bodies of the last five minutes.
- **Speed**: messages per second, two senders and two receivers, as a multiple of SQS standard's ({base:.0f}/s) in the
  same run; sent in tens where that is possible.
- **A million messages**: US dollars, list prices of {region} as of {as_of} (`infra/cost/prices.py`), computed: SQS and
  SNS by their requests in tens, a send, a receive and a delete for each message; the others by the hour of the smallest
  that is offered ({servers}), at {slow} and at {fast} messages per second.
  Kafka's partitions and data come on top.
"""


@dataclass(frozen=True)
class Row:
    """A technology's answers."""

    technology: Technology
    order: contract.Order
    crash: float
    poison: contract.Poison
    fan_out: list[int] | None
    copies: int


def asked(technology: Technology) -> Row:
    """All questions, one after another."""
    return Row(
        technology,
        contract.order(technology, _COUNT),
        contract.seconds_until_redelivered(technology),
        contract.poison(technology),
        contract.fan_out(technology),
        contract.copies(technology),
    )


def document(rows: list[Row]) -> str:
    """The whole page."""
    base = rows[0].order.per_second
    titles = "technology|order, 1 receiver|order, 2 receivers|lost|twice|after a crash|poison|fan-out|equal messages"
    head = [*titles.split("|"), "speed", "a million messages"]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *(_line(row, base) for row in rows)]
    foot = _FOOT.format(
        of=rows[0].order.of,
        visibility=VISIBILITY,
        attempts=ATTEMPTS,
        base=base,
        region=_REGION,
        as_of=AS_OF,
        servers=", ".join(unit.split(" ", 1)[1].removesuffix(" hour") for unit in _HOURLY.values()),
        slow=_PACES[0],
        fast=_PACES[1],
    )
    return _HEAD.format(date=datetime.now(UTC).date()) + "\n".join(lines) + "\n" + foot


def dollars(key: str) -> str:
    """What a million messages cost."""
    if unit := _HOURLY.get(key):
        hours = [_MILLION / pace / _HOUR for pace in _PACES]
        return "; ".join(f"${_usd(unit) * each:.2f} at {pace}/s" for each, pace in zip(hours, _PACES, strict=True))
    kind = "fifo" if key == "sqs-fifo" else "standard"
    request = _usd(f"sqs {kind} million requests")
    sent = _usd("sns million publishes") if key == "sns-sqs" else request
    return f"${_TENTH * (sent + 2 * request):.2f}"


def main() -> int:
    """The command."""
    say = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        with running() as technologies:
            rows = []
            for technology in technologies:
                say.print(f"asking {technology.title}")
                rows.append(asked(technology))
    except (ResourceError, AssertionError) as error:
        say.print(f"[red]✗[/] {error}")
        return 1
    FILE.write_text(document(rows), encoding="utf-8")
    say.print(f"written: {FILE.relative_to(CHECKOUT)}")
    return 0


def _line(row: Row, base: float) -> str:
    order = row.order
    cells = [
        row.technology.title,
        _kept(order.one_receiver, order.of),
        _kept(order.two_receivers, order.of),
        str(order.lost),
        str(order.duplicates),
        f"{row.crash:.1f} s",
        f"{_WHO_BURIES.get(row.technology.key, 'the queue')}, after {row.poison.receives}"
        if row.poison.buried
        else "nobody",
        "no" if row.fan_out is None else " and ".join(map(str, row.fan_out)) + " of 10",
        f"{row.copies} of 20",
        f"{order.per_second / base:.1f} times",
        dollars(row.technology.key),
    ]
    return f"| {' | '.join(cells)} |"


def _kept(disordered: int, of: int) -> str:
    return "kept" if not disordered else f"{disordered} of {of} behind"


def _usd(unit: str) -> float:
    known = price(unit, _REGION)
    if known is None:
        raise KeyError(unit)
    return known.usd


if __name__ == "__main__":
    sys.exit(main())
