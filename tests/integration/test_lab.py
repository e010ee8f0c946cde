"""queue-lab as it is used: processes of the real command on the embedded SQS, beside clients that are not ours."""

import http.server
import itertools
import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest

COMMAND = str(Path(sys.executable).parent / "queue-lab")


class Run(subprocess.Popen):
    """The command, running."""

    def __init__(self, arguments, environment, log, stdout):
        self.log = log
        with log.open("wb") as out:
            super().__init__([COMMAND, *arguments], env=environment, stdout=stdout or out, stderr=subprocess.STDOUT)

    def said(self):
        return self.log.read_text(encoding="utf-8")

    def events(self):
        """What it said with --json; the last line may be half written."""
        return [json.loads(line) for line in self.said().splitlines(keepends=True) if line.endswith("\n")]


class Lab:
    """Starts the command in an environment that holds nothing but the embedded SQS's."""

    def __init__(self, told, folder):
        self.told, self.folder, self.started = told, folder, []

    def start(self, queue, client, *options, stdout=None, **environment):
        log = self.folder / f"{len(self.started)}-{client}"
        environment |= {"PATH": os.environ["PATH"], "HOME": str(self.folder), **self.told}
        run = Run(["--name", queue, "--client-name", client, *options], environment, log, stdout)
        self.started.append(run)
        return run

    def run(self, queue, client, *options, **environment):
        """Its exit code and what it said."""
        process = self.start(queue, client, *options, **environment)
        return process.wait(timeout=20), process.said()


@pytest.fixture
def lab(servers, tmp_path):
    assert servers.emulator.sqs, "the embedded SQS runs"
    lab = Lab({**servers.emulator.agent_environment(), "AWS_EC2_METADATA_DISABLED": "true"}, tmp_path)
    yield lab
    for process in lab.started:
        process.kill()
        process.wait()


@pytest.fixture
def make_queue(sqs):
    """Queues of this test's own: gives name and URL."""
    made = []

    def make(*, fifo=False):
        name = f"lab-{uuid.uuid4().hex[:8]}{'.fifo' if fifo else ''}"
        attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if fifo else {}
        made.append(sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])
        return name, made[-1]

    yield make
    for url in made:
        sqs.delete_queue(QueueUrl=url)


def in_queue(sqs, url):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    return sum(int(n) for n in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values())


def drain(sqs, url):
    """All messages, by a client that is not ours."""
    while batch := sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
        AttributeNames=["MessageGroupId"],
    ).get("Messages"):
        for message in batch:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            yield message


def came(receiver):
    return [(e["client"], e["body"]) for e in receiver.events() if e["event"] == "received"]


def two_of_each(lab, until, name, count, *, prepend):
    """Two senders of so many messages, two receivers that are interrupted when all have come: what each saw."""
    receivers = [lab.start(name, client, "--receive", "--json") for client in ("carol", "dave")]
    until(lambda: all(r.events() for r in receivers), what="connecting")
    senders = [
        lab.start(name, client, "--json", "--count", str(count), *(("--prepend", client) if prepend else ()))
        for client in ("alice", "bob")
    ]
    assert [sender.wait(timeout=20) for sender in senders] == [0, 0]
    assert [sender.events()[-1]["messages"] for sender in senders] == [count, count]
    until(lambda: len(set(itertools.chain(*map(came, receivers)))) == 2 * count, what="receiving all of it")
    for receiver in receivers:
        receiver.send_signal(signal.SIGINT)
    assert [receiver.wait(timeout=5) for receiver in receivers] == [0, 0]
    for receiver in receivers:
        summary = receiver.events()[-1]
        assert (summary["event"], summary["messages"]) == ("summary", len(came(receiver)))
    return [came(receiver) for receiver in receivers]


def test_two_senders_and_two_receivers_share_a_standard_queue(lab, make_queue, sqs, until):
    name, url = make_queue()
    seen = two_of_each(lab, until, name, 45, prepend=False)
    assert set(itertools.chain(*seen)) == {(c, f"Message {n}") for c in ("alice", "bob") for n in range(45)}
    assert in_queue(sqs, url) == 0


def test_two_senders_and_two_receivers_share_a_fifo_queue_and_each_client_stays_in_order(lab, make_queue, sqs, until):
    name, url = make_queue(fifo=True)
    seen = two_of_each(lab, until, name, 45, prepend=True)
    for one in seen:
        for client in ("alice", "bob"):
            numbers = [int(body.rsplit(" ", 1)[1]) for sender, body in one if sender == client]
            assert numbers == sorted(numbers)
    assert in_queue(sqs, url) == 0


def test_a_second_run_within_five_minutes_adds_nothing_to_a_fifo_queue_unless_something_is_prepended(
    lab, make_queue, sqs
):
    name, url = make_queue(fifo=True)
    for client in ("alice", "bob"):  # who sends it is no part of what is compared
        assert lab.run(name, client, "--count", "12")[0] == 0
        assert in_queue(sqs, url) == 12
    assert lab.run(name, "alice", "--count", "12", "--prepend", "again")[0] == 0
    messages = list(drain(sqs, url))
    numbers = range(12)
    assert [m["Body"] for m in messages] == [f"Message {n}" for n in numbers] + [f"again Message {n}" for n in numbers]
    assert {m["Attributes"]["MessageGroupId"] for m in messages} == {"default"}


def test_another_client_reads_what_it_sends(lab, make_queue, sqs):
    name, url = make_queue()
    code, said = lab.run(name, "alice", "--count", "11")
    assert code == 0
    assert f"Connected to {name}\n" in said
    assert "11/11" in said
    assert "Sent 11 messages" in said
    messages = list(drain(sqs, url))
    assert sorted(m["Body"] for m in messages) == sorted(f"Message {n}" for n in range(11))
    client = {"DataType": "String", "StringValue": "alice"}
    assert all(m["MessageAttributes"]["client"].items() >= client.items() for m in messages)


