"""A real worker holds its task's protection from scale-in while jobs run, whatever happens to them."""

import os
import signal
import sys
import time
import uuid
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from backlog_todos.tables import CalendarJob

sys.path.insert(0, str(Path(__file__).parent))
from agent import Agent

TODOS = "/api/v1/todos"
LONG = {"JOB_SOFT_TIME_LIMIT_SECONDS": "50", "JOB_TIME_LIMIT_SECONDS": "60"}


@pytest.fixture
def agent():
    agent = Agent()
    yield agent
    agent.close()


def ask(client):
    return client.post(f"{TODOS}/ical").json["task_id"]


def status(client, task):
    return client.get(f"{TODOS}/ical/{task}/status").json["task_status"]


def test_the_task_is_protected_before_the_job_starts_and_released_after_it(
    client, start_worker, until, agent, locked, sql
):
    start_worker(ECS_AGENT_URI=agent.uri, **LONG)
    task = ask(client)
    until(lambda: status(client, task) == "STARTED")
    (_, path, asked) = agent.calls[0]
    assert (path, asked) == (
        "/api/task-1/task-protection/v1/state",
        {"ProtectionEnabled": True, "ExpiresInMinutes": 2},
    )
    locked.rollback()
    until(lambda: agent.wanted == [True, False], what="the release")
    with sql() as session:
        job = session.get(CalendarJob, uuid.UUID(task))
    assert job.status == "SUCCESS"


def test_many_short_jobs_make_two_calls(client, start_worker, until, agent):
    start_worker(ECS_AGENT_URI=agent.uri, JOB_PROTECTION_LINGER_SECONDS="3")
    tasks = [ask(client) for _ in range(60)]
    until(lambda: {status(client, task) for task in tasks} == {"SUCCESS"}, 60)
    until(lambda: agent.wanted == [True, False], what="the release")


def test_a_pool_process_that_is_killed_leaves_nothing_held(client, start_worker, until, agent, locked):
    worker = start_worker(ECS_AGENT_URI=agent.uri, JOB_CONCURRENCY="1", JOB_VISIBILITY_TIMEOUT_SECONDS="30", **LONG)
    task = ask(client)
    until(lambda: status(client, task) == "STARTED")
    for child in psutil.Process(worker.process.pid).children():
        os.kill(child.pid, signal.SIGKILL)
    locked.rollback()
    # Celery gives a lost process ten seconds to be heard of (billiard.pool.LOST_WORKER_TIMEOUT), and its message may
    # have been hidden anew before that: whether the task is released between the tries depends on the machine's speed.
    until(lambda: status(client, task) == "SUCCESS", 90, what="another try")
    until(lambda: agent.wanted[-1] is False, 60, what="the release after it")
    assert worker.process.poll() is None


def test_a_job_that_is_ended_by_its_hard_limit_leaves_nothing_held(client, start_worker, until, agent, locked):
    start_worker(
        ECS_AGENT_URI=agent.uri, JOB_SOFT_TIME_LIMIT_SECONDS="30", JOB_TIME_LIMIT_SECONDS="2", JOB_MAX_ATTEMPTS="1"
    )
    task = ask(client)
    until(lambda: status(client, task) == "STARTED")
    until(lambda: False in agent.wanted, what="the release")
    locked.rollback()


def test_a_job_that_fails_leaves_nothing_held(client, start_worker, until, agent, sql):
    with sql.begin() as session:
        session.execute(text("alter table todos rename to away"))
    start_worker(ECS_AGENT_URI=agent.uri)
    ask(client)
    until(lambda: agent.wanted[:2] == [True, False], what="the release")


def test_a_worker_that_ends_releases_its_task_at_once(client, start_worker, until, agent):
    worker = start_worker(ECS_AGENT_URI=agent.uri, JOB_PROTECTION_LINGER_SECONDS="600")
    task = ask(client)
    until(lambda: status(client, task) == "SUCCESS")
    assert agent.wanted == [True]
    assert worker.stop() == 0
    assert agent.wanted == [True, False]


@pytest.mark.parametrize("mode", ["failure", "400", "500", "silent"])
def test_an_endpoint_that_refuses_fails_no_job_and_holds_none_up(client, start_worker, until, agent, mode):
    agent.mode = mode
    worker = start_worker(ECS_AGENT_URI=agent.uri)
    began = time.monotonic()
    tasks = [ask(client) for _ in range(5)]
    until(lambda: {status(client, task) for task in tasks} == {"SUCCESS"})
    assert time.monotonic() - began < 15
    assert "scale-in protection refused" in worker.said()
    assert len(agent.calls) < 6
    agent.mode = "ok"
    until(lambda: True in [wanted for wanted, _ in zip(agent.wanted, agent.calls, strict=True)])


def test_without_the_endpoint_nothing_is_asked(client, start_worker, until):
    worker = start_worker()
    task = ask(client)
    until(lambda: status(client, task) == "SUCCESS")
    assert "protect" not in worker.said()


def test_a_worker_that_always_has_jobs_rests_so_that_a_deployment_can_end_it(client, start_worker, until, agent):
    worker = start_worker(ECS_AGENT_URI=agent.uri, JOB_CONCURRENCY="1", JOB_PROTECTION_HOLD_SECONDS="3")
    tasks = []

    def released():
        tasks.append(ask(client))
        return False in agent.wanted

    until(released, 30, what="a release while jobs keep coming")
    assert [status(client, task) for task in tasks][-1] == "PENDING"
    assert worker.healthy("backlog_worker.health")
    until(lambda: agent.wanted[-1] is True, 60, what="the end of the rest")
    until(lambda: {status(client, task) for task in tasks} == {"SUCCESS"}, 60)
