"""EC2: the VPC, and who may talk to whom in it."""

from collections.abc import Iterator

from infra.policy.levels import strictness
from infra.policy.resources import Resource, Stack
from infra.policy.rule import Severity, rule

VPC = "aws:ec2/vpc:Vpc"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
OLD_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
_ANYWHERE = ("0.0.0.0/0", "::/0")
#: Source: Security Hub, EC2.19.
_HIGH_RISK = (
    *(20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 3389, 4333),
    *(5000, 5432, 5500, 5601, 8080, 8088, 8888, 9200, 9300),
)
_ADMINISTRATION = (22, 3389)


def _from_anywhere(entry: Resource) -> bool:
    return entry.get("cidrIpv4") in _ANYWHERE or entry.get("cidrIpv6") in _ANYWHERE


def _ports(entry: Resource) -> range:
    if str(entry.get("ipProtocol")) == "-1":
        return range(65_536)
    return range(int(entry.get("fromPort", 0)), int(entry.get("toPort", 65_535)) + 1)


@rule(
    "ec2-default-group", VPC, control="EC2.2", severity=Severity.HIGH,
    why="What names no security group gets the default one, which lets its members talk to each other.",
    mend="Take it over with aws.ec2.DefaultSecurityGroup, without rules.",
)  # fmt: skip
def default_group(vpc: Resource, stack: Stack) -> Iterator[str]:
    groups = stack.referring("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "vpcId", vpc)
    if not groups:
        yield "leaves its default security group as AWS makes it"
    for group in groups:
        if group.get("ingress") or group.get("egress"):
            yield "has a default security group that lets something through"


@rule(
    "ec2-flow-logs", VPC, control="EC2.6", severity=Severity.MEDIUM,
    why="Who talked to whom is not known afterwards.",
    mend="Set backlog:flowLogs.",
)  # fmt: skip
def flow_logs(vpc: Resource, stack: Stack) -> Iterator[str]:
    if not stack.referring("aws:ec2/flowLog:FlowLog", "vpcId", vpc):
        yield "has no flow log"


@rule(
    "ec2-subnet-public-ip", "aws:ec2/subnet:Subnet", control="EC2.15", severity=Severity.MEDIUM,
    why="Whatever is put into the subnet gets a public address, wanted or not.",
    mend="Leave map_public_ip_on_launch off; a service says itself whether it needs an address.",
)  # fmt: skip
def subnet_public_ip(subnet: Resource, _: Stack) -> Iterator[str]:
    if subnet.get("mapPublicIpOnLaunch"):
        yield "gives public addresses by itself"


@rule(
    "ec2-open-ports", INGRESS, control="EC2.18", severity=Severity.HIGH,
    why="What is open to the internet is found in minutes.",
    mend="Open only 80 and 443 to anyone; name a security group for the rest.",
)  # fmt: skip
def open_ports(entry: Resource, stack: Stack) -> Iterator[str]:
    if _from_anywhere(entry) and not set(ports := _ports(entry)) <= set(strictness(stack.name).open_ports):
        yield f"opens {ports.start} to {ports.stop - 1} to anyone"


@rule(
    "ec2-high-risk-ports", INGRESS, control="EC2.19", severity=Severity.CRITICAL,
    why="Databases, shells and consoles are what attackers look for.",
    mend="Name a security group as the source.",
)  # fmt: skip
def high_risk_ports(entry: Resource, _: Stack) -> Iterator[str]:
    if _from_anywhere(entry) and (found := [port for port in _HIGH_RISK if port in _ports(entry)]):
        yield f"opens {', '.join(map(str, found))} to anyone"


@rule(
    "ec2-acl", "aws:ec2/networkAclRule:NetworkAclRule", control="EC2.21", severity=Severity.MEDIUM,
    why="The second line of defence lets shells through.",
    mend="Leave 22 and 3389 out of the range, or name the source.",
)  # fmt: skip
def acl(entry: Resource, _: Stack) -> Iterator[str]:
    if entry.get("egress") or entry.get("ruleAction") != "allow":
        return
    anywhere = entry.get("cidrBlock") in _ANYWHERE or entry.get("ipv6CidrBlock") in _ANYWHERE
    every = str(entry.get("protocol")) in ("-1", "all")
    ports = range(65_536) if every else range(int(entry.get("fromPort", 0)), int(entry.get("toPort", 65_535)) + 1)
    if anywhere and (found := [port for port in _ADMINISTRATION if port in ports]):
        yield f"lets anyone in on {', '.join(map(str, found))}"


def _lacks_endpoint(vpc: Resource, stack: Stack, service: str) -> Iterator[str]:
    names = [endpoint.get("serviceName", "") for endpoint in stack.referring(ENDPOINT, "vpcId", vpc)]
    if not any(name.endswith(f".{service}") for name in names):
        yield f"has no endpoint of {service}"


@rule(
    "ec2-ecr-api-endpoint", VPC, control="EC2.55", severity=Severity.LOW,
    why="Asking for an image goes by the internet.",
    mend="Add an interface endpoint of ecr.api; about 7 USD a month and zone.",
)  # fmt: skip
def ecr_api_endpoint(vpc: Resource, stack: Stack) -> Iterator[str]:
    yield from _lacks_endpoint(vpc, stack, "ecr.api")


@rule(
    "ec2-ecr-docker-endpoint", VPC, control="EC2.56", severity=Severity.LOW,
    why="Pulling an image goes by the internet.",
    mend="Add an interface endpoint of ecr.dkr; about 7 USD a month and zone.",
)  # fmt: skip
def ecr_docker_endpoint(vpc: Resource, stack: Stack) -> Iterator[str]:
    yield from _lacks_endpoint(vpc, stack, "ecr.dkr")


@rule(
    "ec2-rules-apart", GROUP, OLD_RULE, severity=Severity.HIGH,
    why="Rules in two places overwrite each other, and no other rule here reads those inside a group.",
    mend="Write each as an aws.vpc.SecurityGroupIngressRule or SecurityGroupEgressRule.",
)  # fmt: skip
def rules_apart(group: Resource, _: Stack) -> Iterator[str]:
    if group.type == OLD_RULE:
        yield "is a rule of the older kind"
    elif group.get("ingress") or group.get("egress"):
        yield "has rules inside of it"


@rule(
    "ec2-described-rules", INGRESS, EGRESS, severity=Severity.LOW,
    why="Nobody dares to remove a rule that does not say what it is for.",
    mend="Give the rule a description.",
)  # fmt: skip
def described_rules(entry: Resource, _: Stack) -> Iterator[str]:
    if not entry.get("description"):
        yield "has no description"
