"""When a task is protected from scale-in, by a clock that the test turns."""

import pytest

from backlog_worker import pause, protection
from backlog_worker.protection import Protection
from backlog_worker.protection_endpoint import Refused


class Ecs:
    """Counts the calls; `refuses` makes it say no."""

    def __init__(self):
        self.calls, self.refuses = [], False

    def protect(self, minutes):
        self.calls.append(minutes)
        if self.refuses:
            raise Refused("TASK_NOT_VALID")

    def release(self):
        self.calls.append("release")
        if self.refuses:
            raise Refused("ThrottlingException")


class Clock:
    now = 1_000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(protection, "time", clock)
    return clock


class Worker:
    """Does what the thread does at each of its looks."""

    def __init__(self, clock):
        self.ecs, self.clock, self.jobs = Ecs(), clock, 0
        self.protection = Protection(self.ecs, minutes=10, linger=30, hold=900, busy=lambda: self.jobs > 0)

    def pass_by(self, seconds, jobs):
        self.jobs = jobs
        for _ in range(int(seconds)):
            self.clock.now += 1
            if due := self.protection._next_call():
                self.protection._call(due)


@pytest.fixture
def worker(clock):
    yield Worker(clock)
    pause.set_to(False)


def test_a_worker_without_jobs_calls_nobody(worker):
    worker.pass_by(3_600, jobs=0)
    assert worker.ecs.calls == []


def test_the_task_is_protected_while_a_job_runs_and_released_after_the_last(worker):
    worker.pass_by(60, jobs=2)
    worker.pass_by(20, jobs=1)
    assert worker.ecs.calls == [10]
    worker.pass_by(31, jobs=0)
    assert worker.ecs.calls == [10, "release"]


def test_a_pause_between_jobs_releases_nothing(worker):
    for _ in range(60):
        worker.pass_by(1, jobs=1)
        worker.pass_by(5, jobs=0)
    assert worker.ecs.calls == [10, 10]  # protected, and renewed after five minutes


def test_a_long_job_has_the_protection_renewed_after_half_of_its_time(worker):
    worker.pass_by(800, jobs=1)
    assert worker.ecs.calls == [10] * 3


def test_a_refusal_is_followed_by_fewer_and_fewer_calls_and_then_by_protection(worker):
    worker.ecs.refuses = True
    worker.pass_by(300, jobs=1)
    assert 7 <= len(worker.ecs.calls) <= 11
    worker.ecs.refuses = False
    worker.pass_by(61, jobs=1)
    assert worker.protection._held()


def test_a_release_that_is_refused_is_made_again(worker):
    worker.pass_by(5, jobs=1)
    worker.ecs.refuses = True
    worker.pass_by(40, jobs=0)
    worker.ecs.refuses = False
    worker.pass_by(61, jobs=0)
    released = len(worker.ecs.calls)
    worker.pass_by(600, jobs=0)
    assert worker.ecs.calls[-1] == "release"
    assert len(worker.ecs.calls) == released


def test_a_protection_that_could_not_be_renewed_does_not_count_when_it_is_over(worker):
    worker.pass_by(5, jobs=1)
    worker.ecs.refuses = True
    worker.pass_by(590, jobs=1)
    assert worker.protection._held()
    worker.pass_by(10, jobs=1)
    assert not worker.protection._held()


def test_a_worker_that_is_never_without_a_job_is_released_now_and_then(worker):
    """It takes a job whenever it may, and each takes 20 s."""
    unprotected = rests = left = 0
    for _ in range(7_200):
        left = 20 if left == 0 and not pause.asked() else max(0, left - 1)
        rested = pause.asked()
        worker.pass_by(1, jobs=1 if left else 0)
        rests += pause.asked() and not rested
        unprotected += not worker.protection._held()
        assert worker.protection._held() or not left or worker.ecs.calls[-1] == 10
    assert rests == 7
    assert worker.ecs.calls.count("release") == 7
    assert 25 * rests <= unprotected <= 35 * rests


def test_a_rest_for_which_a_job_does_not_end_is_given_up(worker):
    worker.pass_by(905, jobs=1)
    assert pause.asked()
    worker.pass_by(605, jobs=1)
    assert not pause.asked()
    assert "release" not in worker.ecs.calls
