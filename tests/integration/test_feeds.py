"""Feeds of a list: their addresses are told once, and are nobody's after a rotation or a removal."""

import re

import pytest
from sqlalchemy import text

from backlog_todos import feeds

FEEDS = "/api/v1/lists/1/feeds"


@pytest.fixture
def made(client):
    answer = client.post(FEEDS, json={"name": "Phone"})
    assert answer.status_code == 201, answer.json
    return answer


def token_of(answer):
    return re.fullmatch(r"http://localhost/calendars/([a-z2-7]{32})\.ics", answer.json["url"]).group(1)


def known(sql, token):
    with sql() as session:
        query = text("select id from feeds where token_hash = :hash")
        return session.execute(query, {"hash": feeds.hashed(token)}).scalar_one_or_none()


def test_a_new_feed_has_an_address_that_is_told_once(client, made, sql):
    assert list(made.json) == ["id", "name", "url", "webcal_url", "created_at"]
    assert made.json["webcal_url"] == made.json["url"].replace("http:", "webcal:")
    assert made.headers["Cache-Control"] == "no-store"
    assert known(sql, token_of(made)) == made.json["id"]
    listed = client.get(FEEDS).json
    assert [list(feed) for feed in listed] == [["id", "name", "created_at", "rotated_at"]]
    assert token_of(made) not in str(listed)


def test_the_database_has_no_token(made, sql):
    with sql() as session:
        assert token_of(made) not in str(session.execute(text("select * from feeds")).all())


def test_an_address_is_of_the_host_and_the_scheme_that_was_asked(client):
    made = client.post(FEEDS, json={"name": "x"}, base_url="https://todos.example:8443").json
    path = made["url"].removeprefix("https://todos.example:8443")
    assert re.fullmatch(r"/calendars/[a-z2-7]{32}\.ics", path)
    assert made["webcal_url"] == f"webcals://todos.example:8443{path}"


def test_without_a_host_an_address_is_a_path(client):
    made = client.post(FEEDS, json={"name": "x"}, headers={"Host": "a b"}).json
    assert made["url"] == made["webcal_url"]
    assert made["url"].startswith("/calendars/")


def test_a_rotated_feed_has_another_address_alone(client, made, sql):
    rotated = client.post(f"{FEEDS}/{made.json['id']}/rotate")
    assert rotated.status_code == 200
    assert {**rotated.json, "url": 0, "webcal_url": 0} == {**made.json, "url": 0, "webcal_url": 0}
    assert (known(sql, token_of(made)), known(sql, token_of(rotated))) == (None, made.json["id"])
    assert client.get(FEEDS).json[0]["rotated_at"]


def test_a_removed_feed_is_gone(client, made, sql):
    gone = client.delete(f"{FEEDS}/{made.json['id']}")
    assert (gone.status_code, gone.json["name"]) == (200, "Phone")
    assert known(sql, token_of(made)) is None
    assert client.get(FEEDS).json == []
    assert client.delete(f"{FEEDS}/{made.json['id']}").status_code == 404


def test_a_second_try_with_its_key_tells_the_address_again_and_the_database_still_does_not_have_it(client, sql):
    asked = {"json": {"name": "Phone"}, "headers": {"Idempotency-Key": "a-key"}}
    first, second = client.post(FEEDS, **asked), client.post(FEEDS, **asked)
    assert (first.json, second.headers["Idempotency-Replayed"]) == (second.json, "true")
    assert len(client.get(FEEDS).json) == 1
    with sql() as session:
        assert token_of(first) not in str(session.execute(text("select * from idempotency_keys")).all())


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("list_id", [2, 0, 2**63])
def test_a_list_that_is_none_has_no_feeds(client, method, list_id):
    answer = client.open(f"/api/v1/lists/{list_id}/feeds", method=method, json={"name": "x"})
    assert (answer.status_code, answer.json["error"]) == (404, f"there is no list {list_id}")


def test_a_feed_of_another_list_is_out_of_reach(client, made, sql):
    other = client.post("/api/v1/lists", json={"name": "Other"}).json["id"]
    for path, method in ((f"/{made.json['id']}/rotate", "POST"), (f"/{made.json['id']}", "DELETE")):
        assert client.open(f"/api/v1/lists/{other}/feeds{path}", method=method).status_code == 404
    assert known(sql, token_of(made)) == made.json["id"]


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x", "token": "y"}, {"name": 1}])
def test_a_feed_without_a_good_name_is_refused(client, body):
    assert client.post(FEEDS, json=body).status_code == 400
