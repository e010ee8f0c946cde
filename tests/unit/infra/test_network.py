"""The network and who may talk to whom in it."""

import ipaddress
import json

import pytest


def test_there_are_public_and_private_subnets_in_two_zones(stack):
    subnets = stack.all("Subnet")
    assert sorted(subnet.name for subnet in subnets) == ["private-a", "private-b", "public-a", "public-b"]
    assert len({subnet.inputs["availabilityZone"] for subnet in subnets}) == 2


def test_a_third_zone_renumbers_nothing(declare, dev):
    third = declare("dev", availabilityZones=["us-east-1a", "us-east-1b", "us-east-1c"])
    blocks = {subnet.name: subnet.inputs["cidrBlock"] for subnet in third.all("Subnet")}
    assert {subnet.name: subnet.inputs["cidrBlock"] for subnet in dev.all("Subnet")}.items() < blocks.items()
    assert blocks.keys() - {subnet.name for subnet in dev.all("Subnet")} == {"public-c", "private-c"}
    assert third.one("LoadBalancer", "api").inputs["subnets"] == ["public-a-id", "public-b-id", "public-c-id"]
    assert third.one("SubnetGroup", "database").inputs["subnetIds"] == ["private-a-id", "private-b-id", "private-c-id"]


def test_subnets_lie_in_the_vpc_and_do_not_overlap(stack):
    vpc = ipaddress.ip_network(stack.one("Vpc", "vpc").inputs["cidrBlock"])
    blocks = [ipaddress.ip_network(subnet.inputs["cidrBlock"]) for subnet in stack.all("Subnet")]
    assert all(block.subnet_of(vpc) for block in blocks)
    assert not any(one.overlaps(other) for one in blocks for other in blocks if one is not other)


def test_the_default_security_group_lets_nothing_through(stack):
    default = stack.one("DefaultSecurityGroup", "default").inputs
    assert (default["ingress"], default["egress"]) == ([], [])


@pytest.mark.parametrize(("egress", "gateways"), [("public-ip", 0), ("nat", 1), ("nat-per-zone", 2), ("endpoints", 0)])
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


def test_nothing_but_image_layers_is_fetched_from_s3(stack):
    (statement,) = stack.json("VpcEndpoint", "s3", "policy")["Statement"]
    assert statement["Action"] == "s3:GetObject"
    assert statement["Resource"] == "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*"


def closed(declare):
    return declare("dev", egress="endpoints")


def interfaces(stack):
    return [endpoint for endpoint in stack.all("VpcEndpoint") if endpoint.inputs["vpcEndpointType"] == "Interface"]


@pytest.mark.parametrize("broker", ["sqs", "rabbitmq", "valkey"])
def test_without_a_way_to_the_internet_there_are_endpoints_of_exactly_what_tasks_and_ecs_call(declare, broker):
    stack = declare("dev", egress="endpoints", broker=broker)
    assert [route.name for route in stack.all("Route")] == ["public-internet"]
    called = {
        action.split(":")[0]
        for policy in stack.all("RolePolicy")
        if policy.name.endswith(("-task", "-execution"))
        for statement in json.loads(policy.inputs["policy"])["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        if "TaskProtection" not in action  # a task asks its host, which asks ECS
    }
    names = {endpoint.inputs["serviceName"].removeprefix("com.amazonaws.us-east-1.") for endpoint in interfaces(stack)}
    # KMS is asked by SQS and SNS, on behalf of tasks.
    assert {name.split(".")[0] for name in names} == called - {"kms"}
    assert {"ecr.api", "ecr.dkr"} <= names


def test_an_endpoint_answers_under_the_services_own_name_in_every_zone(declare):
    for endpoint in interfaces(closed(declare)):
        assert endpoint.inputs["privateDnsEnabled"] is True
        assert endpoint.inputs["subnetIds"] == ["private-a-id", "private-b-id"]
        assert endpoint.inputs["securityGroupIds"] == ["endpoints-id"]


def test_an_endpoint_leads_to_the_accounts_own_resources(declare):
    for endpoint in interfaces(closed(declare)):
        service = endpoint.inputs["serviceName"].split(".")[3]
        own, *others = json.loads(endpoint.inputs["policy"])["Statement"]
        assert own["Resource"] == [f"arn:aws:{service}:us-east-1:210987654321:*"]
        for other in others:
            assert other["Action"] == "ecr:GetAuthorizationToken"
            assert other["Condition"] == {"StringEquals": {"aws:PrincipalAccount": "210987654321"}}


def test_images_of_another_account_come_through_the_endpoints_of_ecr_alone(declare):
    image = f"345678901234.dkr.ecr.us-east-1.amazonaws.com/worker@sha256:{'c' * 64}"
    stack = declare("dev", egress="endpoints", images={"worker": image})
    foreign = {
        endpoint.name
        for endpoint in interfaces(stack)
        if "arn:aws:ecr:us-east-1:345678901234:repository/worker" in endpoint.inputs["policy"]
    }
    assert foreign == {"ecr-api", "ecr-dkr"}


def test_with_endpoints_tasks_reach_those_s3_and_the_database_and_nothing_else(declare):
    stack = closed(declare)
    groups = {"api-id", "worker-id"}
    egress = [r.inputs for r in stack.all("SecurityGroupEgressRule") if r.inputs["securityGroupId"] in groups]
    assert {(r.get("referencedSecurityGroupId") or r["prefixListId"], r["toPort"]) for r in egress} == {
        ("endpoints-id", 443),
        ("pl-s3", 443),
        ("database-id", 5432),
    }
    assert len(egress) == 6
    entered = [r.inputs for r in stack.all("SecurityGroupIngressRule") if r.inputs["securityGroupId"] == "endpoints-id"]
    assert {(r["referencedSecurityGroupId"], r["fromPort"], r["toPort"]) for r in entered} == {
        ("api-id", 443, 443),
        ("worker-id", 443, 443),
    }


def test_tasks_start_after_their_only_way_out_is_there(declare):
    stack = closed(declare)
    ways = {endpoint.urn for endpoint in stack.all("VpcEndpoint")}
    assert ways <= stack.one("Service", "api").dependencies
    assert ways <= stack.one("Service", "worker").dependencies


def test_flow_logs_are_kept_where_they_are_asked_for(declare):
    assert declare("dev").all("FlowLog") == []
    stack = declare("dev", flowLogs={"retentionDays": 30})
    log = stack.one("FlowLog", "flow-logs").inputs
    assert (log["vpcId"], log["trafficType"], log["logDestinationType"]) == ("vpc-id", "ALL", "cloud-watch-logs")
    assert stack.one("LogGroup", "flow-logs").inputs["retentionInDays"] == 30
    assert log["logDestination"].endswith(":LogGroup/flow-logs-0123456")
    (statement,) = stack.json("RolePolicy", "flow-logs", "policy")["Statement"]
    assert statement["Resource"] == f"{log['logDestination']}:*"
    assert stack.one("RolePolicy", "flow-logs").urn in stack.one("FlowLog", "flow-logs").dependencies


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
