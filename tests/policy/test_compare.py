"""The pack beside others: how a stack is written for other scanners, and what is made of their findings."""

from datetime import date

import pytest

from infra.policy.catalog import RULES
from infra.policy.compare import argued, sources
from infra.policy.compare.document import FILE, document
from infra.policy.compare.scan import Scan, compared
from infra.policy.compare.terraform import address, written
from infra.policy.evaluate import evaluate
from infra.policy.resources import SECRET, Resource, Stack

TODAY = date(2026, 1, 1)


def resource(type_, name, links=None, **props) -> Resource:
    return Resource(type=type_, urn=f"urn:pulumi:dev::backlog::{type_}::{name}", props=props, links=links or {})


QUEUE = resource("aws:sqs/queue:Queue", "jobs", visibilityTimeoutSeconds=60, sqsManagedSseEnabled=True)


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("aws:sqs/queue:Queue", "aws_sqs_queue"),
        ("aws:ec2/vpc:Vpc", "aws_vpc"),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws_vpc_security_group_ingress_rule"),
        ("aws:rds/instance:Instance", "aws_db_instance"),
        ("aws:lb/loadBalancer:LoadBalancer", "aws_lb"),
        ("aws:lb/targetGroup:TargetGroup", "aws_lb_target_group"),
    ],
)
def test_types_have_terraforms_names(type_, expected):
    assert address(resource(type_, "a")) == f"{expected}.a"


def lines(*resources) -> list[str]:
    return [line.strip() for line in written(Stack("dev", resources)).splitlines() if line]


def test_properties_have_terraforms_names():
    told = lines(QUEUE)
    assert told[0] == 'resource "aws_sqs_queue" "jobs" {'
    assert {"visibility_timeout_seconds = 60", "sqs_managed_sse_enabled = true"} <= set(told)


def test_a_list_of_objects_is_a_block_for_each_and_tags_are_none():
    told = lines(resource("aws:ecs/cluster:Cluster", "c", settings=[{"name": "a", "value": "b"}], tags={"app": "x"}))
    assert told == ['resource "aws_ecs_cluster" "c" {', "setting {", 'name = "a"', 'value = "b"', "}", *told[5:]]
    assert 'tags = {"app" = "x"}' in told


def test_a_value_of_another_resource_is_a_reference_to_it():
    policy = resource(
        "aws:sqs/queuePolicy:QueuePolicy", "jobs", {"queueUrl": (QUEUE.urn,)}, queueUrl="https://sqs/jobs"
    )
    assert "queue_url = aws_sqs_queue.jobs.id" in lines(QUEUE, policy)


def test_inside_of_a_block_the_name_tells_which_resource_it_is():
    group = resource("aws:ec2/securityGroup:SecurityGroup", "api")
    subnet = resource("aws:ec2/subnet:Subnet", "a")
    service = resource(
        "aws:ecs/service:Service",
        "api",
        {"networkConfiguration": (group.urn, subnet.urn)},
        networkConfiguration={"securityGroups": ["sg-1"], "subnets": ["subnet-1"]},
    )
    told = lines(group, subnet, service)
    assert {"security_groups = [aws_security_group.api.id]", "subnets = [aws_subnet.a.id]"} <= set(told)


def test_texts_are_no_expressions_and_secrets_are_not_written():
    told = lines(resource("aws:secretsmanager/secretVersion:SecretVersion", "v", secretString=SECRET, versionId="${a}"))
    assert {'secret_string = ""', 'version_id = "$${a}"'} <= set(told)


def test_what_is_not_of_aws_is_left_out():
    assert lines(resource("docker:index/image:Image", "api")) == []


def test_two_resources_with_one_address_are_refused():
    with pytest.raises(ValueError, match="same name"):
        lines(QUEUE, QUEUE.__class__(type=QUEUE.type, urn=QUEUE.urn.replace("::jobs", "$child::jobs"), props={}))


def test_a_finding_is_ours_or_argued_or_unexplained(world):
    stack = world(("queue.sqsManagedSseEnabled", False), ("database.port", 5432))
    found = {"CKV_AWS_27": ("aws_sqs_queue.queue",), "CKV_AWS_158": ("x",), "CKV_AWS_16": ("aws_db_instance.database",)}
    told = compared(Scan(9, found), evaluate(stack, TODAY, exceptions=()))
    assert told.both == {"CKV_AWS_27": ("sqs-encrypted",)}
    assert list(told.argued) == ["CKV_AWS_158"]
    assert told.unexplained == {"CKV_AWS_16": ("aws_db_instance.database",)}
    assert told.alone == ["rds-port"]


def test_others_are_compared_with_rules_that_exist():
    assert {*sources.CHECKOV, *sources.AWSGUARD} <= {rule.id for rule in RULES}
    assert set(sources.NOT_FOUNDATIONAL) <= {rule.control for rule in RULES}
    assert all(argued.CHECKOV.values())


def test_the_page_that_compares_is_current():
    assert FILE.read_text(encoding="utf-8") == document(), "run `python -m infra.policy.compare.document`"
