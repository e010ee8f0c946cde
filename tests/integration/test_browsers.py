"""What a browser is kept from: changes that another site asked for, and names that others give."""

import pytest

from tests.signing_in import shown, sign_in

TODOS = "/api/v1/todos"
FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:3000"},
]
OWN = [{}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://localhost"}]


@pytest.mark.parametrize("headers", FOREIGN)
def test_another_site_changes_nothing(client, closed, token, headers):
    sign_in(closed, token)
    for page in (client, closed):
        answer = page.post(f"{TODOS}/ical", headers=headers)
        assert (answer.status_code, "another site" in answer.json["error"]) == (403, True)
        assert page.get(TODOS, headers=headers).status_code == 200
    assert closed.post("/sign-in", data={"token": token}, headers=headers).status_code == 403


@pytest.mark.parametrize("headers", OWN)
def test_the_page_and_tools_change_what_they_want(client, closed, token, headers):
    sign_in(closed, token)
    for page in (client, closed):
        assert page.post(TODOS, json={"title": "x"}, headers=headers).status_code == 201


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_program_with_a_token_is_no_browser_that_was_led_astray(closed, token, headers):
    assert closed.post(TODOS, json={"title": "x"}, headers={**headers, **shown(token)}).status_code == 201


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example:6400", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example", 403),
        ("evil.example.", 403),
        ("127.0.0.1:6400", 200),
        ("localhost:6400", 200),
        ("todos.localhost", 200),
        ("[::1]:6400", 200),
        ("backlog", 200),
    ],
)
def test_a_browser_reaches_an_open_api_by_no_name_that_others_give(client, host, status):
    assert client.get(TODOS, headers={"Host": host, "Accept-Language": "de"}).status_code == status
    assert client.get(TODOS, headers={"Host": host}).status_code == 200
