"""Values are held against AWS's own API model."""

import pytest

from local.provider.api_model import check_values
from local.provider.properties import UNKNOWN
from local.resources import OPERATIONS, TABLE

ALARM = OPERATIONS["aws:cloudwatch/metricAlarm:MetricAlarm"]
SERVICE = OPERATIONS["aws:ecs/service:Service"]


def said(request, inputs):
    return [f"{failure.path}: {failure.reason}" for failure in check_values(request, inputs)]


@pytest.mark.parametrize("token", OPERATIONS)
def test_each_request_is_one_that_aws_has_for_a_type_that_the_cloud_knows(token):
    assert token in TABLE
    assert said(OPERATIONS[token], {}) == []


@pytest.mark.parametrize(
    ("request_", "inputs", "sentence"),
    [
        (ALARM, {"comparisonOperator": "GreaterThan"}, "it knows GreaterThanOrEqualToThreshold"),
        (ALARM, {"statistic": "average"}, "SampleCount, Average, Sum, Minimum, Maximum"),
        (ALARM, {"alarmDescription": "x" * 1_025}, "has 1025 characters; AWS takes at least 0 and at most 1024"),
        (ALARM, {"namespace": ":SQS"}, "has not the form"),
        (ALARM, {"evaluationPeriods": 0}, "evaluationPeriods: is 0; AWS takes at least 1"),
        (ALARM, {"okActions": ["arn"] * 6}, "has 6 entries; AWS takes at most 5"),
        (SERVICE, {"capacityProviderStrategies": [{"weight": 1_001}]}, "capacityProviderStrategies[0].weight: is 1001"),
        (SERVICE, {"propagateTags": "SERVICES"}, "TASK_DEFINITION, SERVICE, NONE"),
        (
            "elbv2:CreateListener",
            {"defaultActions": [{"redirect": {"statusCode": "301"}}]},  # the request's RedirectConfig
            "defaultActions[0].redirect.statusCode: '301' is no word",
        ),
        ("ecr:CreateRepository", {"name": "API"}, "name: has not the form"),  # the request's repositoryName
    ],
)
def test_what_aws_refuses_is_a_sentence_with_what_it_takes(request_, inputs, sentence):
    (found,) = said(request_, inputs)
    assert sentence in found


def test_what_is_not_known_yet_and_what_aws_calls_otherwise_is_not_judged():
    assert said(ALARM, {"comparisonOperator": UNKNOWN, "metricQueries": [{"id": "1"}], "threshold": True}) == []


def test_a_text_that_may_be_a_secret_is_not_told():
    (found,) = said("secretsmanager:PutSecretValue", {"secretString": "hunter2" * 10_000})
    assert "hunter2" not in found
