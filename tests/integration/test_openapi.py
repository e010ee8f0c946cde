"""The OpenAPI document: sound, complete, and true under fire."""

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture
def document(client):
    return client.get("/api/v1/openapi.json").json


def test_the_document_is_valid(document):
    validate(document)


def test_every_route_of_the_api_is_described(client, document):
    routes = {
        str(rule).replace("<int:", "{").replace("<", "{").replace(">", "}")
        for rule in client.application.url_map.iter_rules()
        if str(rule).startswith(("/api/v1/", "/calendars/")) and rule.endpoint.split(".")[0] != "openapi"
    }
    assert routes == set(document["paths"])


def test_the_page_of_the_document_names_every_operation(client, document):
    page = client.get("/api/v1/docs").get_data(as_text=True)
    assert all(path in page for path in document["paths"])
    assert "http://" not in page
    assert "https://" not in page


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_input_gives_what_the_document_does_not_say(client, mode):
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", client.application)
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        def attack(case):
            case.call_and_validate(checks=CHECKS)

        try:
            attack()
        except Unsatisfiable:
            continue  # an operation that takes nothing cannot be given anything wrong
        tried += 1
    assert tried > (5 if mode is GenerationMode.POSITIVE else 2)


def test_the_document_is_the_same_each_time(client):
    one, two = (json.dumps(client.get("/api/v1/openapi.json").json) for _ in range(2))
    assert one == two
