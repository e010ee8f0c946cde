"""How often a client may ask, by a clock of the test's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backlog_api.rate_limit import RateLimit


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_a_burst_is_answered_at_once_and_the_next_is_told_when(clock):
    limit = RateLimit(per_minute=60, burst=3, clock=clock)
    assert [limit.count("a").refused for _ in range(4)] == [False, False, False, True]
    standing = limit.count("a")
    assert (standing.refused, standing.remaining, standing.reset, standing.retry_after) == (True, 0, 3, 1)


def test_what_is_refused_does_not_count_and_time_gives_back(clock):
    limit = RateLimit(per_minute=60, burst=2, clock=clock)
    for _ in range(10):
        limit.count("a")
    clock.now += 1
    assert [limit.count("a").refused for _ in range(2)] == [False, True]
    clock.now += 60
    assert limit.count("a").remaining == 1


def test_each_client_has_its_own(clock):
    limit = RateLimit(per_minute=1, burst=1, clock=clock)
    assert [limit.count(name).refused for name in ("a", "b", "a", "b")] == [False, False, True, True]


def test_to_look_is_not_to_count(clock):
    limit = RateLimit(per_minute=1, burst=1, clock=clock)
    assert not limit.standing("a").refused
    assert not limit.count("a").refused
    assert limit.standing("a").refused


@given(st.integers(1, 600), st.integers(1, 50), st.lists(st.floats(0, 5), max_size=200))
def test_no_schedule_gets_more_than_the_burst_and_the_rate(per_minute, burst, pauses):
    clock = Clock()
    limit = RateLimit(per_minute, burst, clock)
    answered = []
    for pause in pauses:
        clock.now += pause
        if not limit.count("a").refused:
            answered.append(clock.now)
    for first, since in enumerate(answered):
        taken = len([at for at in answered[first:] if at - since <= 60])
        assert taken <= burst + per_minute + 1


def test_a_flood_of_clients_is_forgotten(clock, monkeypatch):
    monkeypatch.setattr("backlog_api.rate_limit._MOST_CLIENTS", 100)
    limit = RateLimit(per_minute=60, burst=1, clock=clock)
    for number in range(1_000):
        limit.count(str(number))
    assert len(limit._whole_at) <= 100
