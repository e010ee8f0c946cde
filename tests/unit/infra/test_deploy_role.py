"""Who may deploy a stack from GitHub, and what that role can never do."""

import json
from functools import cache

import botocore.session
import pytest

from infra.components.deploy_actions import ACTIONS
from infra.components.deploy_role import ISSUER, LIMITS, NO_RESOURCE, ROLES
from infra.review.finding import Verdict
from infra.review.grants import bounded, grants, uncovered
from infra.review.principals import weight_of_trust

DEPLOYS = {"repository": "example/backlog", "environment": "prod"}


@pytest.fixture
def stack(declare):
    return declare("prod", deployRole=DEPLOYS)


def policies(stack, role):
    """What a role is allowed by policies of the stack."""
    inline = [
        json.loads(one.inputs["policy"]) for one in stack.all("RolePolicy") if one.inputs["role"].startswith(role)
    ]
    attached = [
        stack.json("Policy", one.name, "policy")
        for one in stack.all("RolePolicyAttachment")
        if one.inputs["role"].startswith(role) and ":aws:policy/" not in one.inputs["policyArn"]
    ]
    return [grant for document in (*inline, *attached) for grant in grants(document)]


def test_without_the_setting_there_is_none(declare):
    assert declare("prod").all("OpenIdConnectProvider") == []
    assert not [role.name for role in declare("prod").all("Role") if "permissionsBoundary" in role.inputs]


@pytest.mark.parametrize(("role", "environment"), [("deploy-role-plan", "prod-read"), ("deploy-role-deploy", "prod")])
def test_one_environment_of_one_repository_takes_it(stack, role, environment):
    (trust,) = grants(stack.json("Role", role, "assumeRolePolicy"))
    assert trust.who.pattern.startswith("Federated:arn:aws:")
    assert {(key, *values) for _, key, values in trust.conditions} == {
        (f"{ISSUER}:aud", "sts.amazonaws.com"),
        (f"{ISSUER}:sub", f"repo:example/backlog:environment:{environment}"),
    }
    assert weight_of_trust(trust, (), "", new=True).verdict is Verdict.LOOK


def test_an_account_that_has_the_provider_gets_no_other(declare):
    arn = f"arn:aws:iam::210987654321:oidc-provider/{ISSUER}"
    assert declare("prod", deployRole={**DEPLOYS, "providerArn": arn}).all("OpenIdConnectProvider") == []


def test_whoever_plans_reads_alone(stack):
    assert policies(stack, "deploy-role-plan") == []
    (attached,) = [one for one in stack.all("RolePolicyAttachment") if one.name == "deploy-role-plan"]
    assert attached.inputs["policyArn"] == "arn:aws:iam::aws:policy/ReadOnlyAccess"


def test_every_role_of_the_stack_is_known_and_within_bounds(stack):
    others = [role for role in stack.all("Role") if not role.name.startswith("deploy-role-")]
    assert {role.name for role in others} == {*ROLES}
    limits = stack.one("Policy", "deploy-role-limits")
    assert {role.inputs["permissionsBoundary"].rsplit("/", 1)[-1] for role in others} == {f"{limits.name}-0123456"}
    for role in others:
        (who,) = grants(role.inputs["assumeRolePolicy"])
        assert who.who.pattern == f"Service:{ROLES[role.name]}"


@cache
def within(document):
    return grants(document)


@pytest.mark.parametrize("role", sorted(ROLES))
def test_no_role_loses_what_it_is_given(stack, role):
    given = policies(stack, role)
    assert not uncovered(frozenset(given), within(stack.one("Policy", "deploy-role-limits").inputs["policy"]))


def test_the_limits_let_nobody_change_who_may_do_what():
    assert not {"iam", "sts", "organizations", "lambda"} & {*LIMITS}
    assert "PutKeyPolicy" not in LIMITS["kms"]


def can(stack, action, on):
    """Whether the role that deploys may: by its policies, within its boundary."""
    boundary = stack.one("Policy", "deploy-role-boundary").inputs["policy"]
    bounds = within(boundary)
    left = bounded(frozenset(policies(stack, "deploy-role-deploy")), bounds)
    (wanted,) = grants(json.dumps({"Statement": {"Effect": "Allow", "Action": action, "Resource": on}}))
    denied = any(
        not one.allows and one.action.covers(wanted.action) and one.resource.covers(wanted.resource) for one in bounds
    )
    return not denied and any(one.action.covers(wanted.action) and one.resource.meets(wanted.resource) for one in left)


def iam(of):
    return f"arn:aws:iam::210987654321:{of}"


@pytest.fixture
def mocked(declare):
    arn = iam(f"oidc-provider/{ISSUER}")
    return declare("prod", deployRole={**DEPLOYS, "providerArn": arn})


@pytest.mark.parametrize(
    ("action", "on", "may"),
    [
        ("ecs:UpdateService", "arn:aws:ecs:us-east-1:210987654321:service/backlog/api", True),
        ("ecs:UpdateService", "arn:aws:ecs:us-east-1:999999999999:service/backlog/api", False),
        ("iam:PassRole", iam("role/api-task-0123456"), True),
        ("iam:PassRole", iam("role/Administrator"), False),
        ("iam:PutRolePolicy", iam("role/api-task-0123456"), True),
        ("iam:PutRolePolicy", iam("role/deploy-role-deploy-0123456"), False),
        ("iam:UpdateAssumeRolePolicy", iam("role/api-task-0123456"), False),
        ("iam:DeleteRolePermissionsBoundary", iam("role/api-task-0123456"), False),
        ("iam:CreatePolicyVersion", iam("policy/deploy-role-limits-0123456"), False),
        ("iam:CreateUser", iam("user/x"), False),
        ("iam:CreateAccessKey", iam("user/x"), False),
        ("sts:AssumeRole", iam("role/Administrator"), False),
        ("lambda:UpdateFunctionCode", "arn:aws:lambda:us-east-1:210987654321:function:x", False),
        ("ec2:RunInstances", "arn:aws:ec2:us-east-1:210987654321:instance/*", False),
    ],
)
def test_the_role_that_deploys_can_not_become_more_than_it_is(mocked, action, on, may):
    assert can(mocked, action, on) is may


def test_a_role_that_it_writes_is_within_bounds(mocked):
    for one in policies(mocked, "deploy-role-deploy"):
        if one.action.pattern in ("iam:createrole", "iam:putrolepolicy", "iam:attachrolepolicy"):
            assert [key for _, key, _ in one.conditions] == ["iam:permissionsboundary"]
        assert one.action.pattern != "iam:*"


def test_what_is_allowed_is_named_and_fits(stack):
    for policy in (one for one in stack.all("Policy") if one.type == "aws:iam/policy:Policy"):
        assert len(policy.inputs["policy"]) <= 6_144
    assert {action for action in NO_RESOURCE if action.split(":")[1] not in ACTIONS.get(action.split(":")[0], ())} == {
        "kms:CreateKey"
    }


#: What IAM calls otherwise than the API, or what is no call of it. Source: AWS Service Authorization Reference.
OF_IAM_ALONE = {
    "budgets:ModifyBudget",
    "elasticloadbalancing:SetWebACL",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:UpdateLogDelivery",
}


@pytest.mark.parametrize("service", sorted(ACTIONS))
def test_every_action_is_one_of_awss(service):
    model = botocore.session.get_session().get_service_model({"elasticloadbalancing": "elbv2"}.get(service, service))
    known = {name.lower() for name in model.operation_names}
    unknown = {f"{service}:{action}" for action in ACTIONS[service] if action.lower() not in known}
    assert unknown <= OF_IAM_ALONE
