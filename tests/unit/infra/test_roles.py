"""Who may do what: roles name their resources, and hold what their task does and no more."""

import json

import pytest

#: Which service of AWS takes a role, and for which of its resources.
TAKERS = {
    "ecs-tasks.amazonaws.com": "arn:aws:ecs:us-east-1:210987654321:*",
    "vpc-flow-logs.amazonaws.com": "arn:aws:ec2:us-east-1:210987654321:vpc-flow-log/*",
}


def test_only_this_account_may_make_a_service_take_a_role(stack):
    for role in stack.all("Role"):
        if role.name == "database-monitoring":
            continue  # RDS's (test_database.py)
        (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
        assert statement["Condition"] == {
            "StringEquals": {"aws:SourceAccount": "210987654321"},
            "ArnLike": {"aws:SourceArn": TAKERS[statement["Principal"]["Service"]]},
        }


def resources(statement):
    return [statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"]


def test_roles_name_their_resources_and_no_action_is_a_wildcard(stack):
    for policy in stack.all("RolePolicy"):
        for statement in json.loads(policy.inputs["policy"])["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert not any("*" in action for action in actions)
            named = all(resource.startswith("arn:") for resource in resources(statement))
            assert named or actions == ["ecr:GetAuthorizationToken"]


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
                ("ecs:GetTaskProtection", "*"),
                ("ecs:UpdateTaskProtection", "*"),
                ("sns:Publish", "events"),
                ("kms:Decrypt", "messages"),
                ("kms:GenerateDataKey", "messages"),
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
                ("secretsmanager:GetSecretValue", "database"),
            },
        ),
    ],
)
def test_a_role_may_do_what_its_task_does_and_no_more(dev, role, allowed):
    found = {
        (action, resource.rsplit("/", 1)[-1].rsplit(":secret:", 1)[-1].split("-")[0])
        for statement in dev.json("RolePolicy", role, "policy")["Statement"]
        for resource in resources(statement)
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert found == allowed
