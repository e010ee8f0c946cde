import pytest

from backlog_lab.batching import MOST_BYTES, Message, batches, most_at_rate, numbered
from backlog_lab.failures import LabError
from backlog_lab.pace import Pace


def sizes(messages):
    return [len(batch) for batch in batches(messages)]


def of_size(size):
    """A message that weighs so many bytes, with its attribute."""
    message = Message("", "alice")
    return Message("x" * (size - message.size), "alice")


def test_messages_are_numbered_from_zero_behind_what_is_prepended():
    assert [m.body for m in numbered(3, "alice")] == ["Message 0", "Message 1", "Message 2"]
    assert [m.body for m in numbered(2, "alice", "again")] == ["again Message 0", "again Message 1"]


@pytest.mark.parametrize(("count", "expected"), [(1, [1]), (10, [10]), (11, [10, 1]), (100, [10] * 10)])
def test_ten_messages_travel_together(count, expected):
    assert sizes(numbered(count, "alice")) == expected


def test_no_request_holds_more_than_a_mebibyte_and_nothing_is_lost_or_reordered():
    messages = [
        of_size(size) for size in (MOST_BYTES // 2, MOST_BYTES // 2, 100, MOST_BYTES - 100, 100, 100, MOST_BYTES)
    ]
    sent = list(batches(messages))
    assert [len(batch) for batch in sent] == [2, 2, 2, 1]
    assert all(sum(m.size for m in batch) <= MOST_BYTES for batch in sent)
    assert [m for batch in sent for m in batch] == messages


def test_a_size_is_counted_in_bytes_with_the_attribute():
    assert Message("ü", "é").size == 2 + len("client") + len("String") + 2


def test_a_message_that_no_queue_takes_is_refused_with_both_numbers():
    assert sizes([of_size(MOST_BYTES)]) == [1]
    with pytest.raises(LabError, match="1,048,577 bytes is too long: a queue takes 1,048,576"):
        sizes([of_size(MOST_BYTES + 1)])


@pytest.mark.parametrize(("rate", "expected"), [(None, 10), (1, 1), (0.2, 1), (25, 2), (100, 10), (5000, 10)])
def test_a_slow_pace_is_not_made_of_bursts(rate, expected):
    assert most_at_rate(rate) == expected


class Clock:
    def __init__(self):
        self.now, self.slept = 100.0, []

    def sleep(self, seconds):
        self.slept.append(round(seconds, 6))
        self.now += seconds


def test_a_pace_lets_the_first_go_and_spaces_the_rest():
    clock = Clock()
    pace = Pace(4, lambda: clock.now, clock.sleep)
    for _ in range(3):
        pace.wait_for(2)
    assert clock.slept == [0.5, 0.5]


def test_a_pace_does_not_catch_up_with_what_was_idle():
    clock = Clock()
    pace = Pace(10, lambda: clock.now, clock.sleep)
    pace.wait_for()
    clock.now += 60
    for _ in range(2):
        pace.wait_for()
    assert clock.slept == [0.1]


def test_without_a_rate_nothing_waits():
    clock = Clock()
    for _ in range(5):
        Pace(None, lambda: clock.now, clock.sleep).wait_for(10)
    assert clock.slept == []
