"""How two values are told apart: by names, and without what need not be read."""

import json

import pytest

from infra.policy.resources import SECRET, UNKNOWN
from infra.review.differences import differences
from infra.review.preview import Change, State


def told(before, after, *, type_="aws:x/y:Y", reasons=(), declared=None):
    urn = f"urn:pulumi:test::backlog::{type_}::thing"
    sides = (
        State(type=type_, urn=urn, props=props, declared=frozenset(declared or props)) for props in (before, after)
    )
    old, new = sides
    found = differences(Change(urn=urn, op="update", before=old, after=new, reasons=reasons))
    return [(one.noise, one.line) for one in found]


def containers(**variables):
    environment = [{"name": name, "value": value} for name, value in variables.items()]
    return {"containerDefinitions": json.dumps([{"name": "api", "environment": environment, "cpu": 1}])}


def test_a_variable_is_told_by_its_container_and_its_name():
    assert told(containers(A="1", LEVEL="info"), containers(LEVEL="debug", B="2")) == [
        ("", 'container api: environment A: - "1"'),
        ("", 'container api: environment LEVEL: "info" -> "debug"'),
        ("", 'container api: environment B: + "2"'),
    ]


def test_a_variable_that_looks_like_a_secret_is_not_repeated():
    ((_, line),) = told(containers(API_TOKEN="hunter2"), containers(API_TOKEN="hunter3"))
    assert "hunter" not in line
    assert line.startswith("container api: environment API_TOKEN: (looks like a secret")


def policy(*statements):
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": statements})}


def test_a_policy_is_told_by_its_statements():
    one = {"Sid": "One", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "a"}
    two = {"Sid": "Two", "Effect": "Allow", "Action": "sqs:ReceiveMessage", "Resource": "a"}
    assert told(policy(one, two), policy({**two, "Resource": "*"})) == [
        ("", 'policy: statement Two: Resource: "a" -> "*"'),
        ("", f"policy: statement: - {json.dumps(one)}"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "noise"),
    [
        ({"tags": {"a": "1"}}, {"tags": {"a": "2"}}, "tags"),
        ({"cidrs": ["a", "b"]}, {"cidrs": ["b", "a"]}, "order"),
        ({"body": '{"a": 1}'}, {"body": '{ "a":1 }'}, "formatting"),
        (policy({"Action": ["b", "a"]}), policy({"Action": ["a", "b"]}), "order"),
        ({"image": "r.io/api:1"}, {"image": "r.io/api:2"}, "digest"),
        ({"image": f"r.io/api@sha256:{'a' * 64}"}, {"image": f"r.io/api@sha256:{'b' * 64}"}, "digest"),
    ],
)
def test_noise_is_told_as_such(before, after, noise):
    assert [kind for kind, _ in told(before, after)] == [noise]


def test_another_repository_is_no_noise():
    assert told({"image": "r.io/api:1"}, {"image": "evil.io/api:1"})[0][0] == ""


def test_a_name_of_pulumis_own_is_noise_and_a_given_one_is_not():
    sides = ({"name": "jobs-1a2b3c4"}, {"name": "jobs-5d6e7f8"})
    assert told(*sides, declared={"visibility"})[0][0] == "generated name"
    assert told(*sides, declared={"name"})[0][0] == ""


def test_of_a_secret_that_differs_only_that_is_said():
    assert told({"password": SECRET}, {"password": SECRET}) == []
    assert told({"password": SECRET}, {"password": SECRET}, reasons=("password",)) == [
        ("", "password: (a secret) -> (a secret)")
    ]


def test_a_value_that_is_not_known_yet_is_said_to_be():
    assert told({"url": "a"}, {"url": UNKNOWN}) == [("", 'url: "a" -> (known only after the update)')]


def test_of_two_long_texts_the_part_that_differs_is_shown():
    ((_, line),) = told({"text": "x" * 300 + "one"}, {"text": "x" * 300 + "two"})
    assert 'one"' in line
    assert 'two"' in line
    assert len(line) < 100


def test_json_that_is_nested_deeper_than_any_document_is_a_text():
    one, other = ("[" * 900 + letter + "]" * 900 for letter in ("1", "2"))
    ((noise, line),) = told({"text": one}, {"text": other})
    assert noise == ""
    assert line.startswith("text: ")