def test_it_reads_what_other_clients_send_and_sums_up_on_ctrl_c(lab, make_queue, sqs, until):
    name, url = make_queue()
    of_bob = {"client": {"DataType": "String", "StringValue": "bob"}}
    for body, attributes in [
        ("hello", of_bob),
        ("hello", of_bob),
        ("no attribute", {}),
        ("two\nlines", {"other": {"DataType": "Number", "StringValue": "1"}}),
        ("raw", {"client": {"DataType": "Binary", "BinaryValue": b"\x00"}}),
    ]:
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attributes)
    receiver = lab.start(name, "carol", "--receive")
    until(lambda: "unknown: raw" in receiver.said() and in_queue(sqs, url) == 0, what="reading all of it")
    receiver.send_signal(signal.SIGINT)
    assert receiver.wait(timeout=5) == 0
    lines = receiver.said().splitlines()
    connected = lines.index(f"Connected to {name}")
    shown = [re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}  (.*)", line) for line in lines[connected + 1 : -1]]
    assert sorted(match[1] for match in shown) == [
        "bob: hello",
        "bob: hello",
        "unknown: no attribute",
        "unknown: raw",
        "unknown: two\\nlines",
    ]
    assert re.fullmatch(
        r"Received 5 messages, duplicates seen 1, rate [\d,.]+ messages/s, oldest age [\d.]+ s", lines[-1]
    )


def test_a_terminal_shows_that_it_waits_until_ctrl_c(lab, make_queue, until):
    name, _ = make_queue()
    ours, theirs = pty.openpty()
    receiver = lab.start(name, "carol", "--receive", stdout=theirs, TERM="xterm-256color")
    os.close(theirs)
    seen = b""

    def waits():
        nonlocal seen
        seen += os.read(ours, 65536)
        return b"Waiting for messages" in seen

    until(waits, what="the spinner")
    receiver.send_signal(signal.SIGINT)
    assert receiver.wait(timeout=5) == 0
    assert b"Received 0 messages, duplicates seen 0, rate n/a, oldest age n/a" in os.read(ours, 65536)
    os.close(ours)


def test_an_interrupted_receiver_leaves_nothing_in_flight_that_the_next_one_would_wait_for(lab, make_queue, until):
    name, _ = make_queue(fifo=True)
    first = lab.start(name, "carol", "--receive", "--json")
    until(first.events, what="connecting")
    first.send_signal(signal.SIGINT)
    assert first.wait(timeout=5) == 0
    assert lab.run(name, "alice", "--count", "12")[0] == 0
    code, _ = lab.run(name, "dave", "--receive", "--json", "--count", "12")  # the visibility timeout is 30 seconds
    assert code == 0
    assert came(lab.started[-1]) == [("alice", f"Message {n}") for n in range(12)]


def test_an_interrupted_sender_says_how_far_it_came(lab, make_queue, sqs, until):
    name, url = make_queue()
    sender = lab.start(name, "alice", "--json", "--rate", "40")
    until(lambda: in_queue(sqs, url) >= 4, what="the first messages")
    sender.send_signal(signal.SIGINT)
    assert sender.wait(timeout=5) == 130
    said = sender.events()[-1]
    assert said["messages"] == in_queue(sqs, url) < 100


@pytest.mark.parametrize("action", ["--send", "--receive"])
def test_a_missing_queue_is_named(lab, action):
    code, said = lab.run("nowhere", "alice", action)
    assert code == 1
    assert said.splitlines()[-1] == "Unable to find a Queue by this name nowhere"


def test_a_machine_reads_an_error_as_it_reads_all_else(lab):
    code, said = lab.run("nowhere", "alice", "--json")
    assert (code, json.loads(said)) == (
        1,
        {"event": "error", "message": "Unable to find a Queue by this name nowhere"},
    )


@pytest.fixture
def refusing():
    """An SQS whose policy forbids everything: its endpoint."""

    class Refusing(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps({"__type": "com.amazonaws.sqs#AccessDenied", "message": "not yours"}).encode()
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_no_credentials_no_network_and_no_permission_are_one_line_each(lab, free_port, refusing):
    del lab.told["AWS_ACCESS_KEY_ID"]
    secret = lab.told.pop("AWS_SECRET_ACCESS_KEY")
    code, said = lab.run("q", "alice")
    assert (code, len(said.splitlines())) == (1, 4)
    assert said.splitlines()[-1].startswith("No credentials: set AWS_ACCESS_KEY_ID")

    lab.told |= {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": secret}
    code, said = lab.run("q", "alice", "--endpoint-url", f"http://127.0.0.1:{free_port()}")
    assert (code, len(said.splitlines())) == (1, 4)
    assert said.splitlines()[-1].startswith("No network (Could not connect to the endpoint URL")

    code, said = lab.run("q", "alice", "--receive", "--endpoint-url", refusing)
    assert (code, len(said.splitlines())) == (1, 4)
    assert said.splitlines()[-1] == "No permission: GetQueueUrl on q is refused to these credentials (not yours)"


def test_every_mistake_in_the_options_is_said_at_once(lab):
    wrong = {"--prepend": "x", "--count": "0", "--rate": "-1", "--endpoint-url": "q"}
    code, said = lab.run(" ", "alice", "--receive", *itertools.chain(*wrong.items()))
    assert code == 2
    said = " ".join(said.split())
    for mistake in ("--name is empty", "--prepend is for sending", "--count is 0", "--rate is -1", "--endpoint-url is"):
        assert mistake in said
