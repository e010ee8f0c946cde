"""Published calendars as they are served: at once, as they are, and with what says how they stand."""

import gzip
import logging
import re

import brotli
import pytest
from icalendar import Calendar
from sqlalchemy import text

from backlog_todos import feeds
from backlog_todos.calendars import builds

TODOS, CALENDAR = "/api/v1/todos", "/api/v1/lists/1/calendar.ics"


@pytest.fixture
def build(client):
    """Publish what a message would ask for."""
    database = client.application.extensions["backlog"].sessions
    return lambda list_id=1: builds.refresh(database, list_id, lambda *_: None)


@pytest.fixture
def feed(client):
    """A feed of the first list: its address, and its token."""
    with client.application.extensions["backlog"].sessions.begin() as session:
        _, token = feeds.made(session, 1, "phone")
    return f"/calendars/{token}.ics"


def test_the_calendar_of_a_list_and_of_its_feed_are_the_same(client, build, feed):
    client.post(TODOS, json={"title": "ä", "deadline_at": "2030-01-31T17:00:00Z"})
    build()
    for path in (CALENDAR, feed):
        answer = client.get(path)
        assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert [str(each["summary"]) for each in Calendar.from_ical(answer.data).walk("VTODO")] == ["ä"]
        assert len(Calendar.from_ical(client.get(f"{path}?as=event").data).walk("VEVENT")) == 1


def test_it_says_how_it_stands_and_that_nobody_may_keep_it(client, build, feed):
    build()
    client.post(TODOS, json={"title": "not built"})
    headers = client.get(feed).headers
    assert (headers["Calendar-Version"], headers["Calendar-Behind"]) == ("0", "1")
    assert (headers["Cache-Control"], headers["Vary"]) == ("private, no-cache", "Accept-Encoding")
    assert (headers["Referrer-Policy"], "Last-Modified" in headers) == ("no-referrer", True)


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("gzip, deflate, br", "br"),
        ("br;q=0.5, gzip", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("identity, gzip;q=0.5", None),
        ("*", "br"),
        ("deflate", None),
    ],
)
def test_a_client_gets_the_encoding_that_it_likes_best(client, build, accepted, encoding):
    client.post(TODOS, json={"title": "x" * 500})
    build()
    plain = client.get(CALENDAR)
    answer = client.get(CALENDAR, headers={"Accept-Encoding": accepted})
    assert answer.headers.get("Content-Encoding") == encoding
    decode = {None: bytes, "gzip": gzip.decompress, "br": brotli.decompress}[encoding]
    assert decode(answer.data) == plain.data
    assert (answer.headers["ETag"] == plain.headers["ETag"]) == (encoding is None)


def test_a_client_that_has_it_is_told_so_until_it_changes(client, build, feed):
    build()
    for accepted in ("", "gzip", "br"):
        tag = client.get(feed, headers={"Accept-Encoding": accepted}).headers["ETag"]
        again = client.get(feed, headers={"Accept-Encoding": accepted, "If-None-Match": f'"other", W/{tag}'})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
        other = client.get(f"{feed}?as=event", headers={"Accept-Encoding": accepted, "If-None-Match": tag})
        assert other.status_code == 200
    client.post(TODOS, json={"title": "new"})
    build()
    assert client.get(feed, headers={"If-None-Match": tag}).status_code == 200


def test_head_is_get_without_its_body(client, build, feed):
    build()
    answer, head = client.get(feed), client.head(feed)
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", answer.headers["ETag"])
    assert head.headers["Content-Length"] == str(len(answer.data))


def test_what_is_not_built_yet_is_asked_for_again(client, feed):
    for path in (CALENDAR, feed):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (202, "1")


def test_a_client_can_wait_a_moment_for_its_own_change(client, build):
    build()
    version = client.post(TODOS, json={"title": "mine"}).headers["Calendar-Version"]
    answer = client.get(f"{CALENDAR}?min_version={version}")
    assert (answer.status_code, answer.headers["Retry-After"], answer.headers["Calendar-Behind"]) == (202, "1", "1")
    build()
    assert b"mine" in client.get(f"{CALENDAR}?min_version={version}").data


@pytest.mark.parametrize("query", ["as=journal", "min_version=-1", "min_version=x", "min_version=" + "9" * 30])
def test_a_wrong_parameter_is_named(client, query):
    answer = client.get(f"{CALENDAR}?{query}")
    assert (answer.status_code, list(answer.json["fields"])) == (400, [query.partition("=")[0]])


@pytest.mark.parametrize("token", ["a" * 32, "A" * 32, "short", "a" * 33, "1" * 32, "%00" * 4])
def test_a_token_that_nobody_has_opens_nothing(client, token):
    assert client.get(f"/calendars/{token}.ics").status_code == 404


def test_a_list_that_is_not_there_has_no_calendar(client):
    for list_id in (0, 7, 2**70):
        assert client.get(f"/api/v1/lists/{list_id}/calendar.ics").status_code == 404


def test_a_token_is_in_no_log_and_no_answer(client, build, feed, caplog):
    build()
    caplog.set_level(logging.DEBUG)
    token = feed.split("/")[-1].removesuffix(".ics")
    answers = [client.get(feed), client.get(f"/calendars/{token[::-1]}.ics"), client.get(f"/calendars/{token}")]
    logged = "".join(str(vars(record)) for record in caplog.records)
    for secret in (token, token[::-1]):
        assert secret not in logged + "".join(answer.text for answer in answers)
    assert "/calendars/" in logged


def test_tokens_are_random_and_kept_as_hashes_only(client, sql):
    with sql.begin() as session:
        made, first = feeds.made(session, 1, "phone")
        _, second = feeds.rotated(session, 1, made.id)
        assert feeds.made(session, 7, "nobody's") is None
        assert feeds.rotated(session, 7, made.id) is None
        stored = session.execute(text("select token_hash from feeds")).scalar_one()
    assert re.fullmatch("[a-z2-7]{32}", first)
    assert (first != second, bytes(stored)) == (True, feeds.hashed(second))
    assert client.get(f"/calendars/{first}.ics").status_code == 404
    assert client.get(f"/calendars/{second}.ics").status_code == 202
    with sql.begin() as session:
        assert [row.name for row in feeds.listed(session, 1)] == ["phone"]
        assert feeds.removed(session, 1, made.id).name == "phone"
    assert client.get(f"/calendars/{second}.ics").status_code == 404
