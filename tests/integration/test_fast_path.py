"""What is answered before Flask is answered as Flask answers it; and what is not usual comes to Flask."""

import json
import re
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from werkzeug.test import Client

from backlog_api import fast_path
from backlog_todos import feeds
from backlog_todos.calendars import builds
from tests.signing_in import WRONG, shown

TODOS, IN_LIST, CALENDAR = "/api/v1/todos", "/api/v1/lists/1/todos", "/api/v1/lists/1/calendar.ics"
#: What differs between any two requests; of those that may follow there is one less.
_OF_EACH = ("X-Request-ID", "RateLimit")


class Doors:
    """An app by way of its fast path, and by Flask alone; `by_flask` counts what the first leaves to Flask."""

    def __init__(self, client):
        self.app = client.application
        self.path = self.app.wsgi_app
        while not isinstance(self.path, fast_path.FastPath):  # a proxy's stands before it
            self.path = next(each.cell_contents for each in self.path.__closure__ if callable(each.cell_contents))
        self.by_flask = 0
        self._flask, self.path._app = self.path._app, self._count
        self.both, self.flask = Client(self.app.wsgi_app), Client(self._flask)

    def _count(self, environ, start_response):
        self.by_flask += 1
        return self._flask(environ, start_response)

    def sql(self, statement, **values):
        with self.app.extensions["backlog"].engine.begin() as connection:
            done = connection.execute(text(statement), values)
            return done.all() if done.returns_rows else []

    def feed(self):
        with self.app.extensions["backlog"].sessions.begin() as session:
            return f"/calendars/{feeds.made(session, 1, 'phone')[1]}.ics"

    def publish(self):
        builds.refresh(self.app.extensions["backlog"].sessions, 1, lambda *_: None)

    def answered_fast(self, path, **what):
        before = self.by_flask
        answer = self.both.open(path, **what)
        assert self.by_flask == before, f"{what} {path} came to Flask"
        return answer


@pytest.fixture
def doors(app):
    return lambda **told: Doors(app(**told))


def said(answer):
    """All of an answer that two requests have in common."""
    headers = {name: value for name, value in answer.headers.items() if name not in _OF_EACH}
    body = answer.get_data()
    if answer.status_code == 201:  # another todo each time
        made = json.loads(body)
        assert headers["ETag"] == f'"{made["id"]}-0"'
        headers |= {"ETag": "", "Calendar-Version": "", "Content-Length": ""}
        body = {name: value for name, value in made.items() if name not in ("id", "created_at", "updated_at")}
        body["completed_at"] = bool(body.get("completed_at"))
    return answer.status, sorted(headers.items()), body


def test_the_usual_requests_are_answered_before_flask_and_as_by_flask(doors):
    api = doors()

    def ask(path, **what):
        answer = api.answered_fast(path, **what)
        assert said(answer) == said(api.flask.open(path, **what))
        return answer

    made = ask(TODOS, method="POST", json={"title": "Ä", "deadline_at": "2030-01-31T17:00:00Z"})
    path = f"{TODOS}/{made.json['id']}"
    assert ask(path).json == made.json
    assert ask(path, headers={"If-None-Match": made.headers["ETag"]}).status_code == 304
    in_list = ask(IN_LIST, method="POST", json={"title": "x", "completed": True})
    assert ask(f"{IN_LIST}/{in_list.json['id']}").json == in_list.json
    api.publish()
    for calendar in (CALENDAR, api.feed()):
        for encoding in ("gzip", "br", "identity"):
            have = {"Accept-Encoding": encoding}
            tag = api.both.get(calendar, headers=have).headers["ETag"]
            for known in (tag, f"W/{tag}"):
                assert ask(calendar, headers={**have, "If-None-Match": known}).status_code == 304


