"""The job contract: whatever is said once, no two numbers that follow from it contradict each other."""

import contextlib
import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from infra.job_contract import JobContract
from infra.mistakes import Contradictions


def contract(**changes):
    numbers = {
        "mean_seconds": 0.5,
        "p99_seconds": 5,
        "hard_limit_seconds": 60,
        "jobs_at_once": 2,
        "latency_objective_seconds": 60,
        "attempts": 3,
    }
    return JobContract(**{**numbers, **changes})


@st.composite
def contracts(draw):
    """Contracts that are accepted, up to the edges of what can be said."""
    p99 = draw(st.floats(0.001, 115))
    hard = draw(st.integers(math.ceil(p99 / 0.9) + 1, 43_200))
    job = {
        "mean_seconds": draw(st.floats(0.0005, p99)),
        "p99_seconds": p99,
        "hard_limit_seconds": hard,
        "jobs_at_once": draw(st.integers(1, 64)),
        "latency_objective_seconds": draw(st.integers(math.ceil(p99), 90_000)),
        "attempts": draw(st.integers(1, 1_000)),
    }
    try:
        return JobContract(**job)
    except Contradictions:
        assume(False)


ANY_NUMBERS = st.fixed_dictionaries(
    {
        "mean_seconds": st.floats(-1, 200),
        "p99_seconds": st.floats(-1, 200),
        "hard_limit_seconds": st.integers(-1, 50_000),
        "jobs_at_once": st.integers(-1, 64),
        "latency_objective_seconds": st.integers(-1, 90_000),
        "attempts": st.integers(-1, 1_100),
    }
)


@given(ANY_NUMBERS)
def test_any_numbers_are_either_a_contract_or_contradictions(numbers):
    """Nothing else is raised, whatever the numbers."""
    with contextlib.suppress(Contradictions):
        JobContract(**numbers)


def disagreeing(job):
    """Pairs of numbers of which no contract can hold both, told without the contract's own arithmetic."""
    mean, p99 = f"meanSeconds {job['mean_seconds']:g}", f"p99Seconds {job['p99_seconds']:g}"
    hard = f"hardLimitSeconds {job['hard_limit_seconds']}"
    latency = f"latencyObjectiveSeconds {job['latency_objective_seconds']}"
    rules = {
        (mean, p99): job["mean_seconds"] > job["p99_seconds"],
        (mean, "0"): job["mean_seconds"] <= 0,
        (p99, hard): job["p99_seconds"] >= job["hard_limit_seconds"],
        (p99, "120 s"): job["p99_seconds"] > 120,
        (latency, p99): job["latency_objective_seconds"] < job["p99_seconds"],
        (hard, "43200 s"): job["hard_limit_seconds"] > 43_200,
        (f"attempts {job['attempts']}", "1000"): job["attempts"] > 1_000,
        (f"attempts {job['attempts']}", "1"): job["attempts"] < 1,
        (f"jobsAtOnce {job['jobs_at_once']}", "1"): job["jobs_at_once"] < 1,
    }
    return [pair for pair, disagree in rules.items() if disagree]


@given(ANY_NUMBERS)
def test_every_two_numbers_that_disagree_are_named_in_one_sentence(numbers):
    told = ()
    try:
        JobContract(**numbers)
    except Contradictions as found:
        told = found.args
    for one, other in disagreeing(numbers):
        assert any(one in sentence and other in sentence for sentence in told), (one, other, told)


@given(contracts())
def test_a_message_is_hidden_for_as_long_as_most_jobs_take_and_can_be_for_as_long_as_any_may(job):
    """SQS hides a message for twelve hours, all extensions together."""
    assert job.p99_seconds < job.visibility_timeout_seconds
    assert job.soft_limit_seconds < job.hard_limit_seconds <= 43_200


@given(contracts())
def test_a_message_that_is_hidden_anew_is_so_in_time(job):
    """The worker does it from half of the timeout on, and may have to try again; few jobs need it."""
    rest = job.visibility_timeout_seconds / 2
    assert job.visibility_timeout_seconds > job.hard_limit_seconds or (rest >= job.p99_seconds and rest >= 15)


@given(contracts())
def test_a_job_of_a_dead_worker_is_seen_again_no_later_than_the_longest_job_would_take(job):
    assert job.visibility_timeout_seconds <= job.hard_limit_seconds * 1.1 + 6
    assert job.visibility_timeout_seconds <= max(30, 2 * job.p99_seconds + 1)


@given(contracts())
def test_what_is_prefetched_is_done_within_the_visibility_timeout(job):
    """A message's timeout runs from when it is received, not from when its job starts."""
    rounds = job.prefetch_multiplier
    assert rounds * job.p99_seconds < job.visibility_timeout_seconds


