"""Who may do what: roles name their resources, and hold what their task does and no more."""

import json

import pytest


def test_only_tasks_of_this_account_may_take_a_role(stack):
    for role in stack.all("Role"):
        (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
        assert statement["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
        assert statement["Condition"] == {
            "StringEquals": {"aws:SourceAccount": "210987654321"},
            "ArnLike": {"aws:SourceArn": "arn:aws:ecs:us-east-1:210987654321:*"},
        }


def test_roles_name_their_resources_and_no_action_is_a_wildcard(stack):
    for policy in stack.all("RolePolicy"):
        for statement in json.loads(policy.inputs["policy"])["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert not any("*" in action for action in actions)
            assert statement["Resource"].startswith("arn:") or actions == ["ecr:GetAuthorizationToken"]


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("api-task", {("sqs:GetQueueAttributes", "jobs"), ("sqs:SendMessage", "jobs")}),
        (
            "worker-task",
            {
                ("sqs:ChangeMessageVisibility", "jobs"),
                ("sqs:DeleteMessage", "jobs"),
                ("sqs:GetQueueAttributes", "jobs"),
                ("sqs:ReceiveMessage", "jobs"),
                ("sqs:SendMessage", "jobs"),
            },
        ),
        (
            "api-execution",
            {
                ("ecr:GetAuthorizationToken", "*"),
                ("ecr:BatchCheckLayerAvailability", "api"),
                ("ecr:BatchGetImage", "api"),
                ("ecr:GetDownloadUrlForLayer", "api"),
                ("logs:CreateLogStream", "api"),
                ("logs:PutLogEvents", "api"),
                ("secretsmanager:GetSecretValue", "rds!db"),
            },
        ),
    ],
)
def test_a_role_may_do_what_its_task_does_and_no_more(dev, role, allowed):
    found = {
        (action, statement["Resource"].rsplit("/", 1)[-1].rsplit(":secret:", 1)[-1].split("-")[0])
        for statement in dev.json("RolePolicy", role, "policy")["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert found == allowed
