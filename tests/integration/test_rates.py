"""How often a client may ask, and whom the API takes it for."""

from tests.signing_in import WRONG, shown, sign_in

TODOS = "/api/v1/todos"


def test_who_asks_too_often_is_told_when_to_ask_again(app):
    client = app(RATE_LIMIT_PER_MINUTE="60", RATE_LIMIT_BURST="3")
    answers = [client.get(TODOS) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["RateLimit"] for answer in answers[:2]] == ['"client";r=2;t=1', '"client";r=1;t=2']
    assert answers[3].headers["RateLimit-Policy"] == '"client";q=3;w=3'
    assert answers[3].headers["Retry-After"] == "1"
    assert "try again in 1 s" in answers[3].json["error"]
    assert client.get("/api/v1/health").status_code == 200


def test_each_client_is_counted_for_itself(app, command):
    client = app(ACCESS="token", RATE_LIMIT_PER_MINUTE="1", RATE_LIMIT_BURST="1")
    first, second = (command("add", name).stdout.strip() for name in ("one", "two"))
    answers = [client.get(TODOS, headers=shown(token)).status_code for token in (first, second, first)]
    assert answers == [200, 200, 429]
    assert [client.get(TODOS).status_code for _ in range(2)] == [401, 429]


def test_the_last_address_counts_and_only_from_a_proxy_that_is_known(app):
    client = app(RATE_LIMIT_PER_MINUTE="1", RATE_LIMIT_BURST="1", PROXIES="10.0.0.0/16")

    def asked(peer, forwarded):
        headers = {"X-Forwarded-For": forwarded}
        return client.get(TODOS, headers=headers, environ_base={"REMOTE_ADDR": peer}).status_code

    assert [asked("10.0.1.1", address) for address in ("1.1.1.1", "2.2.2.2", "9.9.9.9, 1.1.1.1")] == [200, 200, 429]
    assert [asked("192.0.2.1", address) for address in ("3.3.3.3", "4.4.4.4")] == [200, 429]


def test_behind_a_proxy_that_is_known_https_is_what_the_client_speaks(app, token):
    client = app(ACCESS="token", PROXIES="10.0.0.0/16")
    for peer, name in (("10.0.1.1", "__Host-backlog"), ("192.0.2.1", "backlog")):
        answer = sign_in(client, token, headers={"X-Forwarded-Proto": "https"}, environ_base={"REMOTE_ADDR": peer})
        assert answer.headers["Set-Cookie"].startswith(f"{name}=")


def test_wrong_tokens_run_out_and_right_ones_do_not(closed, token):
    answers = [closed.get(TODOS, headers=shown(WRONG)).status_code for _ in range(12)]
    assert answers == [401] * 10 + [429] * 2
    assert closed.get(TODOS, headers=shown(token)).status_code == 200
    answer = sign_in(closed, token)
    assert (answer.status_code, "Try again in" in answer.get_data(as_text=True)) == (429, True)
    assert int(answer.headers["Retry-After"]) > 0
