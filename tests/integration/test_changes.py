"""After the commit of a change: one message for each calendar that it concerns, and none while one is under way."""

import base64
import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from backlog_api.app import create_app
from backlog_api.settings import ApiSettings
from backlog_todos import events, todos
from backlog_todos.calendars import changes

TODOS = "/api/v1/todos"


@pytest.fixture
def asked(client, monkeypatch):
    """What is sent, instead of sending it: (list, seconds of delay)."""
    sent = []
    monkeypatch.setattr(
        type(client.application.extensions["backlog"].queue), "refresh", lambda _, *a: sent.append(a[:2]) or True
    )
    return sent


def run(sql, statement):
    with sql.begin() as session:
        return session.execute(text(statement))


def test_a_change_asks_for_its_calendar_once_until_the_message_is_heard_of(client, asked, sql):
    for n in range(3):
        client.post(TODOS, json={"title": f"todo {n}"})
    assert asked == [(1, 0.0)]
    run(sql, "update builds set asked_at = null")
    client.put(f"{TODOS}/1", json={"completed": True})
    client.delete(f"{TODOS}/1")
    assert len(asked) == 2


def test_what_changes_soon_after_a_publishing_is_built_a_little_later(client, asked, sql):
    run(sql, "update builds set published_at = clock_timestamp() + interval '1 hour'")  # whatever this machine's pace
    client.post(TODOS, json={"title": "soon"})
    ((_, wait),) = asked
    assert wait == changes.TOGETHER


def test_what_was_asked_for_and_never_heard_of_is_asked_for_again(client, asked, sql):
    client.post(TODOS, json={"title": "lost"})
    run(sql, "update builds set asked_at = asked_at - interval '1 minute'")
    client.post(TODOS, json={"title": "found"})
    assert len(asked) == 2


def test_reading_and_what_is_refused_asks_for_nothing(client, asked):
    client.get(TODOS)
    client.post(TODOS, json={"title": ""})
    client.put(f"{TODOS}/7", json={"title": "nobody's"})
    client.delete(f"{TODOS}/7")
    assert asked == []


@pytest.mark.usefixtures("asked")
def test_the_version_of_a_change_is_known_when_it_commits(client, sql):
    state = client.application.extensions["backlog"]
    client.post(TODOS, json={"title": "one"})
    with client.application.test_request_context(), state.changing() as session:
        todos.created(session, 1, {"title": "two"})
        todos.deleted(session, 1, 1)
        assert changes.noted(session) == {1: 2}
    assert run(sql, "select wanted from calendars").scalar_one() == 2
    assert run(sql, "select version from removed_todos").scalar_one() == 2
    with client.application.test_request_context(), state.changing() as session:
        todos.deleted(session, 1, 2)
        assert changes.noted(session) == {1: 3}


def test_a_queue_or_database_that_goes_away_after_the_commit_makes_no_error_of_it(client, sql, monkeypatch):
    def away(*_):
        raise OperationalError("", None, Exception("away"))

    monkeypatch.setattr(changes, "ask", away)
    assert client.post(TODOS, json={"title": "kept"}).status_code == 201
    assert run(sql, "select count(*) from todos").scalar_one() == 1


def test_the_message_holds_the_id_of_the_list_and_nothing_else(client, sqs, environment):
    client.post(TODOS, json={"title": "secret"})
    body = sqs.receive_message(QueueUrl=environment["QUEUE_URL"], WaitTimeSeconds=2)["Messages"][0]["Body"]
    message = json.loads(base64.b64decode(body))
    assert json.loads(base64.b64decode(message["body"]))[0] == [1]
    assert message["headers"]["task"] == "backlog.refresh_calendar"


@pytest.mark.usefixtures("asked")
def test_a_todo_knows_when_it_was_completed(client, sql):
    client.post(TODOS, json={"title": "a", "completed": True})
    client.post(TODOS, json={"title": "b"})
    when = "select array_agg(completed_at order by id) from todos"
    first, none = run(sql, when).scalar_one()
    assert (first is None, none) == (False, None)
    client.put(f"{TODOS}/1", json={"completed": True, "title": "again"})
    client.put(f"{TODOS}/2", json={"completed": True})
    same, now = run(sql, when).scalar_one()
    assert same == first < now
    client.put(f"{TODOS}/1", json={"completed": False})
    assert run(sql, when).scalar_one() == [None, now]


def test_a_change_that_an_event_tells_of_commits_with_it_or_not_at_all(environment, monkeypatch, sql):
    app = create_app(ApiSettings.from_environment({**environment, "EVENT_STREAMS": "sns"}))

    def lost(*_):
        raise OperationalError("", None, Exception("away"))

    monkeypatch.setattr(events, "record_todo", lost)
    assert app.test_client().post(TODOS, json={"title": "x"}).status_code == 503
    app.extensions["backlog"].engine.dispose()
    assert run(sql, "select count(*) from todos").scalar_one() == 0
