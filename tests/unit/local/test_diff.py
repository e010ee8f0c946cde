"""What a change does to a resource."""

import json

import pytest

from local.provider.diff import compare, fact
from local.provider.schema import block, resource_args
from local.resources import TABLE

QUEUE, RULE = "aws:sqs/queue:Queue", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


def test_equal_inputs_are_no_change():
    assert compare(QUEUE, {"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}).changes == []


def test_json_in_another_order_is_no_change():
    assert compare(QUEUE, {"policy": '{"a": 1, "b": 2}'}, {"policy": '{"b":2,"a":1}'}).changes == []


def test_a_change_deep_inside_is_named_by_its_path():
    (change,) = compare(QUEUE, {"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 1}, {"b": 3}]}).changes
    assert (change.path, change.kind, change.replaces) == ("a[1].b", "update", False)


def test_what_comes_and_what_goes_is_told_apart():
    changes = compare(QUEUE, {"a": 1}, {"b": 1}).changes
    assert [(change.path, change.kind) for change in changes] == [("a", "delete"), ("b", "add")]


def test_a_name_replaces():
    assert compare(QUEUE, {"name": "a"}, {"name": "b"}).replaces == ["name"]


def test_a_property_below_one_that_replaces_replaces():
    token = "aws:ecr/repository:Repository"
    old, new = ({"encryptionConfigurations": [{"encryptionType": kind}]} for kind in ("AES256", "KMS"))
    assert compare(token, old, new).replaces == ["encryptionConfigurations"]


def test_another_address_is_an_edit_and_another_kind_of_source_is_another_rule():
    assert compare(RULE, {"cidrIpv4": "10.0.0.0/8"}, {"cidrIpv4": "10.1.0.0/16"}).replaces == []
    assert compare(RULE, {"cidrIpv4": "10.0.0.0/8"}, {"referencedSecurityGroupId": "sg-1"}).replaces == [
        "cidrIpv4",
        "referencedSecurityGroupId",
    ]


def test_what_is_ignored_is_no_change():
    assert compare(QUEUE, {"a": {"b": 1}}, {"a": {"b": 2}}, ("a",)).changes == []


@pytest.mark.parametrize("token", sorted(set(TABLE) & set(fact("replace-on-change"))))
def test_each_property_that_replaces_is_one_that_the_type_has(token):
    known = block(resource_args(TABLE[token].sdk_class)).properties
    for path in fact("replace-on-change")[token]:
        assert path.split(".")[0].split("[")[0] in known, json.dumps([token, path])
