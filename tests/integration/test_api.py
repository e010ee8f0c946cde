"""The API as its clients speak it."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

TODOS = "/api/v1/todos"


def post(client, **fields):
    answer = client.post(TODOS, json=fields)
    assert answer.status_code == 201, answer.json
    return answer.json


def in_days(days):
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def test_health_says_ok(client):
    answer = client.get("/api/v1/health")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_ready_asks_database_and_queue(client):
    assert client.get("/api/v1/ready").json == {"status": "ok", "database": "ok", "queue": "ok"}


def test_ready_says_which_of_them_is_away(client, sqs, environment):
    sqs.delete_queue(QueueUrl=environment["QUEUE_URL"])
    answer = client.get("/api/v1/ready")
    assert (answer.status_code, answer.json["queue"], answer.json["database"]) == (503, "away", "ok")
    sqs.create_queue(QueueName=environment["QUEUE_URL"].rsplit("/", 1)[1])


def test_a_new_todo_has_its_defaults(client):
    todo = post(client, title="Buy milk")
    assert todo | {"created_at": 0, "updated_at": 0} == {
        "id": todo["id"],
        "title": "Buy milk",
        "description": None,
        "completed": False,
        "deadline_at": None,
        "created_at": 0,
        "updated_at": 0,
    }
    assert list(todo) == ["id", "title", "description", "completed", "deadline_at", "created_at", "updated_at"]


def test_a_new_todo_keeps_what_it_was_given(client):
    given = {
        "title": "a,b;c\nd 🎉",
        "description": "more",
        "completed": True,
        "deadline_at": "2030-01-31T17:00:00+00:00",
    }
    todo = post(client, **given)
    assert given.items() <= todo.items()
    assert client.get(f"{TODOS}/{todo['id']}").json == todo


@pytest.mark.parametrize(
    ("given", "means"),
    [
        ("2030-01-31T17:00:00", "2030-01-31T17:00:00+00:00"),
        ("2030-01-31T17:00:00Z", "2030-01-31T17:00:00+00:00"),
        ("2030-01-31T17:00:00+02:00", "2030-01-31T15:00:00+00:00"),
        ("2030-01-31 17:00:00.250", "2030-01-31T17:00:00.250000+00:00"),
        ("2030-01-31", "2030-01-31T00:00:00+00:00"),
        (None, None),
    ],
)
def test_a_deadline_without_an_offset_means_utc(client, given, means):
    assert post(client, title="x", deadline_at=given)["deadline_at"] == means


def test_the_id_in_a_new_todo_is_ignored(client):
    assert post(client, id=999, title="x")["id"] != 999


def test_todos_are_listed_in_the_order_of_their_ids(client):
    ids = [post(client, title=str(n))["id"] for n in range(5)]
    client.put(f"{TODOS}/{ids[1]}", json={"title": "changed"})
    assert [todo["id"] for todo in client.get(TODOS).json] == ids


def test_completed_filters(client):
    open_, done = post(client, title="open"), post(client, title="done", completed=True)
    assert [todo["id"] for todo in client.get(f"{TODOS}?completed=true").json] == [done["id"]]
    assert [todo["id"] for todo in client.get(f"{TODOS}?completed=false").json] == [open_["id"]]


def test_window_keeps_deadlines_between_now_and_then(client):
    soon = post(client, title="soon", deadline_at=in_days(2))
    post(client, title="late", deadline_at=in_days(9))
    post(client, title="past", deadline_at=in_days(-1))
    post(client, title="never")
    assert [todo["id"] for todo in client.get(f"{TODOS}?window=5").json] == [soon["id"]]


def test_filters_go_together(client):
    post(client, title="open", deadline_at=in_days(1))
    done = post(client, title="done", deadline_at=in_days(1), completed=True)
    assert [todo["id"] for todo in client.get(f"{TODOS}?window=5&completed=true").json] == [done["id"]]


def test_put_changes_what_it_names_and_nothing_else(client):
    todo = post(client, title="x", description="kept", deadline_at="2030-01-01T00:00:00Z")
    changed = client.put(f"{TODOS}/{todo['id']}", json={"completed": True}).json
    assert changed == {**todo, "completed": True, "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > todo["updated_at"]


def test_put_takes_a_deadline_away_with_null(client):
    todo = post(client, title="x", deadline_at="2030-01-01T00:00:00Z")
    assert client.put(f"{TODOS}/{todo['id']}", json={"deadline_at": None}).json["deadline_at"] is None


def test_put_takes_its_own_id_and_no_other(client):
    todo = post(client, title="x")
    assert client.put(f"{TODOS}/{todo['id']}", json={"id": todo["id"], "title": "y"}).status_code == 200
    assert client.put(f"{TODOS}/{todo['id']}", json={"id": todo["id"] + 1, "title": "y"}).status_code == 400


def test_delete_takes_it_away(client):
    todo = post(client, title="x")
    assert client.delete(f"{TODOS}/{todo['id']}").status_code == 200
    assert client.get(f"{TODOS}/{todo['id']}").status_code == 404


@pytest.mark.parametrize("todo_id", ["0", "1", "99999999999999999999999999", "9223372036854775807", "abc", "-1", "1.5"])
@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_a_todo_that_is_not_there_is_a_404(client, method, todo_id):
    body = {"json": {"title": "x"}} if method == "put" else {}
    answer = getattr(client, method)(f"{TODOS}/{todo_id}", **body)
    assert answer.status_code == 404
    assert "error" in answer.json


def test_every_wrong_field_is_named(client):
    answer = client.post(TODOS, json={"completed": "yes", "deadline_at": "soon", "colour": "red"})
    assert answer.status_code == 400
    assert set(answer.json["fields"]) == {"title", "completed", "deadline_at", "colour"}
    assert "colour: is not a known field" in answer.json["error"]


@pytest.mark.parametrize(
    "fields",
    [
        {"title": None},
        {"title": 5},
        {"title": ""},
        {"title": "nul\x00"},
        {"title": "x", "description": "nul\x00"},
        {"title": "\ud800"},
        {"title": "x" * 20_000},
        {"title": "x", "completed": 1},
        {"title": "x", "completed": None},
        {"title": "x", "deadline_at": 5},
        {"title": "x", "deadline_at": "0000-01-01T00:00:00"},
        {"title": "x", "deadline_at": "9999-12-31T23:59:59-12:00"},
        {"title": "x", "deadline_at": "0001-01-01T00:00:00+12:00"},
        {"title": "x", "deadline_at": "2030-02-30T00:00:00"},
        {"title": "x", "deadline_at": "99999-01-01T00:00:00"},
        {"title": ["x"]},
        {"title": {"a": 1}},
    ],
)
def test_a_wrong_value_is_a_400(client, fields):
    assert client.post(TODOS, json=fields).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"5",
        b'"x"',
        b'{"title": NaN}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"title": "x", "id": ' + b"9" * 5_000 + b"}",
    ],
)
def test_a_body_that_is_no_json_object_is_a_400(client, body):
    answer = client.post(TODOS, data=body, content_type="application/json")
    assert answer.status_code == 400
    assert "error" in answer.json


def test_a_body_that_is_not_said_to_be_json_is_a_415(client):
    assert client.post(TODOS, data='{"title": "x"}', content_type="text/plain").status_code == 415
    assert client.post(TODOS, data='{"title": "x"}').status_code == 415


def test_a_body_of_a_mebibyte_is_a_413(client):
    answer = client.post(TODOS, data=b'{"title": "' + b"x" * 1024 * 1024 + b'"}', content_type="application/json")
    assert answer.status_code == 413
    assert "error" in answer.json


def test_a_method_that_is_not_there_is_a_405_that_names_the_others(client):
    answer = client.patch(TODOS)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, POST")


@pytest.mark.parametrize(
    "query", ["completed=maybe", "completed=", "window=-1", "window=soon", "window=1e9", "window=99999999999"]
)
def test_a_wrong_query_is_a_400_that_names_the_parameter(client, query):
    answer = client.get(f"{TODOS}?{query}")
    assert answer.status_code == 400
    assert query.split("=", 1)[0] in answer.json["fields"]


def test_every_wrong_parameter_is_named(client):
    assert set(client.get(f"{TODOS}?window=x&completed=y").json["fields"]) == {"window", "completed"}


def test_a_url_is_of_the_host_that_was_asked(client):
    task = client.post(f"{TODOS}/ical", headers={"Host": "todos.example:8080"}).json
    assert task["task_url"] == f"http://todos.example:8080{TODOS}/ical/{task['task_id']}/status"


def test_a_blank_title_is_refused_and_blanks_around_one_are_kept(client):
    assert client.post(TODOS, json={"title": " \t\u00a0\n"}).json["fields"] == {"title": "must not be blank"}
    todo = post(client, title=" x ")
    assert todo["title"] == " x "
    assert client.put(f"{TODOS}/{todo['id']}", json={"title": "  "}).status_code == 400


def test_a_request_keeps_its_id(client):
    assert client.get(TODOS, headers={"X-Request-ID": "abc-1"}).headers["X-Request-ID"] == "abc-1"
    assert client.get(TODOS, headers={"X-Request-ID": "<script>"}).headers["X-Request-ID"] != "<script>"


def test_a_calendar_is_asked_for_by_a_message_that_carries_ids_only(client, sqs, environment):
    post(client, title="confidential")
    answer = client.post(f"{TODOS}/ical")
    assert answer.status_code == 202
    assert answer.json["task_url"].endswith(f"{TODOS}/ical/{answer.json['task_id']}/status")
    message = sqs.receive_message(QueueUrl=environment["QUEUE_URL"], WaitTimeSeconds=2)["Messages"][0]
    assert "confidential" not in message["Body"]


def test_a_calendar_that_waits_is_pending_and_not_finished(client):
    task = client.post(f"{TODOS}/ical").json["task_id"]
    status = client.get(f"{TODOS}/ical/{task}/status").json
    assert (status["task_id"], status["task_status"]) == (task, "PENDING")
    result = client.get(status["result_url"])
    assert (result.status_code, result.json) == (404, {"error": "Task not finished"})


@pytest.mark.parametrize("what", ["status", "result"])
@pytest.mark.parametrize("task", ["nope", str(uuid.UUID(int=5))])
def test_a_task_that_nobody_was_given_is_a_404(client, what, task):
    assert client.get(f"{TODOS}/ical/{task}/{what}").status_code == 404


def test_a_calendar_is_accepted_while_the_queue_is_away(client, sqs, environment):
    sqs.delete_queue(QueueUrl=environment["QUEUE_URL"])
    answer = client.post(f"{TODOS}/ical")
    assert answer.status_code == 202
    assert client.get(f"{TODOS}/ical/{answer.json['task_id']}/status").json["task_status"] == "PENDING"
    sqs.create_queue(QueueName=environment["QUEUE_URL"].rsplit("/", 1)[1])


def test_a_database_that_is_away_is_a_503_that_says_when_to_try_again(client, servers, environment):
    servers.run_sql(f"alter database {environment['DATABASE_NAME']} allow_connections false")
    servers.end_sessions(f"datname = '{environment['DATABASE_NAME']}'")
    answer = client.get(TODOS)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert client.get("/api/v1/health").status_code == 200
    servers.run_sql(f"alter database {environment['DATABASE_NAME']} allow_connections true")
    assert client.get(TODOS).status_code == 200
