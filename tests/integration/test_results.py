"""What is kept for the tasks that asked for calendars, and for how long."""

import uuid

import pytest
from sqlalchemy import text

from backlog_todos import calendar_jobs
from backlog_todos.calendars import builds, results

TODOS = "/api/v1/todos"


@pytest.fixture
def database(client):
    return client.application.extensions["backlog"].sessions


def done(database):
    """A task that is asked for and done."""
    with database.begin() as session:
        job_id = calendar_jobs.requested(session)
    builds.refresh(database, 1, lambda *_: None)
    with database.begin() as session:
        calendar_jobs.finished(session, job_id, calendar_jobs.started(session, job_id))
    return job_id


def run(database, statement, **values):
    with database.begin() as session:
        return session.execute(text(statement), values)


def counted(database):
    return tuple(run(database, f"select count(*) from {table}").scalar_one() for table in ("calendar_jobs", "results"))


def test_what_was_over_long_ago_is_forgotten_and_what_others_share_is_kept(client, database):
    first, second = done(database), done(database)
    client.post(TODOS, json={"title": "new"})
    third = done(database)
    assert counted(database) == (3, 2)
    old = "update calendar_jobs set finished_at = finished_at - interval '8 days' where id = any(:ids)"
    run(database, old, ids=[first, third])
    with database.begin() as session:
        assert [results.dropped(session, at_once=1) for _ in range(3)] == [1, 1, 0]
    assert counted(database) == (1, 1)
    assert client.get(f"{TODOS}/ical/{second}/result").data.startswith(b"BEGIN:VCALENDAR")
    assert client.get(f"{TODOS}/ical/{first}/status").status_code == 404


def test_what_is_not_over_is_kept_however_old(database):
    with database.begin() as session:
        calendar_jobs.requested(session)
    run(database, "update calendar_jobs set requested_at = now() - interval '1 year', sent_at = now()")
    with database.begin() as session:
        assert results.dropped(session) == 0


def test_a_calendar_of_the_release_before_is_still_there(client, database):
    job_id = uuid.uuid4()
    insert = "insert into calendar_jobs (id, status, todos, events) values (:id, 'SUCCESS', 'todos', 'events')"
    run(database, insert, id=job_id)
    assert client.get(f"{TODOS}/ical/{job_id}/result").data == b"todos"
    assert client.get(f"{TODOS}/ical/{job_id}/result?as=event").data == b"events"


def test_a_task_of_the_release_before_gets_the_calendar_as_it_is_now(client, database):
    client.post(TODOS, json={"title": "new"})
    job_id = uuid.uuid4()
    run(database, "insert into calendar_jobs (id) values (:id)", id=job_id)
    with database.begin() as session:
        assert calendar_jobs.started(session, job_id) == calendar_jobs.Asked(list_id=1, version=1)
