"""Lists of todos of any length: as one array that is sent while it is read, or a page at a time."""

import json
import re
import tracemalloc

import pytest
from sqlalchemy import text

from backlog_todos import todo_texts

TODOS = "/api/v1/todos"


@pytest.fixture
def fill(sql):
    def filled(count, columns="title", values="'todo ' || n", list_id=1):
        rows = f"select {list_id}, {values} from generate_series(1, {count}) n"
        with sql.begin() as session:
            session.execute(text(f"insert into todos (list_id, {columns}) {rows}"))

    return filled


def pages(client, path):
    """Every page, by the links."""
    while path:
        answer = client.get(path)
        assert answer.status_code == 200, answer.json
        yield answer.json
        link = answer.headers.get("Link")
        path = re.fullmatch(r'<([^>]+)>; rel="next"', link)[1] if link else None


@pytest.mark.parametrize("count", [0, 1, 999, 1_000, 1_001, 2_000, 2_001])
def test_all_of_a_list_is_one_array_of_any_length(client, fill, count):
    fill(count)
    answer = client.get(TODOS)
    assert answer.content_type == "application/json"
    assert [todo["title"] for todo in json.loads(answer.data)] == [f"todo {n}" for n in range(1, count + 1)]


@pytest.mark.parametrize("name", ["title", "description"])
@pytest.mark.parametrize("value", ["ü 🎉 \u2028", '"\\/\b\f\n\r\t', "\x01\x1f\x7f", "</script>", "\ufffd"])
def test_a_list_shows_a_todo_as_it_is_shown_alone(client, name, value):
    todo = client.post(TODOS, json={"title": "x", name: value}).json
    assert todo[name] == value
    assert client.get(TODOS).json == [todo] == [client.get(f"{TODOS}/{todo['id']}").json]


@pytest.mark.parametrize(
    "moment",
    [
        "2030-01-31T17:00:00+00:00",
        "2030-01-31T17:00:00.100000+00:00",
        "2030-01-31T17:00:00.123450+00:00",
        "2030-01-31T17:00:00.123456+00:00",
        "2030-01-31T17:00:00.000001+00:00",
        "2030-01-31T17:00:59.999990+00:00",
        "0001-01-01T00:00:00+00:00",
        "9998-12-31T23:59:59.999999+00:00",
    ],
)
def test_a_list_writes_moments_as_a_todo_alone_does(client, moment):
    todo = client.post(TODOS, json={"title": "x", "deadline_at": moment}).json
    assert todo["deadline_at"] == moment
    assert client.get(TODOS).json == [todo]


@pytest.mark.parametrize("limit", [1, 3, 5, 7, 10, 1_000])
def test_pages_by_their_links_are_the_whole_list(client, fill, limit):
    fill(10)
    found = list(pages(client, f"{TODOS}?limit={limit}"))
    assert [len(page) <= limit for page in found] == [True] * -(-10 // limit)
    assert [todo for page in found for todo in page] == client.get(TODOS).json


def test_links_keep_the_filters(client, fill):
    fill(20, "title, completed, deadline_at", "n, n % 2 = 0, now() + make_interval(days => n)")
    found = list(pages(client, f"{TODOS}?completed=true&window=9&limit=2&colour=red"))
    assert [[todo["title"] for todo in page] for page in found] == [["2", "4"], ["6", "8"]]


def test_a_lists_links_are_its_own(client, fill):
    made = client.post("/api/v1/lists", json={"name": "x"}).json["id"]
    fill(5)
    fill(5, list_id=made)
    link = client.get(f"/api/v1/lists/{made}/todos?limit=2").headers["Link"]
    assert link.startswith(f"</api/v1/lists/{made}/todos?limit=2&after=")
    assert {todo["list_id"] for page in pages(client, f"/api/v1/lists/{made}/todos?limit=2") for todo in page} == {made}


def test_what_is_made_and_deleted_between_pages_neither_repeats_nor_hides_another(client, fill):
    fill(6)
    first = client.get(f"{TODOS}?limit=3")
    client.delete(f"{TODOS}/{first.json[0]['id']}")
    client.post(TODOS, json={"title": "late"})
    link = re.match("<(.*)>", first.headers["Link"])[1]
    assert [todo["title"] for page in pages(client, link) for todo in page] == ["todo 4", "todo 5", "todo 6", "late"]


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "limit=", "after=-1", "after=x", "after=1e3"])
def test_a_page_that_cannot_be_is_a_400_that_names_the_parameter(client, query):
    answer = client.get(f"{TODOS}?{query}")
    assert (answer.status_code, set(answer.json["fields"])) == (400, {query.split("=")[0]})


