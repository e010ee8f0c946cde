"""Many operations in one call: all of them or none, as if they were done one after another."""

import threading
from random import Random

import pytest
from sqlalchemy import event, text

from backlog_api.app import create_app
from backlog_api.settings import ApiSettings

LISTS, TODOS, BULK = "/api/v1/lists", "/api/v1/todos", "/api/v1/todos/bulk"


@pytest.fixture
def bulk(client):
    return lambda *operations, path=BULK: client.post(path, json={"operations": operations})


@pytest.fixture
def ids(bulk):
    return lambda count: [
        done["id"] for done in bulk(*({"op": "create", "title": f"todo {n}"} for n in range(count))).json["results"]
    ]


def todo(client, todo_id):
    return client.get(f"{LISTS}/1/todos/{todo_id}").json


def test_operations_are_answered_in_their_order_with_the_version_of_all_of_them(client, bulk, ids):
    one, two, three = ids(3)
    answer = bulk(
        {"op": "complete", "id": three},
        {"op": "create", "title": "new", "description": "d", "completed": True, "deadline_at": "2030-01-31"},
        {"op": "delete", "id": one},
        {"op": "update", "id": two, "title": "other"},
        {"op": "create", "title": "newer"},
    )
    assert answer.status_code == 200
    new = answer.json["results"][1]["id"]
    assert answer.json == {
        "results": [
            {"op": "complete", "id": three},
            {"op": "create", "id": new},
            {"op": "delete", "id": one},
            {"op": "update", "id": two},
            {"op": "create", "id": new + 1},
        ],
        "version": 2,
    }
    assert answer.headers["Calendar-Version"] == "2"
    assert [found["title"] for found in client.get(TODOS).json] == ["other", "todo 2", "new", "newer"]
    made = todo(client, new)
    assert (made["description"], made["completed"], made["all_day"]) == ("d", True, True)
    assert todo(client, three)["completed"] is True
    assert client.get(f"{TODOS}/{one}").status_code == 404


def test_an_update_changes_what_it_names_and_nothing_else(client, bulk):
    fields = {"title": "x", "description": "kept", "deadline_at": "2030-01-31", "completed": True}
    before = client.post(f"{LISTS}/1/todos", json=fields).json
    for change in (
        {"title": "y"},
        {"description": None},
        {"description": "d"},
        {"completed": False},
        {"deadline_at": None},
        {"deadline_at": "2031-01-31T10:00:00Z"},
        {"deadline_at": "2031-02-01", "all_day": True},
        {"all_day": False},
    ):
        assert bulk({"op": "update", "id": before["id"], **change}).status_code == 200
        after = todo(client, before["id"])
        told = {"updated_at": after["updated_at"], "revision": before["revision"] + 1, **change}
        if "deadline_at" in change:
            told["all_day"] = change.get("all_day", False)
            told["deadline_at"] = change["deadline_at"] and after["deadline_at"]
        assert after == {**before, **told}
        before = after


def test_later_operations_see_earlier_ones(client, bulk, ids):
    one, two = ids(2)
    answer = bulk(
        {"op": "update", "id": one, "title": "a", "description": "d"},
        {"op": "update", "id": one, "title": "b"},
        {"op": "complete", "id": one},
        {"op": "update", "id": one, "completed": False},
        {"op": "update", "id": two, "title": "c"},
        {"op": "complete", "id": two},
        {"op": "delete", "id": two},
    )
    assert answer.status_code == 200
    found = todo(client, one)
    assert (found["title"], found["description"], found["completed"], found["revision"]) == ("b", "d", False, 1)
    assert client.get(f"{TODOS}/{two}").status_code == 404


def test_what_was_deleted_in_the_same_call_is_gone_for_the_operations_after(client, bulk, ids):
    (one,) = ids(1)
    answer = bulk({"op": "delete", "id": one}, {"op": "complete", "id": one}, {"op": "delete", "id": one})
    assert [item["index"] for item in answer.json["items"]] == [1, 2]
    assert client.get(f"{TODOS}/{one}").status_code == 200


