"""Who logged in at the load balancer may ask, and whoever only says so may not."""

import time
from urllib.error import URLError

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.signing_in import WRONG, shown

TODOS = "/api/v1/todos"
SIGNER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/api-0123456/0123456789abcdef"
ISSUER = "https://login.example.com"
OWN_KEY, OTHER_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))


def logged_in(name="alice", key=OWN_KEY):
    """What the load balancer adds to a request of somebody whom it has let in."""
    header = {"kid": "0f1e2d3c", "signer": SIGNER, "client": "backlog"}
    claims = {"sub": name, "iss": ISSUER, "exp": time.time() + 60}
    return {"X-Amzn-Oidc-Data": jwt.encode(claims, key, "ES256", header)}


@pytest.fixture
def behind_login(app):
    client = app(ACCESS="login", LOGIN_SIGNER=SIGNER, LOGIN_ISSUER=ISSUER, LOGIN_CLIENT="backlog")
    pem = OWN_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    client.application.extensions["backlog-access"].logins._fetch = lambda _: pem
    return client


def test_whom_the_load_balancer_let_in_uses_everything(behind_login):
    assert behind_login.get("/", headers=logged_in()).status_code == 200
    assert behind_login.post(TODOS, json={"title": "x"}, headers=logged_in()).status_code == 201
    assert behind_login.get("/sign-in").status_code == 404


def test_the_api_believes_no_header_that_the_load_balancer_did_not_sign(behind_login, token):
    for headers in ({}, logged_in(key=OTHER_KEY), {"X-Amzn-Oidc-Data": "x"}, {"X-Amzn-Oidc-Identity": "alice"}):
        assert behind_login.get(TODOS, headers=headers).status_code == 401
        assert behind_login.get("/", headers=headers).status_code == 401
    behind_login.set_cookie("backlog", token, domain="localhost")
    assert behind_login.get(TODOS).status_code == 401


def test_programs_show_tokens_where_people_log_in(behind_login, token):
    assert behind_login.get(TODOS, headers=shown(token)).status_code == 200
    assert behind_login.get(TODOS, headers={**shown(WRONG), **logged_in()}).status_code == 401


def test_a_login_that_cannot_be_checked_now_is_a_503(behind_login):
    def away(_url):
        raise URLError("away")

    behind_login.application.extensions["backlog-access"].logins._fetch = away
    assert behind_login.get(TODOS, headers=logged_in()).status_code == 503


def test_another_site_changes_nothing_by_a_login(behind_login):
    headers = {**logged_in(), "Sec-Fetch-Site": "cross-site"}
    assert behind_login.post(f"{TODOS}/ical", headers=headers).status_code == 403


def test_each_person_has_keys_and_a_rate_of_his_own(behind_login):
    for name in ("alice", "bob"):
        headers = {**logged_in(name), "Idempotency-Key": "k"}
        answer = behind_login.post(TODOS, json={"title": name}, headers=headers)
        assert (answer.status_code, "Idempotency-Replayed" in answer.headers) == (201, False)
    assert len(behind_login.get(TODOS, headers=logged_in()).json) == 2
