"""What a stack costs when nobody uses it, reckoned here by hand."""

import json

import pytest

from infra.cost.paid import FREE, PRICED
from infra.cost.prices import HOURS, SPOT, price
from tests.configurations import ROWS, config_of, secrets_of, stack_of


def floor(stack):
    return stack.exports["monthly_floor"]


def test_tasks_are_vcpu_and_memory_of_the_fewest_on_demand(declare):
    parts = floor(declare("prod"))["parts"]
    assert parts["tasks of worker"] == pytest.approx(2 * HOURS * (0.5 * 0.03238 + 1 * 0.00356), abs=0.01)


def test_spot_is_a_third_of_the_price(declare):
    parts = floor(declare("dev"))["parts"]
    assert parts["tasks of api"] == pytest.approx(HOURS * (0.25 * 0.03238 + 0.5 * 0.00356) * SPOT, abs=0.01)


def test_intel_costs_more_than_arm(declare):
    arm, intel = (floor(declare("prod", platform=f"linux/{name}")) for name in ("arm64", "amd64"))
    assert intel["parts"]["tasks of api"] > arm["parts"]["tasks of api"]


def test_a_worker_that_may_sleep_costs_nothing_asleep(declare):
    sleepy = declare("dev", worker={"minCount": 0}, job={"latencyObjectiveSeconds": 300})
    assert floor(sleepy)["parts"]["tasks of worker"] == 0


def test_a_standby_database_costs_twice_with_its_storage(declare):
    one, two = (floor(declare("dev", database={"multiAz": multi}))["parts"]["database"] for multi in (False, True))
    assert one == pytest.approx(0.016 * HOURS + 20 * 0.115, abs=0.01)
    assert two == pytest.approx(2 * one, abs=0.01)


def test_each_gateway_is_paid_for(declare):
    one, two = (floor(declare("dev", egress=egress))["parts"]["NAT gateways"] for egress in ("nat", "nat-per-zone"))
    assert (one, two) == (pytest.approx(0.045 * HOURS), pytest.approx(2 * 0.045 * HOURS))


def test_the_sum_is_that_of_its_parts(stack):
    told = floor(stack)
    assert told["usd"] == pytest.approx(sum(told["parts"].values()), abs=0.1)
    assert told["noPriceKnown"] == []


def test_sydney_has_prices_too_and_says_which_are_about(run_program):
    zones = ["ap-southeast-2a", "ap-southeast-2b"]
    told = floor(run_program("dev", {"aws:region": "ap-southeast-2", "backlog:availabilityZones": zones}))
    assert told["noPriceKnown"] == []
    assert told["about"]


def test_where_no_price_is_known_the_floor_says_so_and_counts_nothing(run_program):
    zones = ["eu-central-1a", "eu-central-1b"]
    told = floor(run_program("dev", {"aws:region": "eu-central-1", "backlog:availabilityZones": zones}))
    assert told["usd"] == 0
    assert "load balancer hour" in told["noPriceKnown"]


def test_a_database_of_a_class_without_a_price_is_named(declare):
    told = floor(declare("dev", database={"instanceClass": "db.x2g.large"}))
    assert told["noPriceKnown"] == ["rds db.x2g.large hour"]
    assert price("rds db.x2g.large hour", "us-east-1") is None


@pytest.mark.parametrize("row", ROWS)
def test_every_type_of_resource_is_priced_or_free_for_a_reason(run_program, row):
    config = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config_of(row).items()}
    secret = [f"backlog:{path.split('.')[0]}" for path in secrets_of(row)]
    types = {resource.type for resource in run_program(stack_of(row), config, secret=secret).resources}
    assert {type_ for type_ in types if not type_.startswith("backlog:")} - PRICED.keys() - FREE.keys() == set()
