"""A POST with a key is done once, whatever becomes of its answer."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from backlog_api.app import create_app
from backlog_api.settings import ApiSettings
from backlog_todos import idempotency

TODOS = "/api/v1/todos"


def post(client, key, path=TODOS, **fields):
    return client.post(path, json=fields or {"title": "x"}, headers={"Idempotency-Key": key})


def test_the_same_request_is_answered_alike_and_done_once(client):
    first, second = post(client, "k"), post(client, "k")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["Content-Type"] == first.headers["Content-Type"]
    assert second.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    assert len(client.get(TODOS).json) == 1


def test_a_calendar_is_asked_for_once(client):
    first, second = (post(client, "k", f"{TODOS}/ical") for _ in range(2))
    assert (first.status_code, first.json) == (202, second.json)
    assert client.get(first.json["task_url"]).json["task_status"] == "PENDING"


def test_a_job_is_sent_after_its_commit_with_a_key_as_without(client, sql, environment, sqs):
    post(client, "k", f"{TODOS}/ical")
    client.post(f"{TODOS}/ical")
    with sql() as session:
        assert session.execute(text("select count(*) from calendar_jobs where sent_at is not null")).scalar_one() == 2
    found = sqs.get_queue_attributes(QueueUrl=environment["QUEUE_URL"], AttributeNames=["ApproximateNumberOfMessages"])
    assert int(found["Attributes"]["ApproximateNumberOfMessages"]) == 2


@pytest.mark.parametrize(
    "other",
    [{"path": TODOS, "title": "y"}, {"path": f"{TODOS}?x=1"}, {"path": f"{TODOS}/ical"}],
    ids=["body", "query", "path"],
)
def test_another_request_with_the_key_is_refused(client, other):
    post(client, "k")
    answer = post(client, "k", **other)
    assert (answer.status_code, "another request" in answer.json["error"]) == (422, True)
    assert len(client.get(TODOS).json) == 1


@pytest.mark.parametrize("key", ["", " ", "a" * 256, "ü", "a\tb"])
def test_a_key_that_is_none_is_told(client, key):
    answer = post(client, key)
    assert (answer.status_code, list(answer.json["fields"])) == (400, ["Idempotency-Key"])
    assert client.get(TODOS).json == []


def test_the_longest_key_is_taken(client):
    assert [post(client, "~" * 255).status_code for _ in range(2)] == [201, 201]
    assert len(client.get(TODOS).json) == 1


def test_a_refusal_is_not_kept(client):
    assert post(client, "k", title="").status_code == 400
    assert post(client, "k", title="good").status_code == 201


def test_a_failure_is_not_kept_and_leaves_nothing(client, monkeypatch):
    answered = idempotency.answered
    monkeypatch.setattr(idempotency, "answered", lambda *_: 1 / 0)
    client.application.config["PROPAGATE_EXCEPTIONS"] = False
    assert post(client, "k").status_code == 500
    assert client.get(TODOS).json == []
    monkeypatch.setattr(idempotency, "answered", answered)
    answer = post(client, "k")
    assert (answer.status_code, "Idempotency-Replayed" in answer.headers) == (201, False)


def test_keys_count_for_posts_alone(client):
    todo = post(client, "k").json
    for _ in range(2):
        answer = client.put(f"{TODOS}/{todo['id']}", json={"title": "y"}, headers={"Idempotency-Key": "k"})
        assert (answer.status_code, "Idempotency-Replayed" in answer.headers) == (200, False)


def test_who_comes_while_the_first_is_at_work_waits_for_its_answer(environment, monkeypatch):
    app = create_app(ApiSettings.from_environment({**environment, "WEB_THREADS": "8"}))
    at_work, go_on = threading.Event(), threading.Event()
    answered = idempotency.answered

    def slowly(*given):
        at_work.set()
        assert go_on.wait(10)
        answered(*given)

    monkeypatch.setattr(idempotency, "answered", slowly)
    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(post, app.test_client(), "k")
        assert at_work.wait(10)
        others = [pool.submit(post, app.test_client(), "k") for _ in range(4)]
        assert not any(other.done() for other in others)
        go_on.set()
        answers = [first.result(), *(other.result() for other in others)]
    assert {answer.data for answer in answers} == {answers[0].data}
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers] == [None] + ["true"] * 4
    assert len(app.test_client().get(TODOS).json) == 1
    app.extensions["backlog"].engine.dispose()


def test_a_key_is_forgotten_after_a_day_and_old_ones_are_removed(client, sql):
    for key in ("k", "old", "older"):
        post(client, key)
    with sql.begin() as session:
        session.execute(text("update idempotency_keys set created_at = now() - interval '24 hours 1 second'"))
    answer = post(client, "k", title="another")
    assert (answer.status_code, answer.json["title"]) == (201, "another")
    with sql() as session:
        assert session.execute(text("select count(*) from idempotency_keys")).scalar_one() == 1


def test_the_database_has_neither_the_key_nor_what_was_answered(client, sql):
    post(client, "my-own-key", title="correct horse")
    with sql() as session:
        row = str(session.execute(text("select * from idempotency_keys")).one())
    assert "my-own-key" not in row
    assert "correct horse" not in row