@given(contracts())
def test_each_job_is_protected_up_to_its_hard_limit_and_no_task_for_days(job):
    """Renewed after half of its time; ECS takes 1 to 2,880 minutes."""
    assert 1 <= job.protection_minutes <= 2_880
    assert job.protection_minutes * 60 / 2 >= job.hard_limit_seconds
    assert job.protection_minutes * 60 <= 2 * job.hard_limit_seconds + 120
    assert job.protection_linger_seconds < job.scale_in_cooldown_seconds
    assert job.protection_hold_seconds >= max(900, 4 * job.hard_limit_seconds)


@given(contracts())
def test_a_worker_may_be_silent_for_a_long_poll_and_not_for_long(job):
    assert 20 + 2 * 10 < job.poll_silence_seconds <= 600


@given(contracts())
def test_a_deployment_kills_no_job_that_99_of_100_would_finish(job):
    assert job.p99_seconds <= job.shutdown_seconds < job.stop_timeout_seconds <= 120


@given(contracts())
def test_a_job_that_all_but_one_in_a_hundred_would_finish_is_not_told_to_end(job):
    assert job.mean_seconds <= job.p99_seconds <= job.soft_limit_seconds
    assert job.soft_limit_seconds >= 1


@given(contracts())
def test_a_message_outlives_all_its_attempts_and_a_dead_letter_outlives_the_message(job):
    longest = job.hard_limit_seconds + job.visibility_timeout_seconds
    assert job.max_receive_count * longest < job.message_retention_seconds
    assert 60 <= job.message_retention_seconds < job.dlq_retention_seconds <= 1_209_600


@given(contracts())
def test_a_task_with_its_target_backlog_is_in_time(job):
    """A hundredth of a message is what rounding may add."""
    assert job.backlog_per_task >= 1
    assert (job.backlog_per_task - 0.01) * job.mean_seconds / job.jobs_at_once <= job.latency_objective_seconds


@given(contracts())
def test_scaling_waits_at_least_as_long_as_sqs_takes_to_report(job):
    assert job.scale_out_cooldown_seconds >= 60
    assert job.scale_in_cooldown_seconds >= max(job.scale_out_cooldown_seconds, job.hard_limit_seconds)


@given(contracts())
def test_queue_and_worker_are_told_the_same(job):
    told = {name: int(value) for name, value in job.environment().items()}
    assert told["JOB_VISIBILITY_TIMEOUT_SECONDS"] == job.visibility_timeout_seconds
    assert told["JOB_MAX_ATTEMPTS"] == job.max_receive_count
    assert told["JOB_TIME_LIMIT_SECONDS"] > told["JOB_SOFT_TIME_LIMIT_SECONDS"]
    assert told["JOB_SHUTDOWN_SECONDS"] < job.stop_timeout_seconds
    assert told.keys() == {
        "JOB_CONCURRENCY",
        "JOB_PREFETCH_MULTIPLIER",
        "JOB_SOFT_TIME_LIMIT_SECONDS",
        "JOB_TIME_LIMIT_SECONDS",
        "JOB_VISIBILITY_TIMEOUT_SECONDS",
        "JOB_MAX_ATTEMPTS",
        "JOB_SHUTDOWN_SECONDS",
        "JOB_POLL_SILENCE_SECONDS",
        "JOB_PROTECTION_MINUTES",
        "JOB_PROTECTION_LINGER_SECONDS",
        "JOB_PROTECTION_HOLD_SECONDS",
    }


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"mean_seconds": 6}, "meanSeconds 6 is over p99Seconds 5"),
        ({"mean_seconds": 0}, "meanSeconds 0 is not above 0"),
        ({"p99_seconds": 55}, "p99Seconds 55 is over the soft limit of 54 s that hardLimitSeconds 60 gives"),
        (
            {"p99_seconds": 116, "hard_limit_seconds": 300, "latency_objective_seconds": 300},
            "p99Seconds 116 is over the 115 s that Fargate's stop timeout of 120 s leaves",
        ),
        ({"latency_objective_seconds": 4}, "latencyObjectiveSeconds 4 is below p99Seconds 5"),
        ({"hard_limit_seconds": 43_201}, "hardLimitSeconds 43201 is over the 43200 s that SQS hides a message"),
        ({"attempts": 1_001}, "attempts 1001 is over 1000"),
        ({"attempts": 0}, "attempts 0 is below 1"),
        ({"attempts": 900, "hard_limit_seconds": 3_000}, "attempts 900 of 3030 s"),
    ],
)
def test_a_contradiction_names_the_two_numbers(changes, sentence):
    with pytest.raises(Contradictions) as found:
        contract(**changes)
    assert sentence in str(found.value)


def test_all_contradictions_are_told_at_once():
    with pytest.raises(Contradictions) as found:
        contract(mean_seconds=200, p99_seconds=150, latency_objective_seconds=1, attempts=0)
    for numbers in ("attempts 0", "meanSeconds 200 is over", "soft limit", "stop timeout", "latencyObjectiveSeconds 1"):
        assert numbers in str(found.value)


def test_on_one_machine_a_job_lost_with_its_worker_is_seen_again_within_20_seconds(declare):
    queue = declare("local").one("Queue", "jobs")
    assert queue.inputs["visibilityTimeoutSeconds"] <= 20