@pytest.mark.parametrize("after", [0, 9223372036854775807])
def test_any_id_may_be_what_a_page_comes_after(client, fill, after):
    fill(1)
    assert len(client.get(f"{TODOS}?after={after}").json) == (after == 0)
    assert client.get(f"{TODOS}?after=9223372036854775808").status_code == 400


def test_a_long_list_is_as_it_was_at_one_moment(client, fill):
    fill(3_000)
    answer = client.get(TODOS, buffered=False)
    pieces = iter(answer.response)
    first = next(pieces)
    client.delete(f"{TODOS}/{json.loads(first + b']')[0]['id'] + 2_500}")
    client.post(TODOS, json={"title": "late"})
    whole = json.loads(first + b"".join(pieces))
    assert [todo["title"] for todo in whole] == [f"todo {n}" for n in range(1, 3_001)]


def test_a_list_takes_no_more_memory_the_longer_it_is(client, fill):
    peaks = []
    for _ in range(3):
        fill(3 * todo_texts.PIECE, "title, description", "n, repeat('x', 1000)")
        tracemalloc.start()
        for _piece in client.get(TODOS, buffered=False).response:
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < 1.2 * peaks[0]


def test_who_hangs_up_early_holds_no_connection(client, fill):
    fill(3_000)
    pool = client.application.extensions["backlog"].engine.pool
    for _ in range(2 * pool.size()):
        answer = client.get(TODOS, buffered=False)
        next(iter(answer.response))
        answer.close()
    assert client.get(f"{TODOS}?limit=1").status_code == 200
    assert pool.checkedout() == 0


def test_a_database_that_goes_away_before_the_first_byte_is_a_503(client, fill, monkeypatch):
    fill(3_000)
    shown, asked = todo_texts.page, []

    def page(source, *rest):
        asked.append(1)
        if len(asked) > 1:
            source.connection.driver_connection.close()
        return shown(source, *rest)

    monkeypatch.setattr(todo_texts, "page", page)
    assert client.get(TODOS).status_code == 503


def test_head_of_a_long_list_is_that_of_get_without_its_body(client, fill):
    fill(1_500)
    answer = client.head(TODOS)
    assert (answer.status_code, answer.data) == (200, b"")


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("", "todos_list"),
        ("completed = true and", "todos_completed"),
        ("completed = false and", "todos_completed"),
        ("deadline_at between now() and now() + interval '2 days' and", "todos_deadline_at"),
    ],
)
def test_every_way_to_ask_has_an_index_among_a_hundred_thousand_todos(client, fill, sql, query, index):
    for n in range(9):
        client.post("/api/v1/lists", json={"name": str(n)})
    lists = [a_list["id"] for a_list in client.get("/api/v1/lists").json]
    for list_id in lists:
        fill(10_000, "title, completed, deadline_at", "n, n % 20 = 0, now() + make_interval(hours => n)", list_id)
    with sql() as session:
        session.execute(text("analyze todos"))
        statement = f"explain select * from todos where {query} list_id = {lists[3]} order by id limit 100"
        plan = "\n".join(session.execute(text(statement)).scalars())
    assert index in plan or (query == "completed = false and" and "todos_list" in plan)
    assert "Seq Scan" not in plan
