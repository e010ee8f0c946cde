"""What the rules of IAM let pass: a boundary, a role that is written within one, a login held to its subject."""

import json
from datetime import date

import pytest

from infra.policy import from_program
from infra.policy.evaluate import evaluate
from infra.policy.resources import Resource, Stack

LIMIT = "arn:aws:iam::123456789012:policy/limit"
WITHIN = {"Condition": {"StringEquals": {"iam:PermissionsBoundary": LIMIT}}}
HOST = "token.actions.githubusercontent.com"


def resource(type_, name, props, **links):
    urn = f"urn:pulumi:prod::backlog::{type_}::{name}"
    return Resource(type=type_, urn=urn, props=props, links={prop: tuple(urns) for prop, urns in links.items()})


def document(**statement):
    return json.dumps({"Statement": {"Effect": "Allow", "Resource": "arn:aws:sqs:::x", **statement}})


def broken(*resources):
    found = evaluate(Stack("prod", resources), date(2026, 11, 27), exceptions=())
    return {result.rule.id for result in found if result.outcome == "violation" and result.rule.id.startswith("iam-")}


BOUNDARY = resource("aws:iam/policy:Policy", "limit", {"policy": document(Action="sqs:*")})


def test_what_only_limits_allows_nothing():
    limited = resource("aws:iam/role:Role", "task", {"assumeRolePolicy": "{}"}, permissionsBoundary=[BOUNDARY.urn])
    given = resource("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "a", {}, policyArn=[BOUNDARY.urn])
    assert "iam-no-wildcard-action" in broken(BOUNDARY)
    assert "iam-no-wildcard-action" not in broken(BOUNDARY, limited)
    assert "iam-no-wildcard-action" in broken(BOUNDARY, limited, given)


@pytest.mark.parametrize(("more", "escalates"), [({}, True), (WITHIN, False)])
def test_a_role_that_is_written_within_bounds_takes_no_more(more, escalates):
    policy = document(Action="iam:PutRolePolicy", Resource="arn:aws:iam::123456789012:role/x", **more)
    assert (
        "iam-no-escalation" in broken(resource("aws:iam/rolePolicy:RolePolicy", "p", {"policy": policy}))
    ) is escalates


@pytest.mark.parametrize(("claim", "open_"), [("sub", False), ("aud", True)])
def test_a_login_from_elsewhere_is_held_to_its_subject(claim, open_):
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{HOST}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{HOST}:{claim}": "repo:example/backlog:environment:prod"}},
    }
    role = resource("aws:iam/role:Role", "ci", {"assumeRolePolicy": json.dumps({"Statement": [trust]})})
    assert ("iam-trust-condition" in broken(role)) is open_


def test_the_roles_of_a_deployment_break_no_rule():
    setting = {"repository": "example/backlog", "environment": "prod"}
    stack = from_program.declared("prod", {"backlog:deployRole": setting})
    results = [one for one in evaluate(stack, date(2026, 11, 27)) if "deploy-role" in one.resource.name]
    assert {one.outcome for one in results} == {"pass"}
