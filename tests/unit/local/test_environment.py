"""A user's variables for AWS, Pulumi and proxies do not reach the embedded cloud."""

import os

from local import environment

THEIRS = {
    "AWS_PROFILE": "company",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "PULUMI_BACKEND_URL": "s3://state",
    "PULUMI_CONFIG_PASSPHRASE": "x",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
}


def test_they_are_away_meanwhile_and_back_afterwards(monkeypatch):
    for name, value in THEIRS.items():
        monkeypatch.setenv(name, value)
    with environment.of_our_own():
        assert not THEIRS.keys() & os.environ.keys()
        assert "PATH" in os.environ
    assert {name: os.environ[name] for name in THEIRS} == THEIRS
