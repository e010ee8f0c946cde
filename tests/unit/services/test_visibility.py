"""When the message of a job at work is hidden anew, by a clock that the test turns."""

from types import SimpleNamespace

import pytest

from backlog_worker import visibility
from backlog_worker.visibility import Visibility

SETTINGS = SimpleNamespace(visibility_timeout=30, time_limit=120)


class Request:
    def __init__(self, name):
        self.id, self.acknowledged = name, False


class Worker:
    """Looks every second; `kept` is when which message was hidden anew."""

    def __init__(self):
        self.now, self.jobs, self.kept, self.away = 0, [], [], False
        self.visibility = Visibility(SETTINGS, self.keep, lambda: self.jobs)

    def monotonic(self):
        return self.now

    def keep(self, request):
        if self.away:
            raise OSError("away")
        self.kept.append((self.now, request.id))

    def pass_by(self, seconds):
        for _ in range(seconds):
            self.visibility.look()
            self.now += 1


@pytest.fixture
def worker(monkeypatch):
    worker = Worker()
    monkeypatch.setattr(visibility, "time", worker)
    return worker


def test_a_job_as_long_as_most_has_its_message_left_alone(worker):
    worker.jobs = [Request("short")]
    worker.pass_by(15)
    worker.jobs = []
    worker.pass_by(100)
    assert worker.kept == []


def test_a_long_job_keeps_its_message_hidden_up_to_its_hard_limit(worker):
    worker.jobs = [Request("long")]
    worker.pass_by(300)
    assert [when for when, _ in worker.kept] == [15, 30, 45, 60, 75, 90, 105]


def test_each_job_has_its_own_time(worker):
    worker.jobs = [Request("one")]
    worker.pass_by(10)
    worker.jobs.append(Request("other"))
    worker.pass_by(20)
    assert worker.kept == [(15, "one"), (25, "other")]


def test_a_job_that_is_over_is_left_alone_at_once(worker):
    one, other = Request("one"), Request("other")
    worker.jobs = [one, other]
    worker.pass_by(15)
    one.acknowledged = True
    worker.jobs = [one]
    worker.pass_by(30)
    assert worker.kept == []


def test_a_call_that_failed_is_made_again_before_the_timeout_is_over(worker):
    worker.jobs, worker.away = [Request("long")], True
    worker.pass_by(20)
    worker.away = False
    worker.pass_by(2)
    assert worker.kept == [(20, "long")]


def test_nothing_is_hidden_after_the_stop(worker):
    worker.jobs = [Request("long")]
    worker.pass_by(14)
    worker.visibility.stop()
    worker.pass_by(60)
    assert worker.kept == []
