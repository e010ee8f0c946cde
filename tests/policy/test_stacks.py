"""The rules over the stacks that the program declares, on Pulumi's real engine."""

import dataclasses
from datetime import UTC, date, datetime, timedelta

import pytest

from infra.policy.evaluate import evaluate
from infra.policy.exceptions import EXCEPTIONS, Excepted
from infra.policy.from_program import declared
from infra.policy.resources import UNKNOWN, Stack

pytestmark = pytest.mark.xdist_group("policy")  # the engine brings each stack up once


def today() -> date:
    return datetime.now(UTC).date()


def test_nothing_stops_the_stack(stack):
    assert [(at.rule.id, at.resource.name, at.sentence) for at in evaluate(stack, today()) if at.stops] == []


def test_every_value_is_known_once_the_stack_is_up(stack):
    assert [at.sentence for at in evaluate(stack, today()) if at.outcome == "not evaluable"] == []


def test_exceptions_are_used_and_argued(stack):
    used = {id(at.exception) for at in evaluate(stack, today()) if at.exception}
    for exception in EXCEPTIONS:
        assert exception.reason
        assert exception.owner
        if stack.name in exception.stacks:
            assert id(exception) in used, f"{exception.rule}: nothing needs this exception in {stack.name}"


def test_a_first_preview_is_not_refused_for_what_it_does_not_know(stack):
    """Whatever comes from another resource is unknown then."""
    first = [
        dataclasses.replace(
            resource, props={key: UNKNOWN if resource.links.get(key) else prop for key, prop in resource.props.items()}
        )
        for resource in stack.resources
    ]
    results = evaluate(Stack(stack.name, first), today())
    assert [(at.rule.id, at.resource.name) for at in results if at.stops] == []
    roles = {"iam-no-wildcard-action"} if stack.of("aws:iam/role:Role") else set()  # the lab alone has none
    assert roles | {"sqs-tls-only"} <= {at.rule.id for at in results if at.outcome == "not evaluable"}


def exception(expires: date) -> Excepted:
    return Excepted(
        rule="sqs-encrypted", stacks=("prod",), resource="qu*", reason="a test", owner="operations", expires=expires
    )


@pytest.mark.parametrize(("days", "outcome"), [(0, "excepted"), (-1, "violation")], ids=["last day", "expired"])
def test_an_exception_holds_until_its_last_day(world, days, outcome):
    unencrypted = world(("queue.sqsManagedSseEnabled", False))
    found = evaluate(unencrypted, today(), exceptions=(exception(today() + timedelta(days)),))
    assert {at.outcome for at in found if at.rule.id == "sqs-encrypted" and at.resource.name == "queue"} == {outcome}
    assert any(at.stops and "expired" in at.sentence for at in found) == (outcome == "violation")


def test_an_exception_is_for_its_stack_and_resource_alone(world):
    unencrypted = world(("dead-letters.sqsManagedSseEnabled", False))
    found = evaluate(unencrypted, today(), exceptions=(exception(today()),))
    assert [at.resource.name for at in found if at.stops] == ["dead-letters"]


def test_an_unlisted_stack_is_held_to_prods_levels(world):
    careless = world(("database.multiAz", False))
    careless.name = "staging"
    assert [at.rule.id for at in evaluate(careless, today()) if at.stops] == ["rds-multi-az"]
    careless.name = "dev"
    assert [at.rule.id for at in evaluate(careless, today()) if at.stops and at.rule.id.startswith("rds")] == []


@pytest.mark.parametrize(
    "broker",
    [{"kind": "rabbitmq", "multiAz": True}, {"kind": "valkey", "multiAz": True, "snapshotDays": 7}],
    ids=lambda broker: broker["kind"],
)
def test_nothing_stops_prod_on_another_broker_and_its_rules_are_asked(broker):
    found = evaluate(declared("prod", {"backlog:broker": broker}), today())
    assert [(at.rule.id, at.resource.name, at.sentence) for at in found if at.stops] == []
    asked = {at.rule.id for at in found if at.rule.id.startswith(("mq-", "elasticache-"))}
    assert len(asked) == {"rabbitmq": 4, "valkey": 8}[broker["kind"]]
    assert not [at.sentence for at in found if at.rule.id in asked and at.outcome != "pass"]
