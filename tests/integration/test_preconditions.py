"""Entity tags: nobody overwrites what he has not seen, and nobody fetches what he has (RFC 9110, section 13)."""

import threading

import pytest

TODOS = "/api/v1/todos"


@pytest.fixture
def made(client):
    """A todo in its revision 1: path, and a way to its tag."""
    todo = client.post(TODOS, json={"title": "x"}).json["id"]
    client.put(f"{TODOS}/{todo}", json={"title": "y"})
    return f"{TODOS}/{todo}"


def tag(path, revision):
    return f'"{path.rsplit("/", 1)[1]}-{revision}"'


def test_every_answer_with_a_todo_has_its_tag(client):
    answer = client.post(TODOS, json={"title": "x"})
    path = f"{TODOS}/{answer.json['id']}"
    assert answer.headers["ETag"] == tag(path, 0) == client.get(path).headers["ETag"]
    assert client.put(path, json={"title": "y"}).headers["ETag"] == tag(path, 1) == client.get(path).headers["ETag"]
    in_list = client.get(path.replace("/todos", "/lists/1/todos"))
    assert in_list.headers["ETag"] == tag(path, 1)


@pytest.mark.parametrize(
    ("header", "passes"),
    [
        ('"{id}-1"', True),
        ("*", True),
        (" * ", True),
        ('"{id}-0", "{id}-1"', True),
        ('"a,b" ,, "{id}-1",', True),
        ('"{id}-0"', False),
        ('"{id}-2"', False),
        ('W/"{id}-1"', False),
        ('w/"{id}-1"', False),
        ('"{id}-0", W/"{id}-1"', False),
        ('"0-1"', False),
        ('"{id}-01"', False),
        ('"{id}-1 "', False),
        ('"*"', False),
        ('"x"', False),
        ('""', False),
        ("", False),
        ("{id}-1", False),
        ('*, "{id}-1"', False),
        ('"{id}-1" "{id}-1"', False),
        ('"{id}-99999999999999999999999999"', False),
        ('"{id}-²"', False),
        (" , " * 1_000 + "x", False),
    ],
)
@pytest.mark.parametrize("method", ["put", "delete", "get"])
def test_if_match_lets_through_what_is_for_this_revision(client, made, method, header, passes):
    value = header.replace("{id}", made.rsplit("/", 1)[1])
    body = {"json": {"title": "z"}} if method == "put" else {}
    answer = getattr(client, method)(made, headers={"If-Match": value}, **body)
    assert answer.status_code == (200 if passes else 412)
    if not passes:
        assert answer.json["error"] == "the todo is in another revision: read it again"
        assert client.get(made).json["title"] == "y"


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ('"{id}-1"', True),
        ('W/"{id}-1"', True),
        ("*", True),
        ('"{id}-0", W/"{id}-1"', True),
        ('"{id}-0"', False),
        ('"x"', False),
        ("{id}-1", False),
        ("", False),
    ],
)
def test_if_none_match_spares_a_get_and_stops_a_change(client, made, header, known):
    headers = {"If-None-Match": header.replace("{id}", made.rsplit("/", 1)[1])}
    answer = client.get(made, headers=headers)
    assert answer.status_code == (304 if known else 200)
    assert answer.headers["ETag"] == tag(made, 1)
    assert bool(answer.data) is not known
    assert client.put(made, json={}, headers=headers).status_code == (412 if known else 200)
    assert client.put(made, json={"title": "z"}, headers=headers).status_code == (412 if known else 200)


def test_if_match_comes_before_if_none_match(client, made):
    headers = {"If-Match": tag(made, 0), "If-None-Match": tag(made, 1)}
    assert client.get(made, headers=headers).status_code == 412
    headers = {"If-Match": tag(made, 1), "If-None-Match": tag(made, 1)}
    assert client.get(made, headers=headers).status_code == 304
    assert client.delete(made, headers=headers).status_code == 412


@pytest.mark.parametrize("header", ["*", '"1-0"'])
@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_what_is_not_there_is_a_404_under_any_condition(client, method, header):
    body = {"json": {"title": "x"}} if method == "put" else {}
    assert getattr(client, method)(f"{TODOS}/1", headers={"If-Match": header}, **body).status_code == 404


def test_a_change_of_nothing_keeps_the_revision_and_looks_at_it(client, made):
    assert client.put(made, json={}, headers={"If-Match": tag(made, 0)}).status_code == 412
    assert client.put(made, json={}, headers={"If-Match": tag(made, 1)}).headers["ETag"] == tag(made, 1)


def test_of_many_writers_with_one_tag_one_wins_each_time(client, made):
    answers = []

    def write(worker):
        own = client.application.test_client()
        for _ in range(10):
            seen = own.get(made).headers["ETag"]
            barrier.wait()
            answer = own.put(made, json={"title": f"{worker}"}, headers={"If-Match": seen})
            answers.append(answer.status_code)
            barrier.wait()

    barrier = threading.Barrier(3)
    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (answers.count(200), answers.count(412)) == (10, 20)
    assert client.get(made).headers["ETag"] == tag(made, 11)
