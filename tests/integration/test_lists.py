"""Lists of todos: made, changed and deleted; each with todos that the others do not see."""

import pytest
from sqlalchemy import text

LISTS, TODOS = "/api/v1/lists", "/api/v1/todos"


@pytest.fixture
def make(client):
    def made(name="Home", **fields):
        answer = client.post(LISTS, json={"name": name, **fields})
        assert answer.status_code == 201, answer.json
        return answer.json

    return made


@pytest.fixture
def run(sql):
    def execute(statement):
        with sql.begin() as session:
            return session.execute(text(statement))

    return execute


def of(a_list, path=""):
    return f"{LISTS}/{a_list['id']}/todos{path}"


def test_there_is_one_list_to_begin_with_which_holds_the_todos_without_a_list(client):
    client.post(TODOS, json={"title": "open"})
    client.post(TODOS, json={"title": "done", "completed": True})
    (first,) = client.get(LISTS).json
    shown = ["id", "name", "time_zone", "remind_minutes", "created_at", "updated_at", "open", "done"]
    assert list(first) == shown
    assert [first[name] for name in ("id", "name", "open", "done")] == [1, "Todos", 1, 1]
    assert client.get(f"{LISTS}/1").json == first
    assert [todo["title"] for todo in client.get(f"{LISTS}/1/todos").json] == ["open", "done"]


