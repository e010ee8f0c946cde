"""The network and who may talk to whom in it."""

import ipaddress

import pytest


def test_there_are_public_and_private_subnets_in_two_zones(stack):
    subnets = stack.all("Subnet")
    assert sorted(subnet.name for subnet in subnets) == ["private-a", "private-b", "public-a", "public-b"]
    assert len({subnet.inputs["availabilityZone"] for subnet in subnets}) == 2


def test_subnets_lie_in_the_vpc_and_do_not_overlap(stack):
    vpc = ipaddress.ip_network(stack.one("Vpc", "vpc").inputs["cidrBlock"])
    blocks = [ipaddress.ip_network(subnet.inputs["cidrBlock"]) for subnet in stack.all("Subnet")]
    assert all(block.subnet_of(vpc) for block in blocks)
    assert not any(one.overlaps(other) for one in blocks for other in blocks if one is not other)


def test_the_default_security_group_lets_nothing_through(stack):
    default = stack.one("DefaultSecurityGroup", "default").inputs
    assert (default["ingress"], default["egress"]) == ([], [])


@pytest.mark.parametrize(("egress", "gateways"), [("public-ip", 0), ("nat", 1), ("nat-per-zone", 2)])
def test_the_way_out_is_what_is_configured(declare, egress, gateways):
    stack = declare("dev", egress=egress)
    assert len(stack.all("NatGateway")) == len(stack.all("Eip")) == gateways
    tasks = stack.one("Service", "api").inputs["networkConfiguration"]
    assert tasks["assignPublicIp"] is (egress == "public-ip")
    assert tasks["subnets"] == [f"{'public' if egress == 'public-ip' else 'private'}-{letter}-id" for letter in "ab"]


def test_with_one_gateway_both_private_subnets_go_out_through_it(declare):
    routes = [r.inputs for r in declare("dev", egress="nat").all("Route") if r.name.startswith("private")]
    assert [route["natGatewayId"] for route in routes] == ["nat-a-id", "nat-a-id"]


def test_with_a_gateway_in_each_zone_each_subnet_goes_out_through_its_own(declare):
    routes = declare("dev", egress="nat-per-zone").all("Route")
    ways = {r.inputs["routeTableId"]: r.inputs["natGatewayId"] for r in routes if r.name.startswith("private")}
    assert ways == {"private-a-id": "nat-a-id", "private-b-id": "nat-b-id"}


def test_image_layers_come_past_the_nat_gateway(stack):
    endpoint = stack.one("VpcEndpoint", "s3").inputs
    assert (endpoint["vpcEndpointType"], endpoint["serviceName"]) == ("Gateway", "com.amazonaws.us-east-1.s3")
    assert set(endpoint["routeTableIds"]) == {f"{table.name}-id" for table in stack.all("RouteTable")}


def test_a_nat_gateway_is_made_after_the_way_to_the_internet_and_goes_before_it(declare):
    stack = declare("dev", egress="nat")
    gateway = stack.one("InternetGateway", "internet").urn
    assert gateway in stack.one("NatGateway", "nat-a").dependencies
    assert gateway in stack.one("Eip", "nat-a").dependencies


def test_traffic_is_what_the_rules_say_and_nothing_else(dev):
    def end(rule):
        return rule.inputs.get("referencedSecurityGroupId") or rule.inputs["cidrIpv4"]

    ingress = {(end(r), r.inputs["securityGroupId"], r.inputs["toPort"]) for r in dev.all("SecurityGroupIngressRule")}
    egress = {(r.inputs["securityGroupId"], end(r), r.inputs["toPort"]) for r in dev.all("SecurityGroupEgressRule")}
    assert ingress == {
        ("0.0.0.0/0", "load-balancer-id", 80),
        ("load-balancer-id", "api-id", 6400),
        ("api-id", "database-id", 5432),
        ("worker-id", "database-id", 5432),
    }
    assert egress == {
        ("load-balancer-id", "api-id", 6400),
        ("api-id", "database-id", 5432),
        ("worker-id", "database-id", 5432),
        ("api-id", "0.0.0.0/0", 443),
        ("worker-id", "0.0.0.0/0", 443),
    }


def test_each_rule_is_a_resource_of_its_own_with_a_description(stack):
    rules = [*stack.all("SecurityGroupIngressRule"), *stack.all("SecurityGroupEgressRule")]
    assert all(rule.inputs["description"] and rule.inputs["ipProtocol"] == "tcp" for rule in rules)
    assert all("ingress" not in group.inputs and "egress" not in group.inputs for group in stack.all("SecurityGroup"))
    assert all(group.inputs["description"] for group in stack.all("SecurityGroup"))


def test_rules_follow_the_configured_ports(declare):
    stack = declare("local")
    assert stack.one("SecurityGroupIngressRule", "internet-to-load-balancer").inputs["toPort"] == 6400
    assert stack.one("SecurityGroupIngressRule", "database-from-worker").inputs["toPort"] == 6432
