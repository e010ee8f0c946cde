"""The load balancer's login: what it signs is believed, and nothing that looks like it."""

import json
import time
from base64 import urlsafe_b64encode
from urllib.error import URLError

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from backlog_api.access_settings import AccessSettings, LoginSettings
from backlog_api.login import Logins, LoginUnknownError
from backlog_todos.settings import Reader, SettingsError

SIGNER = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/api-0123456/0123456789abcdef"
SETTINGS = LoginSettings(SIGNER, "https://login.example.com", "backlog", "https://keys.example/")
KID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
OWN, OTHER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
HEADER = {"kid": KID, "signer": SIGNER, "client": "backlog", "iss": "https://login.example.com"}


def pem(key):
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def signed(key=OWN, algorithm="ES256", header=None, **claims):
    told = {"sub": "alice", "iss": "https://login.example.com", "exp": time.time() + 120, **claims}
    claims = {name: value for name, value in told.items() if value is not None}
    return jwt.encode(claims, key, algorithm, {**HEADER, **(header or {})})


@pytest.fixture
def asked():
    return []


@pytest.fixture
def logins(asked):
    def fetch(url):
        asked.append(url)
        return pem(OWN)

    return Logins(SETTINGS, fetch)


def test_whom_the_load_balancer_let_in_is_known_and_its_key_asked_for_once(logins, asked):
    assert [logins.subject(signed()), logins.subject(signed(sub="bob"))] == ["alice", "bob"]
    assert asked == [f"https://keys.example/{KID}"]


def test_its_tokens_are_padded_as_no_other_are(logins):
    told = {"sub": "alice", "iss": "https://login.example.com", "exp": int(time.time()) + 120}
    said = b".".join(urlsafe_b64encode(json.dumps(part).encode()) for part in ({**HEADER, "alg": "ES256"}, told))
    assert b"=" in said
    r, s = decode_dss_signature(OWN.sign(said, ec.ECDSA(SHA256())))
    signature = urlsafe_b64encode(r.to_bytes(32) + s.to_bytes(32))
    assert logins.subject((said + b"." + signature).decode()) == "alice"


@pytest.mark.parametrize(
    "token",
    [
        signed(OTHER),
        signed(exp=time.time() - 60),
        signed(exp=None),
        signed(iss="https://elsewhere.example"),
        signed(sub=None),
        signed(header={"signer": SIGNER.replace("0123456/", "7654321/")}),
        signed(header={"client": "another"}),
        signed(header={"kid": "../../other/key"}),
        signed("a" * 32, "HS256"),
        signed(pem(OWN).decode().replace("-", "+"), "HS256"),
        signed(rsa.generate_private_key(65_537, 2_048), "RS256"),
        jwt.encode({"sub": "alice"}, None, "none", HEADER),
        "x.y.z",
        "",
    ],
    ids=[
        "another key",
        "too old",
        "for ever",
        "another provider",
        "nobody",
        "another load balancer",
        "another client",
        "a path as a key",
        "a password",
        "the public key as a password",
        "another kind of key",
        "no signature",
        "no token",
        "nothing",
    ],
)
def test_nobody_else_is_believed(logins, token):
    assert logins.subject(token) is None


def test_a_token_of_another_load_balancer_has_no_key_fetched(logins, asked):
    logins.subject(signed(header={"signer": "arn:elsewhere"}))
    assert asked == []


def test_a_key_that_cannot_be_fetched_is_neither_a_yes_nor_a_no():
    def away(_url):
        raise URLError("away")

    with pytest.raises(LoginUnknownError):
        Logins(SETTINGS, away).subject(signed())


def test_the_keys_are_where_the_load_balancers_region_has_them():
    read = Reader({"ACCESS": "login", "LOGIN_SIGNER": SIGNER, "LOGIN_ISSUER": "i", "LOGIN_CLIENT": "c"})
    login = AccessSettings.read(read).login
    assert login is not None
    assert login.keys_url == "https://public-keys.auth.elb.eu-central-1.amazonaws.com/"


def test_access_is_closed_unless_it_is_said_and_every_mistake_is_told():
    assert AccessSettings.read(Reader({})).kind == "token"
    read = Reader({"ACCESS": "login", "LOGIN_SIGNER": "alb", "PROXIES": "10.0.0.1/8", "RATE_LIMIT_BURST": "0"})
    AccessSettings.read(read)
    with pytest.raises(SettingsError) as found:
        read.finish()
    for name in ("LOGIN_SIGNER", "LOGIN_ISSUER", "LOGIN_CLIENT", "PROXIES", "RATE_LIMIT_BURST"):
        assert name in str(found.value)
