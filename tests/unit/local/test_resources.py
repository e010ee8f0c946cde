"""The table of resource types."""

import pytest

from local.provider.diff import fact
from local.provider.naming import auto_name, check_length
from local.provider.schema import block, resource_args
from local.resources import TABLE, Resource

#: What a type refers to though it need not.
REFERENCES = {"arn": "arn:aws:sns:::t", "cluster": "c", "domainName": "example.com", "bucket": "b"}
GIVEN = {"loadBalancerArn": "arn:aws:elasticloadbalancing:::loadbalancer/app/x/1", "engine": "postgres"}


def resource(token, **inputs):
    kind = TABLE[token]
    required = dict.fromkeys(block(resource_args(kind.sdk_class)).required, "given")
    named = {kind.auto_name.property: "name"} if kind.auto_name else {}
    urn = f"urn:pulumi:dev::backlog::{token}::x"
    return Resource(
        token, urn, "x", {**REFERENCES, **required, **GIVEN, **named, **inputs}, "eu-central-1", "123456789012"
    )


AWS = sorted(token for token in TABLE if token.startswith("aws:"))


@pytest.mark.parametrize("token", AWS)
def test_every_type_gives_an_id_and_all_that_only_aws_can_give(token):
    outputs = TABLE[token].outputs(resource(token))
    assert outputs["id"]
    assert set(fact("outputs-only").get(token, [])) - {"tagsAll"} <= set(outputs)


@pytest.mark.parametrize("token", AWS)
def test_outputs_are_the_same_on_each_run(token):
    assert TABLE[token].outputs(resource(token)) == TABLE[token].outputs(resource(token))


def test_every_type_of_the_facts_is_in_the_table_but_cloudfronts():
    assert set(fact("outputs-only")) - set(TABLE) == {"aws:cloudfront/distribution:Distribution"}


@pytest.mark.parametrize("token", AWS)
def test_pulumi_names_what_the_sdk_lets_a_program_leave_unnamed_and_nothing_else(token):
    """pulumi-aws names every property `name`, and a few more; the SDK asks for a name where it does not."""
    auto, args = TABLE[token].auto_name, block(resource_args(TABLE[token].sdk_class))
    if auto:
        assert auto.property in args.properties.keys() - args.required
    else:
        assert "name" not in args.properties.keys() - args.required


@pytest.mark.parametrize("token", [token for token in AWS if TABLE[token].auto_name])
def test_a_name_that_is_too_long_is_refused_and_not_cut(token):
    auto = TABLE[token].auto_name
    name = auto_name(auto, token, "urn", "a" * auto.longest, {}, {})
    (failure,) = check_length(auto, {auto.property: name})
    assert failure.path == auto.property
    assert f"AWS takes {auto.longest}" in failure.reason
    assert list(check_length(auto, {auto.property: name[: auto.longest]})) == []


def test_a_name_begins_as_aws_wants_it_to():
    token = "aws:kms/alias:Alias"
    assert auto_name(TABLE[token].auto_name, token, "urn", "alarms", {}, {}).startswith("alias/alarms-")
    token = "aws:s3/bucket:Bucket"
    assert auto_name(TABLE[token].auto_name, token, "urn", "Logs", {}, {}).startswith("logs-")


def test_a_replacement_gets_another_name_and_an_edit_keeps_it():
    token = "aws:sqs/queue:Queue"
    auto = TABLE[token].auto_name
    first = auto_name(auto, token, "urn", "jobs", {}, {})
    assert auto_name(auto, token, "urn", "jobs", {"delaySeconds": 5}, {"name": first}) == first
    other = auto_name(auto, token, "urn", "jobs", {"fifoQueue": True}, {"name": first})
    assert other != first
    assert other.endswith(".fifo")
