import pytest

from backlog_lab.summary import Summary


def test_before_the_first_message_there_is_neither_rate_nor_age():
    summary = Summary()
    assert (summary.received, summary.duplicates, summary.rate, summary.oldest_age) == (0, 0, None, None)


def test_one_message_has_an_age_and_no_rate():
    summary = Summary()
    summary.add("alice", "Message 0", sent_at=90, now=100)
    assert (summary.received, summary.rate, summary.oldest_age) == (1, None, 10)


def test_the_rate_is_over_the_time_between_first_and_last():
    summary = Summary()
    for n in range(5):
        summary.add("alice", f"Message {n}", sent_at=100, now=100 + n / 2)
    assert summary.rate == pytest.approx(2)


def test_the_oldest_age_is_that_of_the_one_that_waited_longest():
    summary = Summary()
    for sent_at, now in ((95, 100), (70, 101), (101, 102)):
        summary.add("alice", str(now), sent_at, now)
    assert summary.oldest_age == 31


def test_a_queue_whose_clock_is_ahead_makes_no_negative_age():
    summary = Summary()
    summary.add("alice", "Message 0", sent_at=105, now=100)
    assert summary.oldest_age == 0


def test_duplicates_are_the_same_body_of_the_same_client():
    summary = Summary()
    came = [
        ("alice", "Message 0"),
        ("bob", "Message 0"),
        ("alice", "Message 0"),
        ("alice", "Message 1"),
        ("alice", "Message 0"),
    ]
    assert [summary.add(client, body, 0, 1) for client, body in came] == [False, False, True, False, True]
    assert summary.duplicates == 2


def test_where_a_name_ends_and_a_body_begins_is_no_matter_of_spaces():
    summary = Summary()
    summary.add("a", "b c", 0, 1)
    assert not summary.add("a b", "c", 0, 1)
