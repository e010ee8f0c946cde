"""What the Dockerfiles say, as far as it must agree with the services; tests/integration/test_images.py builds them."""

import re
import shlex

import pytest

from local.folder import CHECKOUT

#: What each image holds; the transport of celery[sqs] makes its client by a name that stands in kombu.
CODE = {"api": ("todos", "api"), "worker": ("todos", "worker"), "lab": ("lab",)}


def dockerfile(service):
    return (CHECKOUT / "services" / service / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("service", CODE)
def test_what_botocore_keeps_is_what_the_code_makes_clients_of(service):
    """One that is missing is an UnknownServiceError in production alone; one too many makes the image larger."""
    kept = set(shlex.split(re.search(r"slim packages /app ([\w ]+)", dockerfile(service))[1]))
    files = (file for package in CODE[service] for file in (CHECKOUT / "services" / package).rglob("*.py"))
    made = {name for file in files for name in re.findall(r'client\(\s*"([\w-]+)"', file.read_text(encoding="utf-8"))}
    assert kept == made | {"sqs"}


def test_every_image_is_built_on_one_base_by_version_and_digest():
    bases = {re.search(r"^ARG BASE=(\S+)$", dockerfile(service), re.MULTILINE)[1] for service in CODE}
    (base,) = bases
    assert re.fullmatch(r"docker\.io/library/python:3\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64}", base)


@pytest.mark.parametrize("service", CODE)
def test_an_image_is_built_in_stages_and_its_process_gets_its_signals(service):
    text = dockerfile(service)
    assert text.count("\nFROM ") == 4
    assert "\nUSER 10001:10001\n" in text
    assert not re.findall(r"^(?:CMD|ENTRYPOINT) [^\[]", text, re.MULTILINE)