@pytest.mark.parametrize("told", [{}, {"RATE_LIMIT_PER_MINUTE": "1000000", "RATE_LIMIT_BURST": "1000000"}])
@pytest.mark.parametrize("access", ["open", "token"])
def test_both_ways_give_one_answer(doors, token, access, told):
    api = doors(ACCESS=access, **told)
    by_token = shown(token) if access == "token" else {}
    for number in range(1, 4):
        made = api.both.post(
            TODOS,
            json={"title": f"Ä {number}", "completed": number == 2, "deadline_at": "2030-01-31"},
            headers=by_token,
        )
        assert made.json["id"] == number
    api.both.put(f"{TODOS}/1", json={"description": "x"}, headers=by_token)
    api.publish()
    feed, tags = api.feed(), []
    for encoding in ("gzip", "br", "identity"):
        have = {"Accept-Encoding": encoding, **by_token}
        tags.append(api.both.get(CALENDAR, headers=have).headers["ETag"])
    conditions = ['"1-1"', 'W/"1-1"', '"1-0"', '"1-0", "1-1"', "*", "", "x", *tags, f"W/{tags[0]}", ", ".join(tags)]
    headers = [
        *(("If-None-Match", each) for each in conditions),
        *(("If-Match", each) for each in conditions),
        *(("Accept-Encoding", each) for each in ("gzip", "br", "gzip;q=0.5, br", "identity", "*", "gzip;q=0", "x")),
        *(("Host", each) for each in ("localhost", "backlog.example.com", "127.0.0.1:6400")),
        *(("Origin", each) for each in ("http://localhost", "https://elsewhere.example")),
        *(("Sec-Fetch-Site", each) for each in ("same-origin", "cross-site")),
        *(
            ("Content-Type", each)
            for each in ("application/json; charset=utf-8", "application/x+json", "text/plain", "")
        ),
        *(("Authorization", each) for each in (f"Bearer {token}", f"bearer  {token} ", f"Bearer {WRONG}", "Basic x")),
        *(("Accept-Language", "en"), ("X-Request-ID", "mine"), ("Idempotency-Key", "")),
    ]
    paths = [
        *(
            f"{root}/{todo}"
            for root in (TODOS, IN_LIST)
            for todo in ("1", "2", "01", "0", "99", "1" * 18, "9" * 30, "x")
        ),
        *(TODOS, IN_LIST, f"{TODOS}/", "/api/v1/lists/2/todos", f"/api/v1/lists/{'9' * 18}/todos"),
        *(CALENDAR, feed, f"/calendars/{'a' * 32}.ics", "/calendars/x.ics", "/api/v1/lists/7/calendar.ics"),
    ]
    bodies = [
        *(b'{"title": "x"}', b'{"title": "\xc3\xa4", "completed": true}', b'{"title": "x", "id": 7}', b"", b"[]", b"{"),
        *(
            b'{"title": ""}',
            b'{"title": "x", "deadline_at": "2030-01-31"}',
            b'{"title": "x", "colour": 1}',
            b'{"title": NaN}',
        ),
    ]

    @settings(max_examples=200, suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from(paths),
        st.sampled_from(["GET", "GET", "GET", "POST", "POST", "HEAD"]),
        st.sampled_from([""] * 8 + ["as=event", "limit=1"]),
        st.lists(st.sampled_from(headers), max_size=3),
        st.sampled_from(bodies),
    )
    def ask(path, method, query, more, body):
        usual = {"Content-Type": "application/json", "Accept-Encoding": "gzip", **by_token}
        what = {"method": method, "query_string": query, "headers": usual | dict(more)}
        if method == "POST":
            what["data"] = body
        api.app.extensions["backlog-access"].failures._whole_at.clear()
        one, other = (said(door.open(path, **what)) for door in (api.both, api.flask))
        assert one == other

    ask()
    assert api.sql("select count(*) from todos where title = ''") == [(0,)]


def test_a_request_that_comes_to_flask_after_all_counts_once(doors):
    api = doors(RATE_LIMIT_PER_MINUTE="60", RATE_LIMIT_BURST="10")
    left = [api.both.get(f"{TODOS}/99").headers["RateLimit"], api.both.post(TODOS, json={}).headers["RateLimit"]]
    assert [re.search(r"r=(\d+)", each)[1] for each in left] == ["9", "8"]
    assert api.by_flask == 2


