"""How a calendar stands, told as it changes; and how the work stands."""

import json
import threading
import urllib.error
import urllib.request

import pytest

from backlog_todos.tables import Build, TodoList
from tests.servers import GUNICORN


@pytest.fixture
def api(start, free_port):
    port = free_port()
    start(GUNICORN, "backlog_api.health", PORT=str(port), WEB_THREADS="4")
    return f"http://127.0.0.1:{port}/api/v1"


def stream(api, list_id=1):
    request = urllib.request.Request(f"{api}/lists/{list_id}/live", headers={"Accept": "text/event-stream"})
    return urllib.request.urlopen(request, timeout=20)


def refusal(api, list_id=1):
    """Status and headers of a stream's refusal, or None when there is a stream."""
    try:
        stream(api, list_id).close()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers
    return None


def events(answer):
    """The standings that a stream tells, until it ends."""
    for line in answer:
        if line.startswith(b"data:"):
            yield json.loads(line[5:])


def publish(sql, version):
    with sql.begin() as session:
        session.get(Build, 1).version = version


def add(api):
    body = json.dumps({"title": "Buy milk"}).encode()
    request = urllib.request.Request(f"{api}/todos", body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=10).close()


def test_a_stream_tells_each_change_of_a_calendar(api, sql):
    publish(sql, 0)
    with stream(api) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        told = events(answer)
        assert next(told)["state"] == "fresh"
        add(api)
        now = next(told)
        assert (now["behind"], now["wanted"]) == (1, 1)
        publish(sql, 1)
        while now["state"] != "fresh":
            now = next(told)
        assert now["version"] == 1


def test_streams_take_at_most_half_of_the_threads_and_a_place_comes_back(api, until):
    held = [stream(api) for _ in range(2)]
    refused, headers = refusal(api)
    assert refused == 503
    assert int(headers["Retry-After"]) > 0
    with urllib.request.urlopen(f"{api}/lists/1/live", timeout=10) as answer:
        assert json.load(answer)["wanted"] == 0
    for answer in held:
        answer.close()

    until(lambda: refusal(api) is None, what="a free place")


def test_a_stop_does_not_wait_for_streams(start, free_port):
    port = free_port()
    server = start(GUNICORN, "backlog_api.health", PORT=str(port), API_GRACEFUL_TIMEOUT_SECONDS="25")
    with stream(f"http://127.0.0.1:{port}/api/v1") as answer:
        read = threading.Thread(target=answer.read)
        read.start()
        server.stop()
        read.join(timeout=10)
        assert not read.is_alive()


def test_the_stream_of_a_list_that_goes_ends(api, sql):
    with sql.begin() as session:
        made = TodoList(name="Short")
        session.add(made)
        session.flush()
        list_id = made.id
        session.connection().exec_driver_sql(f"insert into calendars (list_id) values ({list_id})")
        session.connection().exec_driver_sql(f"insert into builds (list_id) values ({list_id})")
    with stream(api, list_id) as answer:
        told = events(answer)
        next(told)
        with sql.begin() as session:
            session.delete(session.get(TodoList, list_id))
        assert list(told) == []
    assert refusal(api, list_id)[0] == 404


def test_the_queue_tells_what_waits_who_works_and_what_failed(client, start_worker, sqs, environment, until):
    assert client.get("/api/v1/queue").json["workers"] == 0
    start_worker()
    sqs.send_message(QueueUrl=environment["DLQ_URL"], MessageBody="{}")

    def told():
        standing = client.get("/api/v1/queue").json
        return standing["workers"] == 1 and standing["dead"] == 1 and standing

    standing = until(told, what="the count of workers and dead letters")
    assert (standing["answers"], standing["in_flight"]) == (True, 0)


def test_a_queue_that_is_away_shows_as_such(client, monkeypatch):
    monkeypatch.setattr(client.application.extensions["backlog"].queue._depths, "_read", lambda: 1 / 0)
    standing = client.get("/api/v1/queue").json
    assert (standing["answers"], standing["waiting"], standing["workers"]) == (False, None, 0)
