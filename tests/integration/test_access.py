"""Who may ask: by a token, by the page's cookie, and nobody else; and nothing of it is in a log."""

from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from backlog_todos import access_tokens
from tests.servers import GUNICORN
from tests.signing_in import WRONG, shown, sign_in

TODOS = "/api/v1/todos"


def test_every_route_but_the_open_ones_is_closed(closed):
    for rule in closed.application.url_map.iter_rules():
        path = str(rule).replace("<int:", "<")
        for name in rule.arguments:
            path = path.replace(f"<{name}>", "1")
        method = next(iter(sorted(rule.methods - {"HEAD", "OPTIONS"})))
        status = closed.open(path, method=method).status_code
        known = ("status.get_health", "static", "page.get_icon", "sign_in.get_form", "sign_in.post_form")
        if str(rule).startswith("/calendars/") or rule.endpoint in known:
            assert status in (200, 204, 401, 404), path
        elif rule.endpoint == "page.get_page":
            assert status == 303
        else:
            assert status == 401, path


def test_a_stranger_is_told_how_to_come_in(closed):
    answer = closed.get(TODOS)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "Authorization: Bearer" in answer.json["error"]
    assert closed.get("/api/v1/nothing").status_code == 401
    assert closed.get("/api/v1/health").status_code == 200


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", f"Bearer {WRONG}", "Bearer blg_'; drop", "Basic YTpi", "x"])
def test_what_is_no_token_of_ours_is_a_401(closed, value):
    assert closed.get(TODOS, headers={"Authorization": value}).status_code == 401


def test_a_token_opens_everything(closed, token):
    made = closed.post(TODOS, json={"title": "x"}, headers=shown(token))
    assert made.status_code == 201
    assert closed.get(TODOS, headers={"Authorization": f"bearer {token}"}).json == [made.json]


def test_a_revoked_token_opens_nothing_once_it_is_forgotten(closed, token, command, monkeypatch):
    assert closed.get(TODOS, headers=shown(token)).status_code == 200
    command("revoke", "phone")
    bearers = closed.application.extensions["backlog-access"].bearers
    now = bearers._clock()
    monkeypatch.setattr(bearers, "_clock", lambda: now + 5.1)
    assert closed.get(TODOS, headers=shown(token)).status_code == 401


def test_a_token_is_looked_up_once_in_five_seconds(closed, token, monkeypatch):
    looked = []
    found = access_tokens.found
    monkeypatch.setattr(access_tokens, "found", lambda *given: looked.append(given) or found(*given))
    for _ in range(5):
        assert closed.get("/api/v1/openapi.json", headers=shown(token)).status_code == 200
    assert len(looked) == 1


def test_the_command_makes_lists_and_revokes(command, sql):
    token = command("add", "phone").stdout.strip()
    assert "already" in command("add", "phone", code=1).stderr
    command("revoke", "phone")
    assert "no valid token" in command("revoke", "phone", code=1).stderr
    again = command("add", "phone").stdout.strip()
    made = command("new")
    assert made.stdout.strip() not in made.stderr
    command("add", "printer", made.stderr.split()[-1])
    assert [line.split()[1:] for line in command("list").stdout.splitlines()] == [
        ["valid", "phone"],
        ["valid", "printer"],
    ]
    with sql() as session:
        assert access_tokens.found(session, token) is None
        assert access_tokens.found(session, again).name == "phone"
        assert access_tokens.found(session, made.stdout.strip()).name == "printer"
    for wrong in (("add", ""), ("add", "a\nb"), ("add", "x", "abc")):
        command(*wrong, code=1)
    assert "usage" in command("ad", code=2).stderr