def test_every_wrong_operation_is_named_and_nothing_is_done(client, bulk, ids):
    (one,) = ids(1)
    made = client.post(LISTS, json={"name": "other"}).json["id"]
    elsewhere = client.post(f"{LISTS}/{made}/todos", json={"title": "x"}).json["id"]
    answer = bulk(
        {"op": "complete", "id": one},
        {"op": "create", "title": " ", "colour": "red"},
        {"op": "complete", "id": elsewhere},
        {"op": "paint", "id": one},
        {"id": one},
        "complete",
        {"op": "update", "id": 999, "title": "x"},
        {"op": "update", "id": one, "title": None, "completed": "yes"},
        {"op": "delete", "id": "1"},
        {"op": "complete", "id": one, "title": "x"},
        {"op": "create"},
        {"op": "complete", "id": 2**63},
    )
    assert answer.status_code == 400
    assert {item["index"]: set(item["fields"]) for item in answer.json["items"]} == {
        1: {"title", "colour"},
        2: {"id"},
        3: {"op"},
        4: {"op"},
        5: {"operation"},
        6: {"id"},
        7: {"title", "completed"},
        8: {"id"},
        9: {"title"},
        10: {"title"},
        11: {"id"},
    }
    assert answer.json["items"][1]["error"] == f"id: there is no todo {elsewhere} in this list"
    assert answer.json["error"] == "nothing was done: 11 of 12 operations cannot be"
    assert todo(client, one)["completed"] is False


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"operations": None},
        {"operations": []},
        {"operations": {}},
        {"operations": [{"op": "create", "title": "x"}] * 10_001},
        {"operations": [{"op": "create", "title": "x"}], "colour": "red"},
        {"operations": [{"op": "create"}], "colour": "red"},
    ],
)
def test_a_body_that_holds_no_operations_is_a_400_that_names_the_field(client, body):
    answer = client.post(BULK, json=body)
    assert answer.status_code == 400
    assert answer.json["fields"]
    assert client.get(TODOS).json == []


def test_a_list_has_bulk_operations_of_its_own(client, bulk):
    made = client.post(LISTS, json={"name": "x"}).json["id"]
    path = f"{LISTS}/{made}/todos/bulk"
    (done,) = bulk({"op": "create", "title": "x"}, path=path).json["results"]
    assert client.get(f"{LISTS}/{made}/todos/{done['id']}").status_code == 200
    assert bulk({"op": "complete", "id": done["id"]}).status_code == 400
    assert bulk({"op": "complete", "id": done["id"]}, path=path).json["version"] == 2


def test_only_a_bulk_call_may_have_sixteen_mebibytes(client, bulk):
    large = [{"op": "create", "title": "x", "description": "d" * 100_000}] * 100
    assert bulk(*large).status_code == 200
    assert bulk(*large, *large).status_code == 413
    assert client.post(TODOS, json={"title": "x", "description": "d" * 1_048_576}).status_code == 413


def test_a_call_that_comes_again_with_its_key_is_done_once(client):
    operations = [{"op": "create", "title": "x", "description": "d" * 100_000}] * 20
    asked = {"json": {"operations": operations}, "headers": {"Idempotency-Key": "once"}}
    first, second = client.post(BULK, **asked), client.post(BULK, **asked)
    assert first.status_code == 200
    assert first.json == second.json
    assert len(client.get(TODOS).json) == 20


def test_refused_calls_with_keys_take_no_more_connections_than_there_are(client, ids):
    (one,) = ids(1)
    operations = [{"op": "complete", "id": one}, {"op": "paint"}, {"op": "complete", "id": 999}]
    answers = []

    def work(worker):
        own = client.application.test_client()
        for turn in range(5):
            headers = {"Idempotency-Key": f"{worker} {turn}"}
            answers.append(own.post(BULK, json={"operations": operations}, headers=headers))

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [400] * 20
    assert {len(answer.json["items"]) for answer in answers} == {2}


