"""Mistakes as a pull request would make them, one an area: each is made in the program, and caught by its rule.

They are made together, in one run of the engine over prod, by transformations of what the program declares.
"""

import functools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pulumi
import pytest

from infra.policy.evaluate import evaluate
from infra.policy.from_program import declared
from infra.policy.resources import Stack
from local.engine import the_program

pytestmark = pytest.mark.xdist_group("policy")  # the engine brings prod up once

ANYONE = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}]}
TRUST = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
EVERY_QUEUE = {"Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}


class Mistake(NamedTuple):
    """`props` in the program's own spelling; a function changes what is there."""

    rule: str
    type: str
    name: str
    props: dict[str, Any]


def containers(change: Callable[[dict[str, Any]], None]) -> Callable[[pulumi.Output[str]], pulumi.Output[str]]:
    def changed(text: str) -> str:
        definitions = json.loads(text)
        change(definitions[-1])
        return json.dumps(definitions)

    return lambda definitions: definitions.apply(changed)


def with_password(container: dict[str, Any]) -> None:
    container["environment"].append({"name": "BROKER_PASSWORD", "value": "correct-horse"})


def with_tag(container: dict[str, Any]) -> None:
    container["image"] = "123456789012.dkr.ecr.us-east-1.amazonaws.com/worker:latest"


MISTAKES = [
    Mistake("ec2-subnet-public-ip", "aws:ec2/subnet:Subnet", "public-a", {"map_public_ip_on_launch": True}),
    Mistake(
        "ec2-high-risk-ports",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "internet-to-load-balancer",
        {"from_port": 22, "to_port": 22},
    ),
    Mistake(
        "ec2-described-rules",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "worker-to-aws",
        {"description": None},
    ),
    Mistake("elb-drop-headers", "aws:lb/loadBalancer:LoadBalancer", "api", {"drop_invalid_header_fields": False}),
    Mistake(
        "s3-block-public",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "api-access-logs",
        {"block_public_policy": False},
    ),
    Mistake(
        "waf-redacted",
        "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
        "api",
        {"redacted_fields": None},
    ),
    Mistake("ecr-immutable-tags", "aws:ecr/repository:Repository", "api", {"image_tag_mutability": "MUTABLE"}),
    Mistake("ecr-scan", "aws:ecr/repository:Repository", "worker", {"image_scanning_configuration": None}),
    Mistake(
        "ecs-no-secret-literal",
        "aws:ecs/taskDefinition:TaskDefinition",
        "api",
        {"container_definitions": containers(with_password)},
    ),
    Mistake(
        "ecs-image-by-digest",
        "aws:ecs/taskDefinition:TaskDefinition",
        "worker",
        {"container_definitions": containers(with_tag)},
    ),
    Mistake("ecs-circuit-breaker", "aws:ecs/service:Service", "worker", {"deployment_circuit_breaker": None}),
    Mistake("ecs-platform-version", "aws:ecs/service:Service", "api", {"platform_version": "1.4.0"}),
    Mistake("ecs-container-insights", "aws:ecs/cluster:Cluster", "backlog", {"settings": None}),
    Mistake("sqs-visibility", "aws:sqs/queue:Queue", "jobs", {"visibility_timeout_seconds": 20}),
    Mistake("sqs-dead-letters-live-longer", "aws:sqs/queue:Queue", "jobs", {"message_retention_seconds": 1_209_600}),
    Mistake("sqs-not-public", "aws:sqs/queuePolicy:QueuePolicy", "jobs", {"policy": json.dumps(ANYONE)}),
    Mistake("sns-encrypted", "aws:sns/topic:Topic", "alarms", {"kms_master_key_id": None}),
    Mistake("kms-rotation", "aws:kms/key:Key", "alarms", {"enable_key_rotation": False}),
    Mistake("rds-not-public", "aws:rds/instance:Instance", "database", {"publicly_accessible": True}),
    Mistake("rds-encrypted", "aws:rds/instance:Instance", "database", {"storage_encrypted": False}),
    Mistake("rds-force-ssl", "aws:rds/parameterGroup:ParameterGroup", "database", {"parameters": []}),
    Mistake(
        "iam-no-wildcard-action", "aws:iam/rolePolicy:RolePolicy", "worker-task", {"policy": json.dumps(EVERY_QUEUE)}
    ),
    Mistake(
        "iam-trust-condition",
        "aws:iam/role:Role",
        "api-task",
        {"assume_role_policy": json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})},
    ),
    Mistake("logs-retention", "aws:cloudwatch/logGroup:LogGroup", "api", {"retention_in_days": None}),
    Mistake("alarm-runbook", "aws:cloudwatch/metricAlarm:MetricAlarm", "late-jobs", {"alarm_description": "Late"}),
    Mistake("cost-instance-class", "aws:rds/instance:Instance", "database", {"instance_class": "db.r6i.32xlarge"}),
    Mistake("cost-tasks", "aws:appautoscaling/target:Target", "worker", {"max_capacity": 900}),
]

#: What the same changes break beside what they were made for.
BESIDE = {
    ("ec2-open-ports", "internet-to-load-balancer"),
    ("sqs-tls-only", "jobs"),
    ("iam-no-wildcard-resource", "worker-task"),
}


def mistaken(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
    props = dict(args.props)
    for mistake in MISTAKES:
        if (mistake.type, mistake.name) == (args.type_, args.name):
            for key, value in mistake.props.items():
                assert key in props, f"{mistake.type} has no {key}"
                props[key] = value(props[key]) if callable(value) else value
    return pulumi.ResourceTransformationResult(props, args.opts)


def mistaken_program() -> None:
    pulumi.runtime.register_stack_transformation(mistaken)
    the_program()


def violations(stack: Stack) -> set[tuple[str, str]]:
    results = evaluate(stack, datetime.now(UTC).date())
    return {(result.rule.id, result.resource.name) for result in results if result.outcome == "violation"}


@functools.cache
def caught() -> set[tuple[str, str]]:
    return violations(declared("prod", program=mistaken_program))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.rule)
def test_a_mistake_in_the_program_is_caught_by_its_rule(mistake):
    assert (mistake.rule, mistake.name) in caught()


def test_nothing_is_caught_that_was_not_a_mistake(declared_once):
    made = {(mistake.rule, mistake.name) for mistake in MISTAKES}
    assert caught() - violations(declared_once("prod")) == made | BESIDE