def test_whoever_is_refused_is_refused_by_flask(doors, token):
    api = doors(ACCESS="token", RATE_LIMIT_PER_MINUTE="1", RATE_LIMIT_BURST="2")
    path = f"{TODOS}/{api.both.post(TODOS, json={'title': 'x'}, headers=shown(token)).json['id']}"
    assert [api.both.get(path, headers=shown(token)).status_code for _ in range(3)] == [200, 429, 429]
    assert api.both.get(path).status_code == 401


def test_a_token_that_was_revoked_is_not_let_in_for_longer_than_by_flask(doors, token, monkeypatch):
    api = doors(ACCESS="token")
    path = f"{TODOS}/{api.both.post(TODOS, json={'title': 'x'}, headers=shown(token)).json['id']}"
    assert api.answered_fast(path, headers=shown(token)).status_code == 200
    api.sql("update access_tokens set revoked_at = now()")
    bearers = api.app.extensions["backlog-access"].bearers
    now = bearers._clock()
    monkeypatch.setattr(bearers, "_clock", lambda: now + 5.1)
    assert api.both.get(path, headers=shown(token)).status_code == 401


def test_what_fails_on_the_way_is_told_by_flask_and_is_not_done_again(doors, monkeypatch):
    api = doors()
    tried = []

    def fail(*_):
        tried.append(1)
        raise RuntimeError("in the middle")

    monkeypatch.setattr("backlog_todos.calendars.changes.ask_and_flush", fail)
    answer = api.both.post(TODOS, json={"title": "once"}, headers={"X-Request-ID": "mine"})
    assert (answer.status_code, answer.headers["X-Request-ID"]) == (500, "mine")
    assert answer.json == {"error": answer.json["error"]}
    assert (len(tried), api.sql("select count(*) from todos")) == (1, [(1,)])


def test_a_database_that_went_away_is_a_503(doors, servers, sql):
    api = doors()
    path = f"{TODOS}/{api.both.post(TODOS, json={'title': 'x'}).json['id']}"
    state = api.app.extensions["backlog"]
    with state.own.connection() as connection:
        ((pid,),) = connection.execute(text("select pg_backend_pid()"), {})
    servers.end_sessions(f"pid = {pid}")
    assert api.both.get(path).status_code == 200  # what was ended is noticed, and replaced
    with state.own.connection() as connection:
        connection._driver.close()
    assert api.both.get(path).status_code == 200
    with sql.begin() as session:
        session.execute(text("alter table todos rename to gone"))
    answer = api.both.get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")


def test_flask_finds_as_many_connections_as_there_are_threads(doors):
    """One thread, one connection: the fast path has given it back before Flask asks for one."""
    api = doors(WEB_THREADS="1")
    path = f"{TODOS}/{api.both.post(TODOS, json={'title': 'x'}).json['id']}"
    pool = api.app.extensions["backlog"].engine.pool
    for _ in range(3):
        assert api.answered_fast(path).status_code == 200
        assert pool.checkedout() == 1
        assert api.both.get(TODOS).status_code == 200
        assert pool.checkedout() == 0


def test_a_thread_that_ends_leaves_its_connection_to_the_others(doors):
    api = doors(WEB_THREADS="1")
    path = f"{TODOS}/{api.both.post(TODOS, json={'title': 'x'}).json['id']}"
    api.both.get(TODOS)
    for _ in range(3):
        thread = threading.Thread(target=api.both.get, args=(path,))
        thread.start()
        thread.join()
    assert api.both.get(path).status_code == 200


def test_where_events_are_told_a_change_is_flasks(doors):
    api = doors(EVENT_STREAMS="sns")
    assert api.both.post(TODOS, json={"title": "x"}).status_code == 201
    assert api.by_flask == 1
    assert api.sql("select count(*) from events") == [(1,)]
