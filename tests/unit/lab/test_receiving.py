"""A receiver on a queue that is scripted, where the moment of an interruption matters."""

import signal

import pytest

from backlog_lab.display import printable
from backlog_lab.queue import Received
from backlog_lab.receiving import Ends, Faults, Receiver


def message(number):
    return Received(str(number), f"Message {number}", "alice", sent_at=0, receives=1, receipt=str(number))


class ScriptedQueue:
    """Gives batches of three; somebody interrupts while it answers the given poll."""

    def __init__(self, count, interrupted=99):
        self.left, self.interrupted = [message(n) for n in range(count)], interrupted
        self.asked, self.deleted, self.given_back = [], [], []

    def receive(self, most):
        self.asked.append(most)
        if len(self.asked) == self.interrupted:
            signal.raise_signal(signal.SIGINT)
        batch, self.left = self.left[: min(3, most)], self.left[min(3, most) :]
        return batch

    def delete(self, messages):
        self.deleted += [m.body for m in messages]

    def give_back(self, messages):
        self.given_back += [m.body for m in messages]

    def close(self):
        self.closed = True


class Watching:
    """A display that does something when a message is shown."""

    def __init__(self, at=None, act=None):
        self.at, self.act, self.shown, self.summary = at, act, [], None

    def receiving(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def received(self, message, now, *, duplicate):  # noqa: ARG002
        self.shown.append(message.body)
        if message.body == self.at:
            self.act()

    def failed(self, message, now):  # noqa: ARG002
        self.shown.append(f"{message.body} fails")

    def summarise(self, summary):
        self.summary = summary


def bodies(*numbers):
    return [f"Message {n}" for n in numbers]


def test_an_interrupted_wait_ends_with_the_summary():
    queue, display = ScriptedQueue(4, interrupted=3), Watching()
    Receiver(queue, display).run()
    assert queue.deleted == display.shown == bodies(0, 1, 2, 3)
    assert display.summary.received == 4


def test_what_comes_with_the_last_poll_is_not_lost_with_it():
    queue, display = ScriptedQueue(6, interrupted=2), Watching()
    Receiver(queue, display).run()
    assert queue.deleted == display.shown == bodies(0, 1, 2)
    assert queue.given_back == bodies(3, 4, 5)


def test_a_second_interruption_is_obeyed_at_once():
    def insist():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    queue, display = ScriptedQueue(3), Watching("Message 0", insist)
    with pytest.raises(KeyboardInterrupt):
        Receiver(queue, display).run()
    assert display.summary.received == 1


def test_what_an_interruption_leaves_of_a_batch_goes_back_to_the_queue():
    queue = ScriptedQueue(6)
    display = Watching("Message 1", lambda: signal.raise_signal(signal.SIGINT))
    Receiver(queue, display).run()
    assert queue.deleted == display.shown == bodies(0, 1)
    assert queue.given_back == bodies(2)
    assert display.summary.received == 2


def test_sigterm_is_as_good_as_ctrl_c():
    queue = ScriptedQueue(6)
    Receiver(queue, Watching("Message 0", lambda: signal.raise_signal(signal.SIGTERM))).run()
    assert (queue.deleted, queue.given_back) == (bodies(0), bodies(1, 2))


def test_what_could_not_be_shown_is_not_deleted():
    def fail():
        raise OSError("the pipe is closed")

    queue, display = ScriptedQueue(3), Watching("Message 1", fail)
    with pytest.raises(OSError, match="pipe"):
        Receiver(queue, display).run()
    assert queue.deleted == []
    assert display.summary.received == 2


def test_a_count_ends_it_and_takes_no_message_too_many():
    queue = ScriptedQueue(9)
    Receiver(queue, Watching(), ends=Ends(count=5)).run()
    assert queue.deleted == bodies(0, 1, 2, 3, 4)
    assert queue.asked == [5, 2]


def test_silence_ends_it_and_the_connection():
    queue = ScriptedQueue(3)
    Receiver(queue, Watching(), ends=Ends(idle=0.01)).run()
    assert queue.deleted == bodies(0, 1, 2)
    assert queue.closed


def test_what_it_fails_with_goes_back_and_the_rest_is_deleted():
    queue, display = ScriptedQueue(3, interrupted=2), Watching()
    Receiver(queue, display, faults=Faults(text="1")).run()
    assert display.shown == ["Message 0", "Message 1 fails", "Message 2"]
    assert (queue.deleted, queue.given_back) == (bodies(0, 2), bodies(1))
    assert display.summary.received == 2


def test_signals_are_left_as_they_were_found():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    Receiver(ScriptedQueue(1, interrupted=2), Watching()).run()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_message_stays_on_its_line_and_cannot_drive_the_terminal():
    assert printable("héllo wörld: 1") == "héllo wörld: 1"
    assert printable("a\nb\x1b[2Jc") == "a\\nb\\x1b[2Jc"