def test_ten_thousand_todos_take_few_statements(client, bulk, ids):
    statements = []
    made = ids(10_000)
    engine = client.application.extensions["backlog"].engine
    event.listen(engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    answer = bulk(*({"op": "complete", "id": todo_id} for todo_id in made))
    assert answer.status_code == 200
    assert len(statements) < 10
    assert client.get(f"{LISTS}/1").json["done"] == 10_000
    assert bulk(*({"op": "delete", "id": todo_id} for todo_id in made)).json["version"] == 3
    assert client.get(TODOS).json == []


def test_creations_keep_their_order(client, ids):
    made = ids(2_500)
    assert [(found["id"], found["title"]) for found in client.get(TODOS).json] == [
        (todo_id, f"todo {n}") for n, todo_id in enumerate(made)
    ]


def test_an_event_tells_of_each_todo_once(sql, ids, environment):
    one, two, three, four = ids(4)
    app = create_app(ApiSettings.from_environment({**environment, "EVENT_STREAMS": "sns"}))
    client = app.test_client()
    operations = [
        {"op": "create", "title": "new"},
        {"op": "update", "id": two, "title": "x"},
        {"op": "complete", "id": two},
        {"op": "update", "id": three, "title": "y"},
        {"op": "complete", "id": four},
        {"op": "delete", "id": four},
        {"op": "complete", "id": one},
        {"op": "update", "id": one, "completed": False},
    ]
    new = client.post(BULK, json={"operations": operations}).json["results"][0]["id"]
    with sql() as session:
        rows = session.execute(text("select subject, type, data->>'title' from events order by position")).all()
    app.extensions["backlog"].engine.dispose()
    assert {row[0]: (row[1], row[2]) for row in rows} == {
        f"todos/{new}": ("todo.created", "new"),
        f"todos/{one}": ("todo.updated", "todo 0"),
        f"todos/{two}": ("todo.completed", "x"),
        f"todos/{three}": ("todo.updated", "y"),
        f"todos/{four}": ("todo.deleted", "todo 3"),
    }
    assert len(rows) == 5


def test_a_todo_knows_since_when_it_is_completed_after_bulk_calls_too(bulk, ids, sql):
    def since(todo_id):
        with sql() as session:
            return session.execute(text(f"select completed_at from todos where id = {todo_id}")).scalar_one()

    (one,) = ids(1)
    bulk({"op": "complete", "id": one})
    first = since(one)
    bulk({"op": "complete", "id": one}, {"op": "update", "id": one, "title": "x"})
    assert since(one) == first is not None
    bulk({"op": "update", "id": one, "completed": False}, {"op": "complete", "id": one})
    assert since(one) > first
    bulk({"op": "update", "id": one, "completed": False})
    assert since(one) is None


def test_calls_that_change_the_same_todos_in_other_orders_never_wait_in_a_ring(client, ids):
    made = ids(60)
    answers = []

    def work(worker):
        own = client.application.test_client()
        for turn in range(8):
            order = made if (worker + turn) % 2 else made[::-1]
            operations = [{"op": "update", "id": todo_id, "title": f"{worker} {turn}"} for todo_id in order]
            answers.append(own.post(BULK, json={"operations": operations}).status_code)
            answers.append(own.put(f"{TODOS}/{order[turn]}", json={"completed": True}).status_code)
            answers.append(own.put(f"{LISTS}/1", json={"remind_minutes": worker * 10 + turn}).status_code)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 72


def test_a_call_waits_for_who_changes_one_of_its_todos_and_then_sees_it(bulk, ids, sql, until):
    (one,) = ids(1)
    answers = []
    with sql() as session:
        session.execute(text(f"delete from todos where id = {one}"))
        call = threading.Thread(target=lambda: answers.append(bulk({"op": "complete", "id": one}).status_code))
        call.start()
        with sql() as looking:
            waiting = text("select count(*) from pg_locks where not granted")
            until(lambda: looking.execute(waiting).scalar_one())
        session.commit()
    call.join()
    assert answers == [400]


@pytest.mark.parametrize("seed", range(6))
def test_a_call_comes_to_what_its_operations_come_to_one_after_another(client, seed):
    chance = Random(seed)  # noqa: S311 - the same each time is the point
    at_once, one_by_one = ({"id": client.post(LISTS, json={"name": name}).json["id"]} for name in "ab")
    shown = ("title", "description", "completed", "deadline_at", "all_day")
    choices = {
        "title": ["a", "b"],
        "description": [None, "d"],
        "completed": [True, False],
        "deadline_at": [None, "2030-01-31", "2030-01-31T00:00:00Z", "2031-01-31T09:00:00Z"],
    }

    def fields():
        return {name: chance.choice(values) for name, values in choices.items() if chance.random() < 0.5}

    for a_list in (at_once, one_by_one):
        a_list["path"] = f"{LISTS}/{a_list['id']}/todos"
        new = [{"op": "create", "title": f"todo {n}", "deadline_at": "2030-01-31"} for n in range(5)]
        done = client.post(f"{a_list['path']}/bulk", json={"operations": new}).json["results"]
        a_list["ids"] = [made["id"] for made in done]
    for _ in range(8):
        operations, left = [], list(range(len(at_once["ids"])))
        for _ in range(12):
            if not left or chance.random() < 0.1:
                operations.append(("create", None, {"title": "new", **fields()}))
                continue
            op, which = chance.choice(["update", "update", "complete", "delete"]), chance.choice(left)
            if op == "delete":
                left.remove(which)
            operations.append((op, which, fields() if op == "update" else {}))
        told = [
            {"op": op, **({} if which is None else {"id": at_once["ids"][which]}), **values}
            for op, which, values in operations
        ]
        answer = client.post(f"{at_once['path']}/bulk", json={"operations": told})
        assert answer.status_code == 200, answer.json
        for op, which, values in operations:
            path = one_by_one["path"] if which is None else f"{one_by_one['path']}/{one_by_one['ids'][which]}"
            ask = {"create": client.post, "delete": client.delete}.get(op, client.put)
            ask(path, json={"completed": True} if op == "complete" else values)
        found = [client.get(a_list["path"]).json for a_list in (at_once, one_by_one)]
        one, other = ([{name: todo[name] for name in shown} for todo in todos] for todos in found)
        assert one == other
        for a_list, todos in zip((at_once, one_by_one), found, strict=True):
            a_list["ids"] = [todo["id"] for todo in todos]