def test_a_new_list_has_what_it_was_given_and_a_calendar_to_be_built(client, make, run):
    made = make("Büro", time_zone="Europe/Berlin", remind_minutes=30)
    assert (made["name"], made["time_zone"], made["remind_minutes"]) == ("Büro", "Europe/Berlin", 30)
    assert (made["open"], made["done"]) == (0, 0)
    assert client.get(LISTS).json[1] == made == client.get(f"{LISTS}/{made['id']}").json
    assert run(f"select wanted, version from calendars join builds using (list_id) where list_id = {made['id']}").all()


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, "name"),
        ({"name": " "}, "name"),
        ({"name": None}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "x", "time_zone": "Mars/Olympus"}, "time_zone"),
        ({"name": "x", "time_zone": "../../etc/passwd"}, "time_zone"),
        ({"name": "x", "time_zone": "Europe"}, "time_zone"),
        ({"name": "x", "time_zone": "localtime"}, "time_zone"),
        ({"name": "x", "time_zone": "\x00"}, "time_zone"),
        ({"name": "x", "remind_minutes": -1}, "remind_minutes"),
        ({"name": "x", "remind_minutes": 40_321}, "remind_minutes"),
        ({"name": "x", "remind_minutes": 1.5}, "remind_minutes"),
        ({"name": "x", "remind_minutes": True}, "remind_minutes"),
        ({"name": "x", "colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_with_a_list_is_named(client, fields, wrong):
    answer = client.post(LISTS, json=fields)
    assert (answer.status_code, set(answer.json["fields"])) == (400, {wrong})


def test_a_list_takes_the_longest_name_and_reminder(make):
    assert make("x" * 200, remind_minutes=40_320)["remind_minutes"] == 40_320


def test_another_name_gives_the_calendar_a_version_and_leaves_the_todos(client, make):
    made = make()
    todo = client.post(of(made), json={"title": "x"}).json
    answer = client.put(f"{LISTS}/{made['id']}", json={"name": "Work"})
    assert (answer.json["name"], answer.headers["Calendar-Version"]) == ("Work", "2")
    assert client.get(of(made, f"/{todo['id']}")).json == todo


@pytest.mark.parametrize("change", [{"time_zone": "Asia/Tokyo"}, {"remind_minutes": 15}])
def test_another_zone_or_reminder_has_every_todo_rendered_anew(client, make, run, change):
    made = make()
    ids = [client.post(of(made), json={"title": str(n)}).json["id"] for n in range(3)]
    other = client.post(TODOS, json={"title": "elsewhere"}).json
    answer = client.put(f"{LISTS}/{made['id']}", json=change)
    assert answer.headers["Calendar-Version"] == "4"
    rows = run(f"select id, revision, version from todos where list_id = {made['id']} order by id").all()
    assert rows == [(todo_id, 1, 4) for todo_id in ids]
    assert run(f"select revision from todos where id = {other['id']}").scalar_one() == 0


def test_a_change_to_what_a_list_is_already_changes_nothing(client, make):
    made = make(time_zone="Asia/Tokyo")
    client.post(of(made), json={"title": "x"})
    answer = client.put(f"{LISTS}/{made['id']}", json={"time_zone": "Asia/Tokyo", "name": "Home"})
    assert (answer.json["updated_at"], answer.headers["Calendar-Version"]) == (made["updated_at"], "1")


def test_a_list_is_deleted_with_everything_of_it(client, make, run):
    made, kept = make(), make("kept")
    ids = [client.post(of(made), json={"title": str(n), "completed": n > 0}).json["id"] for n in range(3)]
    client.delete(of(made, f"/{ids[0]}"))
    client.post(of(kept), json={"title": "kept"})
    task = client.post(of(made, "/ical")).json["task_id"]
    run(
        f"with kept as (insert into results (list_id, version, todos, events) values ({made['id']}, 1, '', '') "
        f"returning id) update calendar_jobs set result_id = kept.id from kept where calendar_jobs.id = '{task}'"
    )
    gone = client.delete(f"{LISTS}/{made['id']}")
    assert (gone.status_code, gone.json["done"]) == (200, 2)
    assert client.get(f"{LISTS}/{made['id']}").status_code == 404
    for table in ("todos", "removed_todos", "calendars", "builds", "calendar_jobs", "results"):
        assert run(f"select count(*) from {table} where list_id = {made['id']}").scalar_one() == 0
    assert len(client.get(of(kept)).json) == 1


def test_the_first_list_stays(client):
    assert client.delete(f"{LISTS}/1").status_code == 409
    assert client.get(f"{LISTS}/1").status_code == 200


@pytest.mark.parametrize("list_id", ["0", "77", "99999999999999999999999999", "9223372036854775807", "abc", "-1"])
def test_a_list_that_is_not_there_is_a_404_whatever_is_asked_of_it(client, list_id):
    path, body = f"{LISTS}/{list_id}", {"json": {"name": "x"}}
    todo = {"json": {"title": "x"}}
    bulk = {"json": {"operations": [{"op": "create", "title": "x"}]}}
    asked = [
        client.get(path),
        client.put(path, **body),
        client.delete(path),
        client.get(f"{path}/todos"),
        client.get(f"{path}/todos?limit=5"),
        client.post(f"{path}/todos", **todo),
        client.get(f"{path}/todos/1"),
        client.put(f"{path}/todos/1", **todo),
        client.delete(f"{path}/todos/1"),
        client.post(f"{path}/todos/bulk", **bulk),
    ]
    assert [answer.status_code for answer in asked] == [404] * len(asked)
    assert all(answer.json["error"] for answer in asked)


def test_a_lists_todo_shows_more_than_one_of_before_there_were_lists(client, make):
    made = make()
    todo = client.post(of(made), json={"title": "x"}).json
    shown = ["id", "title", "description", "completed", "deadline_at", "created_at", "updated_at"]
    assert list(todo) == [*shown, "list_id", "all_day", "revision"]
    assert (todo["list_id"], todo["all_day"], todo["revision"]) == (made["id"], False, 0)
    assert client.get(of(made, f"/{todo['id']}")).json == todo == client.get(of(made)).json[0]
    assert client.put(of(made, f"/{todo['id']}"), json={"title": "y"}).json["revision"] == 1
    assert list(client.post(TODOS, json={"title": "x"}).json) == shown == list(client.get(TODOS).json[0])


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_a_todo_is_found_in_its_own_list_and_in_no_other(client, make, method):
    made, other = make(), make("other")
    todo = client.post(of(made), json={"title": "x"}).json["id"]
    body = {"json": {"title": "y"}} if method == "put" else {}
    ask = getattr(client, method)
    assert ask(f"{TODOS}/{todo}", **body).status_code == 404
    assert ask(of(other, f"/{todo}"), **body).status_code == 404
    assert client.get(TODOS).json == client.get(of(other)).json == []
    assert ask(of(made, f"/{todo}"), **body).status_code == 200


def test_the_filters_are_a_lists_own(client, make):
    made = make()
    for path in (of(made), TODOS):
        client.post(path, json={"title": path, "completed": True})
    (done,) = client.get(f"{of(made)}?completed=true").json
    assert done["title"] == of(made)


def test_each_change_tells_its_lists_version(client, make):
    made = make()
    first = client.post(of(made), json={"title": "x"})
    path = of(made, f"/{first.json['id']}")
    answers = [first, client.put(path, json={"title": "y"}), client.delete(path)]
    assert [answer.headers["Calendar-Version"] for answer in answers] == ["1", "2", "3"]
    assert client.post(TODOS, json={"title": "elsewhere"}).headers["Calendar-Version"] == "1"


@pytest.mark.parametrize(
    ("sent", "deadline", "all_day"),
    [
        ({"deadline_at": "2030-01-31"}, "2030-01-31T00:00:00+00:00", True),
        ({"deadline_at": "20300131"}, "2030-01-31T00:00:00+00:00", True),
        ({"deadline_at": "2030-01-31", "all_day": False}, "2030-01-31T00:00:00+00:00", False),
        ({"deadline_at": "2030-01-31T00:00:00Z"}, "2030-01-31T00:00:00+00:00", False),
        ({"deadline_at": "2030-01-31T23:30:00-08:00", "all_day": True}, "2030-01-31T00:00:00+00:00", True),
        ({"deadline_at": "2030-01-31T17:00:00+02:00"}, "2030-01-31T15:00:00+00:00", False),
        ({"deadline_at": None}, None, False),
        ({"all_day": False}, None, False),
    ],
)
def test_a_deadline_is_a_day_where_it_is_sent_as_one(client, make, sent, deadline, all_day):
    made = make(time_zone="America/Los_Angeles")
    todo = client.post(of(made), json={"title": "x", **sent}).json
    assert (todo["deadline_at"], todo["all_day"]) == (deadline, all_day)
    changed = client.post(of(made), json={"title": "y", "deadline_at": "2031-01-01"}).json
    changed = client.put(of(made, f"/{changed['id']}"), json={**sent}).json
    if "deadline_at" in sent:
        assert (changed["deadline_at"], changed["all_day"]) == (deadline, all_day)


def test_a_day_without_a_deadline_is_refused(client, make):
    made = make()
    for sent in ({"all_day": True}, {"all_day": True, "deadline_at": None}):
        assert set(client.post(of(made), json={"title": "x", **sent}).json["fields"]) == {"all_day"}


def test_a_client_that_sends_a_deadline_back_as_it_was_shown_leaves_it_a_day(client):
    todo = client.post(TODOS, json={"title": "x", "deadline_at": "2030-01-31"}).json
    echo = {name: todo[name] for name in ("id", "title", "description", "completed", "deadline_at")}
    client.put(f"{TODOS}/{todo['id']}", json=echo)
    assert client.get(f"{LISTS}/1/todos/{todo['id']}").json["all_day"] is True
    client.put(f"{TODOS}/{todo['id']}", json={"deadline_at": "2030-01-31T01:00:00Z"})
    assert client.get(f"{LISTS}/1/todos/{todo['id']}").json["all_day"] is False


def test_a_day_stays_that_day_when_the_zone_changes(client, make):
    made = make(time_zone="Asia/Tokyo")
    todo = client.post(of(made), json={"title": "x", "deadline_at": "2030-01-31"}).json
    client.put(f"{LISTS}/{made['id']}", json={"time_zone": "America/Los_Angeles"})
    assert client.get(of(made, f"/{todo['id']}")).json["deadline_at"] == "2030-01-31T00:00:00+00:00"


def test_the_first_lists_todos_without_a_list_know_no_all_day(client):
    assert set(client.post(TODOS, json={"title": "x", "all_day": True}).json["fields"]) == {"all_day"}
