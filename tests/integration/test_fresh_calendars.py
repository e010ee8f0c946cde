"""Calendars with a real worker and queue: fresh soon after a change, whatever becomes of messages and workers."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parent))
from faults import FaultyProxy

TODOS, CALENDAR = "/api/v1/todos", "/api/v1/lists/1/calendar.ics"


def behind(client):
    answer = client.get(CALENDAR)
    return int(answer.headers["Calendar-Behind"]) if answer.status_code == 200 else None


def test_a_change_is_in_the_calendar_soon(client, start_worker, until):
    start_worker()
    until(lambda: behind(client) == 0)
    client.post(TODOS, json={"title": "first"})
    client.post(TODOS, json={"title": "second"})
    until(lambda: behind(client) == 0)
    assert client.get(CALENDAR).data.count(b"BEGIN:VTODO") == 2


def test_a_burst_of_changes_is_built_a_few_times(client, start_worker, until):
    """How often depends on how long the burst is; it is far from once for each change."""
    worker = start_worker()
    for n in range(50):
        client.post(TODOS, json={"title": f"todo {n}"})
    until(lambda: behind(client) == 0)
    before = worker.said().count('"calendar published"')
    app = client.application

    def tick(n):
        assert app.test_client().put(f"{TODOS}/{n % 50 + 1}", json={"completed": n >= 50}).status_code == 200

    with ThreadPoolExecutor(4) as at_once:
        list(at_once.map(tick, range(200)))
    until(lambda: behind(client) == 0)
    assert worker.said().count('"calendar published"') - before <= 50


def test_with_every_message_dropped_the_calendar_is_still_right(client, servers, environment, start_worker, until):
    """Guarantee 3: within ten seconds; this is not the place to look at the clock."""
    proxy = FaultyProxy(servers.emulator.port)
    proxy.only, proxy.fault = "SendMessage", "503"
    through = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy.port}",
        "QUEUE_URL": environment["QUEUE_URL"].replace(f":{servers.emulator.port}", f":{proxy.port}"),
    }
    client.application.extensions["backlog"].queue.refresh = lambda *_: False
    try:
        start_worker(**through)
        for n in range(3):
            client.post(TODOS, json={"title": f"todo {n}"})
            until(lambda: behind(client) == 0)
        assert client.get(CALENDAR).data.count(b"BEGIN:VTODO") == 3
    finally:
        proxy.close()


def test_a_builder_that_is_killed_is_followed_by_another(client, start_worker, until, sql):
    client.post(TODOS, json={"title": "kept"})
    with sql() as blocked:
        blocked.execute(text("lock table todos in access exclusive mode"))
        first = start_worker()
        until(lambda: _leased(sql))
        first.kill()
    start_worker()
    until(lambda: behind(client) == 0, 40)
    assert b"kept" in client.get(CALENDAR).data


def _leased(sql):
    with sql() as session:
        return session.execute(text("select fence > 0 from builds where list_id = 1")).scalar_one()


def test_each_request_has_its_own_task_and_many_share_one_build(client, start_worker, until, sql):
    client.post(TODOS, json={"title": "shared"})
    start_worker()
    tasks = {client.post(f"{TODOS}/ical").json["task_id"] for _ in range(30)}
    assert len(tasks) == 30
    until(lambda: {client.get(f"{TODOS}/ical/{task}/status").json["task_status"] for task in tasks} == {"SUCCESS"})
    assert all(b"shared" in client.get(f"{TODOS}/ical/{task}/result").data for task in tasks)
    with sql() as session:
        assert session.execute(text("select count(*) from results")).scalar_one() == 1
        assert session.execute(text("select count(distinct result_id) from calendar_jobs")).scalar_one() == 1


def test_a_result_stays_as_it_was_when_the_todos_change(client, start_worker, until):
    client.post(TODOS, json={"title": "then"})
    start_worker()
    task = client.post(f"{TODOS}/ical").json["task_id"]
    until(lambda: client.get(f"{TODOS}/ical/{task}/status").json["task_status"] == "SUCCESS")
    client.put(f"{TODOS}/1", json={"title": "now"})
    until(lambda: b"now" in client.get(CALENDAR).data)
    assert b"then" in client.get(f"{TODOS}/ical/{task}/result").data


def test_tasks_belong_to_their_list(client):
    other = client.post("/api/v1/lists", json={"name": "other"}).json["id"]
    task = client.post(f"/api/v1/lists/{other}/todos/ical").json
    assert f"/api/v1/lists/{other}/todos/ical/" in task["task_url"]
    assert client.get(task["task_url"]).json["task_status"] == "PENDING"
    assert client.get(f"{TODOS}/ical/{task['task_id']}/status").status_code == 404
    assert client.post("/api/v1/lists/99/todos/ical").status_code == 404
