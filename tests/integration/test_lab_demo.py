"""The demo in one terminal: what it prints and draws, where nobody looks as well."""

import io
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest
from rich.console import Console

from local.folder import CHECKOUT
from local.lab import demo, table
from local.lab.contract import Order, Poison
from local.lab.picture import picture
from local.lab.race import Arrival, Race
from local.lab.technologies import Technology

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def run():
    """What bob sent second came first, and once more."""
    made = Race("SNS → SQS", 3, sent=6)
    came = [("bob", 1), ("bob", 0), ("alice", 0), ("alice", 1), ("bob", 1), ("alice", 2), ("bob", 2)]
    for place, (sender, number) in enumerate(came):
        made.arrivals.append(Arrival(0.1 * (place + 1), ("carol", "dave")[place % 2], sender, number))
    return made


def test_without_a_terminal_it_prints_plain_lines_and_ends_by_itself():
    done = subprocess.run(
        [sys.executable, "-m", "local.lab.demo", "sqs-fifo"],
        cwd=CHECKOUT, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("SQS FIFO")]
    assert line == ("SQS FIFO: 120 of 120 received, all in order, 0 duplicates  .backlog/lab-demo/sqs-fifo.svg")
    assert "\x1b" not in done.stdout
    drawn = ET.parse(CHECKOUT / ".backlog" / "lab-demo" / "sqs-fifo.svg").getroot()  # noqa: S314 - our own
    assert drawn.tag == f"{SVG}svg"


def test_it_counts_what_is_late_and_what_comes_twice(run):
    assert (run.expected, run.distinct, run.duplicates) == (6, 6, 1)
    assert [(late.sender, late.number) for late in run.out_of_order] == [("bob", 0)]


def test_a_picture_has_a_mark_for_each_message_and_a_ring_for_each_that_is_late(run):
    drawn = ET.fromstring(picture(run))  # noqa: S314 - our own
    circles = drawn.findall(f"{SVG}circle")
    legend = 3
    assert len([one for one in circles if one.get("fill") != "none"]) == len(run.arrivals) + legend - 1
    assert len([one for one in circles if one.get("fill") == "none"]) == len(run.out_of_order) + 1
    assert "1 came behind a later one of their sender" in picture(run)


def test_the_live_view_shows_each_message_and_the_numbers(run):
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(demo.view(run))
    said = console.export_text()
    assert said.count("■") + said.count("▼") == len(run.arrivals) + 3
    assert "6 of 6" in said
    assert "1 duplicates" in said


def test_a_technology_that_there_is_not_is_told(capsys):
    assert demo.main(["pigeons"]) == 1
    assert "There is no technology 'pigeons'" in capsys.readouterr().out


def test_the_table_says_what_was_measured_and_what_was_reckoned():
    order = Order(one_receiver=3, two_receivers=0, of=400, lost=0, duplicates=1, per_second=100)
    row = table.Row(Technology("sqs", "SQS standard", None, None, None), order, 2.04, Poison(3, True, 2), None, 20)
    text = table.document([row])
    assert "| SQS standard | 3 of 400 behind | kept | 0 | 1 | 2.0 s | the queue, after 3 | no | 20 of 20 |" in text
    # 0.3 requests for a message, at 0.40, 0.50 (and 0.50 for publishing); a server's hours at one message a second.
    assert [table.dollars(key) for key in ("sqs", "sqs-fifo", "sns-sqs")] == ["$0.12", "$0.15", "$0.13"]
    assert table.dollars("valkey") == "$3.56 at 1/s; $0.04 at 100/s"


def test_the_tables_page_has_a_row_for_each_technology():
    page = (CHECKOUT / "docs" / "queues.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")]
    assert rows == ["technology", "SQS standard", "SQS FIFO", "SNS → SQS", "RabbitMQ", "Valkey", "Kafka"]
