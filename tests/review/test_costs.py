"""The monthly difference."""

import pytest

from infra.cost.__main__ import floor_of
from infra.policy import from_program
from infra.policy.resources import Stack
from infra.review.costs import NotACostTable, delta, table
from tests.review.pairs.databases import database
from tests.review.previewed import previewed


def test_another_class_of_database_is_another_bill():
    preview = previewed(database(), database(instance_class="db.t4g.small"))
    (found,) = delta(preview.before, preview.after, "us-east-1")
    # 730 hours at 0.016 dollars, and 20 GB at 0.115; then at 0.032.
    assert found.title == "+11.68 US dollars a month at least (13.98 -> 25.66)"
    assert found.details[0] == "+11.68: rds/Instance database"


def test_a_region_without_prices_is_said():
    preview = previewed(database(), database(instance_class="db.t4g.small"))
    (found,) = delta(preview.before, preview.after, "eu-central-1")
    assert any("us-east-1, as none of eu-central-1 are known" in line for line in found.details)


def test_a_class_without_a_price_is_not_free():
    preview = previewed(database(), database(instance_class="db.x9.huge"))
    (found,) = delta(preview.before, preview.after, "us-east-1")
    assert "Not priced: rds/Instance database: rds db.x9.huge hour" in found.details


def test_nothing_is_said_where_no_price_differs():
    preview = previewed(database(), database(backup_retention_period=9))
    assert delta(preview.before, preview.after, "us-east-1") == []


def test_a_given_price_goes_before_the_list():
    stack = previewed(database(), database()).after
    nothing = Stack(stack.name, ())
    (found,) = delta(nothing, stack, "us-east-1", {"aws:rds/instance:Instance": 5.0})
    assert found.details[0] == "+5.00: rds/Instance database"
    (urn,) = (resource.urn for resource in stack.of("aws:rds/instance:Instance"))
    (found,) = delta(nothing, stack, "us-east-1", {"aws:rds/instance:Instance": 5.0, urn: 7.0})
    assert found.details[0] == "+7.00: rds/Instance database"


def test_the_bill_of_a_stack_is_what_the_program_says_of_itself():
    stack = from_program.declared("dev")
    (found,) = delta(Stack("dev", ()), stack, "us-east-1")
    assert f"(0.00 -> {floor_of('dev')['usd']:.2f})" in found.title


@pytest.mark.parametrize("text", ["", "[]", '{"a": "b"}', '{"a": true}'])
def test_what_is_no_table_of_costs_is_refused(text):
    with pytest.raises(NotACostTable):
        table(text)
