"""Mistakes that AWS would refuse, found before anything is made."""

import json

import pytest

from local.provider.properties import UNKNOWN
from local.provider.schema import check
from local.resources import TABLE

TASK = "aws:ecs/taskDefinition:TaskDefinition"
CONTAINER = {"name": "api", "image": "x"}


def said(token, inputs):
    return " / ".join(f"{failure.path}: {failure.reason}" for failure in TABLE[token].check(inputs))


def task(*containers, **inputs):
    return {
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "networkMode": "awsvpc",
        "containerDefinitions": json.dumps(list(containers)),
        **inputs,
    }


def test_a_sound_task_is_not_complained_of():
    assert said(TASK, task(CONTAINER)) == ""
    mounts = {**CONTAINER, "mountPoints": [{"sourceVolume": "scratch", "containerPath": "/tmp"}]}
    assert said(TASK, task(mounts, volumes=[{"name": "scratch"}])) == ""


@pytest.mark.parametrize(
    ("definition", "sentence"),
    [
        (task(CONTAINER, cpu="300"), "Fargate has no 300 CPU units"),
        (task(CONTAINER, memory="4096"), "no 4096 MiB with 256 CPU units"),
        (task(CONTAINER, networkMode="bridge"), "needs awsvpc"),
        (task({**CONTAINER, "essential": False}), "must be essential"),
        (task(CONTAINER, CONTAINER), "two containers have one name"),
        (task({**CONTAINER, "comand": []}), "'comand' is not a property"),
        (task({"name": "api"}), "image is missing"),
        (task({**CONTAINER, "environment": [{"name": "PORT", "value": 80}]}), "must both be strings"),
        (
            task(
                {
                    **CONTAINER,
                    "environment": [{"name": "A", "value": "1"}],
                    "secrets": [{"name": "A", "valueFrom": "x"}],
                }
            ),
            "both in",
        ),
        (task({**CONTAINER, "stopTimeout": 121}), "over Fargate's 120 s"),
        (
            task({**CONTAINER, "dependsOn": [{"containerName": "gone", "condition": "SUCCESS"}]}),
            "no container of this task",
        ),
        (task({**CONTAINER, "dependsOn": [{"containerName": "api", "condition": "DONE"}]}), "none of START"),
        (
            task({**CONTAINER, "mountPoints": [{"sourceVolume": "gone", "containerPath": "/tmp"}]}),
            "no volume of this task",
        ),
        (task({**CONTAINER, "healthCheck": {"command": ["curl"]}}), "begins with CMD"),
        (task(containerDefinitions="{"), "is not JSON"),
    ],
)
def test_a_mistake_in_a_task_is_a_sentence(definition, sentence):
    assert sentence in said(TASK, definition)


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ({"Effect": "Permit", "Action": "sqs:*", "Resource": "*"}, "Effect must be Allow or Deny"),
        ({"Effect": "Allow", "Resource": "*"}, "needs Action"),
        ({"Effect": "Allow", "Action": "sqs:SendMessage"}, "needs Resource"),
        ({"Effect": "Allow", "Action": "SendMessage", "Resource": "*"}, "has no service"),
        ({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "my-queue"}, "neither an ARN nor *"),
        (
            {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*", "Conditions": {}},
            "'Conditions' is not an element",
        ),
    ],
)
def test_a_mistake_in_a_policy_is_a_sentence(statement, sentence):
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert sentence in said("aws:iam/rolePolicy:RolePolicy", {"policy": policy})


def test_what_is_not_known_yet_is_not_judged():
    assert said("aws:iam/rolePolicy:RolePolicy", {"policy": UNKNOWN}) == ""
    assert said(TASK, task(containerDefinitions=UNKNOWN)) == ""
    assert list(check("pulumi_aws.ecs:Service", {"networkConfiguration": UNKNOWN, "desiredCount": UNKNOWN})) == []


def test_a_property_is_looked_for_at_any_depth():
    failures = list(
        check(
            "pulumi_aws.ecs:Service", {"loadBalancers": [{"containerName": "x", "containerPort": 1, "targetArn": "y"}]}
        )
    )
    assert [(f.path, f.reason) for f in failures] == [
        ("loadBalancers[0].targetArn", "is not a property here; did you mean 'targetGroupArn'?")
    ]


def test_storage_grows_to_more_than_it_is_or_not_at_all():
    storage = {"skipFinalSnapshot": True, "allocatedStorage": 20}
    assert "is not over allocatedStorage 20" in said(
        "aws:rds/instance:Instance", {**storage, "maxAllocatedStorage": 20}
    )
    assert said("aws:rds/instance:Instance", {**storage, "maxAllocatedStorage": 21}) == ""


@pytest.mark.parametrize(
    ("token", "inputs", "sentence"),
    [
        ("aws:ec2/securityGroup:SecurityGroup", {"description": "The API's tasks"}, "none of '"),
        (
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
            {"cidrIpv4": "0.0.0.0/0", "ipProtocol": "-1", "description": "out → in"},
            "none of →",
        ),
        ("aws:kms/key:Key", {"deletionWindowInDays": 3}, "KMS waits for 7 to 30"),
        ("aws:secretsmanager/secret:Secret", {"recoveryWindowInDays": 1}, "Secrets Manager waits for 7 to 30"),
    ],
)
def test_what_only_the_service_knows_is_refused_too(token, inputs, sentence):
    assert sentence in said(token, inputs)


def test_a_secret_that_is_gone_at_once_is_no_mistake():
    assert said("aws:secretsmanager/secret:Secret", {"recoveryWindowInDays": 0}) == ""