def test_a_person_signs_in_and_out_without_a_script(closed, token):
    start = closed.get("/")
    assert (start.status_code, start.headers["Location"]) == (303, "/sign-in")
    form = closed.get("/sign-in")
    page = form.get_data(as_text=True)
    assert '<form class="card" method="post" action="/sign-in">' in page
    assert "<script" not in page
    assert "form-action 'self'" in form.headers["Content-Security-Policy"]
    assert sign_in(closed, token).headers["Location"] == "/"
    assert closed.get("/").status_code == 200
    assert closed.get(TODOS).json == []
    assert closed.post("/sign-out").headers["Location"] == "/sign-in"
    assert closed.get(TODOS).status_code == 401


def test_a_wrong_token_is_told_and_gets_no_cookie(closed):
    answer = sign_in(closed, WRONG)
    assert answer.status_code == 401
    assert "no valid token" in answer.get_data(as_text=True)
    assert WRONG not in answer.get_data(as_text=True)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_cookie_is_for_this_host_and_no_script(closed, token, scheme):
    answer = sign_in(closed, token, base_url=f"{scheme}://localhost")
    name, *flags = answer.headers["Set-Cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(flags)
    assert not [flag for flag in flags if flag.startswith("Domain")]
    assert (name.split("=")[0], "Secure" in flags) == (
        ("__Host-backlog", True) if scheme == "https" else ("backlog", False)
    )


def test_over_https_the_plain_cookie_is_not_taken(closed, token):
    closed.set_cookie("backlog", token, domain="localhost")
    assert closed.get(TODOS).status_code == 200
    assert closed.get(TODOS, base_url="https://localhost").status_code == 401


@pytest.mark.parametrize(
    ("peer", "scheme", "warned"),
    [("192.0.2.1", "http", True), ("192.0.2.1", "https", False), ("127.0.0.1", "http", False)],
)
def test_who_sends_a_token_in_clear_over_a_wire_is_warned(closed, peer, scheme, warned):
    page = closed.get("/sign-in", base_url=f"{scheme}://localhost", environ_base={"REMOTE_ADDR": peer})
    assert ("without encryption" in page.get_data(as_text=True)) == warned


def test_an_open_stack_has_no_form(client):
    assert client.get("/sign-in").status_code == 404
    assert client.get("/").status_code == 200


def test_the_document_says_what_is_closed(closed, client, token):
    document = closed.get("/api/v1/openapi.json", headers=shown(token)).json
    assert document["security"] == [{"token": []}, {"page": []}]
    said = [operation for path in document["paths"].values() for operation in path.values()]
    for operation in said:
        assert ("401" in operation["responses"]) != (operation.get("security") == []), operation["operationId"]
        assert "429" in operation["responses"]
    assert len([operation for operation in said if operation.get("security") == []]) < 3
    assert client.get("/api/v1/openapi.json").json["security"] == []


def asked(url, token=None, method="GET", **headers):
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        with urlopen(Request(url, method=method, headers=headers), timeout=10) as answer:
            return answer.status
    except HTTPError as error:
        return error.code


def test_no_process_says_a_token_a_cookie_or_a_feeds_address(start, free_port, token):
    port = free_port()
    running = start(GUNICORN, "backlog_api.health", PORT=str(port), ACCESS="token")
    base, feed = f"http://127.0.0.1:{port}", "abcdefghijklmnopqrstuvwxyz234567"
    assert asked(f"{base}{TODOS}", token) == 200
    assert asked(f"{base}{TODOS}?token={token}", WRONG) == 401
    assert asked(f"{base}{TODOS}", Cookie=f"backlog={token}") == 200
    assert asked(f"{base}/{token}") == 401
    assert asked(f"{base}/calendars/{feed}.ics?x={token}") == 404
    body = f"token={token}".encode()
    with urlopen(Request(f"{base}/sign-in", body, method="POST"), timeout=10) as answer:  # noqa: F841 - led to the page
        pass
    running.stop()
    said = running.said()
    assert all(secret not in said for secret in (token, feed, WRONG))
    assert len([line for line in said.splitlines() if '"status"' in line]) >= 6
