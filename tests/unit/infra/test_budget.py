"""A budget tells where alarms tell."""

import json

BUDGET = {"monthlyUsd": 500}


def test_without_one_there_is_none(declare):
    assert declare("prod").all("Budget") == []


def test_it_counts_what_carries_the_stacks_tag(declare):
    budget = declare("prod", budget=BUDGET).one("Budget", "backlog").inputs
    assert budget["costFilters"] == [{"name": "TagKeyValue", "values": ["user:stack$prod"]}]
    assert (budget["limitAmount"], budget["limitUnit"], budget["timeUnit"]) == ("500.00", "USD", "MONTHLY")


def test_it_tells_the_alarms_topic_what_is_forecast_and_what_is_spent(declare):
    stack = declare("prod", budget=BUDGET)
    told = {
        (at["notificationType"], at["threshold"], *at["subscriberSnsTopicArns"])
        for at in stack.one("Budget", "backlog").inputs["notifications"]
    }
    topic = stack.exports["alarm_topic"]
    assert told == {("FORECASTED", 80, topic), ("ACTUAL", 100, topic)}


def test_topic_and_key_let_budgets_and_cloudwatch_in_and_nobody_else(declare):
    stack = declare("prod", budget=BUDGET)
    policies = [json.loads(stack.one(kind, "alarms").inputs["policy"]) for kind in ("TopicPolicy", "Key")]
    services = [
        sorted(
            service
            for statement in policy["Statement"]
            if "Service" in statement["Principal"]
            for service in _listed(statement["Principal"]["Service"])
        )
        for policy in policies
    ]
    assert services == [["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]] * 2
    assert all(
        "aws:SourceAccount" in statement["Condition"]["StringEquals"]
        for policy in policies
        for statement in policy["Statement"]
        if "Service" in statement["Principal"]
    )


def _listed(value):
    return value if isinstance(value, list) else [value]


def test_a_budget_below_what_the_stack_costs_unused_is_warned_of(run_program, monkeypatch):
    said = []
    monkeypatch.setattr("pulumi.log.warn", said.append)
    run_program("prod", {"backlog:budget": {"monthlyUsd": 7}})
    assert ["budget.monthlyUsd 7 is below" in sentence for sentence in said] == [True]
