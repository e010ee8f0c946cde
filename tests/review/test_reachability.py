"""Addresses, ports, and the graph of who reaches what."""

from ipaddress import ip_network

import pytest

from infra.policy.resources import SECRET, UNKNOWN
from infra.review.addresses import Breadth, breadth, called, network, together, without
from infra.review.audiences import shifts
from infra.review.exposure import find
from infra.review.finding import Section, Verdict
from infra.review.ports import LAST, PLANES, Ports, for_strangers, sensitive
from infra.review.ports import called as ports_called
from infra.review.preview import Change, Preview
from infra.review.security_groups import Rule
from tests.review.hand_built import preview, state, urn

GROUP = "aws:ec2/securityGroup:SecurityGroup"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
OLD_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
SERVICE = "aws:ecs/service:Service"
DATABASE = "aws:rds/instance:Instance"
INSTANCE = "aws:ec2/instance:Instance"
SUBNET = "aws:ec2/subnet:Subnet"
LISTENER = "aws:lb/listener:Listener"


def blocks(*texts):
    return frozenset(ip_network(text) for text in texts)


@pytest.mark.parametrize(
    ("networks", "expected"),
    [
        ((), Breadth.NOBODY),
        (("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"), Breadth.PRIVATE),
        (("fd00::/8",), Breadth.PRIVATE),
        (("203.0.113.7/32",), Breadth.SOME),
        (("10.0.0.0/8", "8.8.8.8/32"), Breadth.SOME),
        (("52.0.0.0/8",), Breadth.SOME),
        (("2001:db8::/32",), Breadth.SOME),
        (("0.0.0.0/0",), Breadth.WORLD),
        (("0.0.0.0/1", "128.0.0.0/1"), Breadth.WORLD),
        (("52.0.0.0/7",), Breadth.WORLD),
        (("::/0",), Breadth.WORLD),
        (("2000::/3",), Breadth.WORLD),
    ],
)
def test_whose_addresses_they_are(networks, expected):
    assert breadth(blocks(*networks)) is expected


def test_halves_are_the_whole_and_a_hole_is_a_hole():
    assert together(blocks("0.0.0.0/1", "128.0.0.0/1")) == blocks("0.0.0.0/0")
    assert without(blocks("10.0.0.0/30"), blocks("10.0.0.0/31")) == blocks("10.0.0.2/31")
    assert without(blocks("10.0.0.0/16"), blocks("0.0.0.0/0")) == frozenset()
    assert without(blocks("::/0"), blocks("0.0.0.0/0")) == blocks("::/0")


@pytest.mark.parametrize(
    ("networks", "words"),
    [
        (("0.0.0.0/0",), "the internet"),
        (("::/0",), "the internet over IPv6"),
        (("0.0.0.0/1",), "much of the internet (0.0.0.0/1)"),
        (("10.0.0.0/16", "10.2.0.0/16"), "10.0.0.0/16, 10.2.0.0/16"),
    ],
)
def test_addresses_have_a_name(networks, words):
    assert called(blocks(*networks)) == words


@pytest.mark.parametrize("value", [None, "", " ", 7, [], "10.0.0.0/33", "somewhere", UNKNOWN])
def test_what_is_no_block_is_none(value):
    assert network(value) is None


def test_bits_of_the_host_are_passed_over_and_an_address_is_a_block():
    assert network("10.0.0.5/16") == ip_network("10.0.0.0/16")
    assert network("203.0.113.7") == ip_network("203.0.113.7/32")


@pytest.mark.parametrize(
    ("ranges", "words"),
    [
        ([Ports("tcp", 22, 22)], "22 (SSH)"),
        ([Ports("tcp", 443, 443), Ports("tcp", 80, 80)], "80 (HTTP) and 443 (HTTPS)"),
        ([Ports("tcp")], "every TCP port"),
        ([Ports("udp", 53, 53)], "UDP 53 (DNS)"),
        ([Ports("udp", 5432, 5432)], "UDP 5432"),
        ([Ports("tcp", 5400, 5500)], "5400-5500 (among them 5432 PostgreSQL, 5439 Redshift)"),
        ([Ports(plane) for plane in PLANES], "every port and protocol"),
        ([Ports("icmp")], "ICMP"),
    ],
)
def test_ports_have_names(ranges, words):
    assert ports_called(ranges) == words


def test_what_is_meant_for_strangers_and_what_is_not():
    assert for_strangers([Ports("tcp", 443, 443), Ports("icmp")])
    assert not for_strangers([Ports("tcp", 80, 443)])
    assert not for_strangers([Ports("tcp", 443, 443), Ports("tcp", 22, 22)])
    assert not for_strangers([Ports("udp", 80, 80)])
    assert sensitive([Ports("tcp", 1, 30)])
    assert sensitive([Ports("other")])
    assert sensitive([Ports("tcp", 22, 22), Ports("tcp", 8080, 8080)])
    assert not sensitive([Ports("tcp", 8080, 8080), Ports("icmp")])


def rule(low, high, block, protocol="tcp"):
    return Rule(Ports(protocol, low, high), ip_network(block), "")


def test_however_rules_are_cut_what_they_let_through_is_compared():
    whole = [rule(80, 90, "10.0.0.0/16")]
    cut = [rule(80, 84, "10.0.0.0/16"), rule(85, 90, "10.0.0.0/17"), rule(85, 90, "10.0.128.0/17")]
    assert shifts(whole, cut) == []
    (shift,) = shifts(whole, cut[:2])
    assert (shift.ranges, shift.went.networks) == ((Ports("tcp", 85, 90),), blocks("10.0.128.0/17"))


def test_only_the_ports_that_come_are_told():
    (shift,) = shifts([rule(443, 443, "0.0.0.0/0")], [rule(0, LAST, "0.0.0.0/0")])
    assert shift.ranges == (Ports("tcp", 0, 442), Ports("tcp", 444, LAST))


def found(before, after, section=Section.EXPOSURE, **more):
    return [(one.verdict, one.title) for one in find(preview(before, after, **more)) if one.section is section]


def worst(before, after):
    return max((one.verdict for one in find(preview(before, after))), default=Verdict.SAFE)


def group(name="machines", **props):
    return state(GROUP, name, {"vpcId": "vpc-1", **props}, id=f"sg-{name}")


def new_group(name, **props):
    """One whose identity is not known yet."""
    return state(GROUP, name, {"vpcId": "vpc-1", **props})


def let_in(name, of, port=5432, type_=RULE, **peer):
    links = {"securityGroupId": (urn(GROUP, of),)}
    if "referencedSecurityGroupId" in peer:
        links["referencedSecurityGroupId"] = (urn(GROUP, peer["referencedSecurityGroupId"]),)
        peer["referencedSecurityGroupId"] = UNKNOWN
    props = {"securityGroupId": UNKNOWN, "ipProtocol": "tcp", "fromPort": port, "toPort": port, **peer}
    return state(type_, name, props, links)


def service(name, *groups, ports=(8080,), **network):
    props = {
        "networkConfiguration": {"securityGroups": [UNKNOWN for _ in groups], **network},
        "loadBalancers": [{"containerPort": port} for port in ports],
    }
    return state(SERVICE, name, props, {"networkConfiguration": tuple(urn(GROUP, one) for one in groups)})


def database(*groups, **props):
    links = {"vpcSecurityGroupIds": tuple(urn(GROUP, one) for one in groups)}
    return state(
        DATABASE, "database", {"engine": "postgres", "vpcSecurityGroupIds": [UNKNOWN for _ in groups], **props}, links
    )


def test_a_group_is_known_by_where_its_identity_comes_from():
    before = [group("database"), database("database")]
    ((verdict, title),) = found(before, [*before, let_in("all", "database", cidrIpv4="0.0.0.0/0")])
    assert verdict is Verdict.DANGEROUS
    assert title.startswith("ec2/SecurityGroup database lets the internet in on 5432 (PostgreSQL)")


def test_a_group_is_known_by_its_identity_too():
    before = [
        group("database"),
        state(
            DATABASE,
            "database",
            {"engine": "postgres", "vpcSecurityGroupIds": ["sg-database"], "publiclyAccessible": True},
        ),
    ]
    opened = state(
        OLD_RULE,
        "all",
        {
            "type": "ingress",
            "securityGroupId": "sg-database",
            "protocol": "tcp",
            "fromPort": 5432,
            "toPort": 5432,
            "cidrBlocks": ["0.0.0.0/0"],
        },
    )
    assert found(before, [*before, opened]) == [
        (Verdict.DANGEROUS, "the internet reaches rds/Instance database on 5432 (PostgreSQL)")
    ]


def test_a_group_of_another_stack_is_told_by_its_identity():
    opened = state(
        RULE,
        "ssh",
        {"securityGroupId": "sg-0f", "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "cidrIpv4": "0.0.0.0/0"},
    )
    assert found([], [opened]) == [(Verdict.DANGEROUS, "security group sg-0f lets the internet in on 22 (SSH)")]


def test_the_whole_way_is_told_before_and_after():
    balancer = state("aws:lb/loadBalancer:LoadBalancer", "web", {"securityGroups": ["sg-web"]}, id="arn:lb")
    listener = state(LISTENER, "https", {"loadBalancerArn": "arn:lb", "port": 443, "protocol": "HTTPS"})
    stack = [
        *(group(name) for name in ("web", "api", "database")),
        let_in("api", "api", 8080, referencedSecurityGroupId="web"),
        let_in("database", "database", referencedSecurityGroupId="api"),
        balancer, listener, service("api", "api"), database("database"),
    ]  # fmt: skip
    (told,) = find(preview(stack, [*stack, let_in("web", "web", 443, cidrIpv4="0.0.0.0/0")]))
    assert told.details[-4:] == (
        "before: no way from the internet",
        "after: the internet -> lb/LoadBalancer web :443",
        "and behind it: the internet -> lb/LoadBalancer web :443 -> ecs/Service api :8080",
        (
            "and behind it: the internet -> lb/LoadBalancer web :443 -> ecs/Service api :8080"
            " -> rds/Instance database :5432"
        ),
    )


def test_a_group_that_is_replaced_lets_the_same_in():
    before = [group("database"), database("database"), let_in("all", "database", cidrIpv4="10.0.0.0/16")]
    after = [new_group("database", description="new"), database("database"), before[2]]
    assert found(before, after) == []


def test_a_rule_that_is_kept_on_its_delete_stays():
    rule_ = let_in("api", "database", referencedSecurityGroupId="api")
    stack = [group("database"), group("api"), database("database"), service("api", "api")]
    assert worst([*stack, rule_], stack) is Verdict.DANGEROUS
    kept = state(RULE, "api", rule_.props, rule_.links, retain=True)
    assert found([*stack, kept], stack) == []


def test_a_rule_that_is_imported_was_there():
    stack, rule_ = [group("machines")], let_in("ssh", "machines", 22, cidrIpv4="0.0.0.0/0")
    made = preview(stack, [*stack, rule_])
    imported = [
        one if one.before else type(one)(urn=one.urn, op="import", before=None, after=one.after) for one in made.changes
    ]
    assert not [one for one in find(type(made)(stack="test", changes=tuple(imported))) if one.verdict]


def test_the_way_out_can_cut_off_too():
    out = let_in("out", "api", type_=EGRESS, cidrIpv4="0.0.0.0/0")
    less = let_in("out", "api", type_=EGRESS, port=443, cidrIpv4="0.0.0.0/0")
    stack = [
        group("api"),
        group("database"),
        service("api", "api"),
        database("database"),
        let_in("database", "database", referencedSecurityGroupId="api"),
    ]
    assert (
        Verdict.DANGEROUS,
        "ecs/Service api no longer reaches rds/Instance database on 5432 (PostgreSQL): connections to it fail",
    ) in found([*stack, out], [*stack, less])


def test_who_takes_the_address_of_a_database_is_cut_off_from_it():
    def api(*groups):
        one = service("api", *groups)
        return state(SERVICE, "api", one.props, {**one.links, "taskDefinition": (urn(DATABASE, "database"),)})

    stack = [group("api"), group("other"), group("database"), database("database"), api("api")]
    wide = let_in("all", "database", cidrIpv4="10.0.0.0/8")
    narrow = let_in("all", "database", referencedSecurityGroupId="other")
    assert worst([*stack, wide], [*stack, narrow]) is Verdict.DANGEROUS
    without_use = [*stack[:-1], service("api", "api")]
    assert worst([*without_use, wide], [*without_use, narrow]) is not Verdict.DANGEROUS


def test_another_group_of_the_service_cuts_it_off():
    stack = [
        group("api"),
        group("other"),
        group("database"),
        database("database"),
        let_in("database", "database", referencedSecurityGroupId="api"),
    ]
    told = found([*stack, service("api", "api")], [*stack, service("api", "other")])
    assert [title for verdict, title in told if verdict is Verdict.DANGEROUS] == [
        "ecs/Service api no longer reaches rds/Instance database on 5432 (PostgreSQL): connections to it fail"
    ]


@pytest.mark.parametrize("value", [UNKNOWN, "not a block"])
def test_who_comes_in_that_is_not_known_is_said(value):
    stack = [group("machines")]
    told = found(stack, [*stack, let_in("ssh", "machines", 22, cidrIpv4=value)], Section.BLIND_SPOTS)
    assert told == [
        (Verdict.LOOK, "who may reach ec2/SecurityGroup machines on 22 (SSH) can't be known before the update")
    ]


def test_ports_that_are_not_known_are_taken_for_all():
    stack = [group("machines")]
    opened = let_in("ssh", "machines", 22, cidrIpv4="0.0.0.0/0")
    hidden = state(RULE, "ssh", {**opened.props, "fromPort": UNKNOWN, "toPort": UNKNOWN}, opened.links)
    assert worst(stack, [*stack, hidden]) is Verdict.DANGEROUS
    assert found(stack, [*stack, hidden], Section.BLIND_SPOTS)


def test_a_port_that_another_resource_gives_is_that_resources():
    stack = [group("machines"), database()]
    opened = let_in("ssh", "machines", 22, cidrIpv4="10.0.0.0/8")
    links = {**opened.links, "fromPort": (urn(DATABASE, "database"),)}
    hidden = state(RULE, "ssh", {**opened.props, "fromPort": UNKNOWN, "toPort": UNKNOWN}, links)
    assert found(stack, [*stack, hidden]) == [
        (Verdict.LOOK, "10.0.0.0/8 may newly reach ec2/SecurityGroup machines on 5432 (PostgreSQL)")
    ]


def test_a_prefix_list_of_this_stack_is_read_and_another_is_not_known():
    lists = "aws:ec2/managedPrefixList:ManagedPrefixList"
    stack = [
        group("machines"),
        state(
            RULE,
            "ssh",
            {**let_in("ssh", "machines", 22).props, "prefixListId": "pl-1"},
            let_in("ssh", "machines").links,
        ),
    ]
    old, new = (
        state(lists, "office", {"entries": [{"cidr": cidr}]}, id="pl-1") for cidr in ("203.0.113.0/24", "0.0.0.0/0")
    )
    assert worst([*stack, old], [*stack, new]) is Verdict.DANGEROUS
    assert worst(stack[:1], stack) is Verdict.LOOK
    assert found(stack[:1], stack, Section.BLIND_SPOTS)


def test_the_address_of_a_machine_is_no_internet():
    eip = state("aws:ec2/eip:Eip", "nat", {})
    rule_ = let_in("ssh", "machines", 22, cidrIpv4=UNKNOWN)
    linked = state(RULE, "ssh", rule_.props, {**rule_.links, "cidrIpv4": (eip.urn,)})
    stack = [group("machines"), eip]
    assert found(stack, [*stack, linked]) == [
        (Verdict.LOOK, "the address of ec2/Eip nat may newly reach ec2/SecurityGroup machines on 22 (SSH)")
    ]


def machine(*groups, **props):
    return state(
        INSTANCE,
        "machine",
        {"vpcSecurityGroupIds": [UNKNOWN for _ in groups], **props},
        {"vpcSecurityGroupIds": tuple(urn(GROUP, one) for one in groups)},
    )


def test_a_machine_joins_an_open_group():
    stack = [group("open"), group("shut"), let_in("ssh", "open", 22, cidrIpv4="0.0.0.0/0")]
    assert found([*stack, machine("shut")], [*stack, machine("open")])[0] == (
        Verdict.DANGEROUS, "the internet reaches ec2/Instance machine on 22 (SSH)"
    )  # fmt: skip
    assert found(stack, [*stack, machine("open", associatePublicIpAddress=False)]) == []


def test_a_subnet_becomes_public():
    table, gateway = "aws:ec2/routeTable:RouteTable", "aws:ec2/internetGateway:InternetGateway"
    association = "aws:ec2/routeTableAssociation:RouteTableAssociation"
    vpc = state("aws:ec2/vpc:Vpc", "vpc", {"cidrBlock": "10.0.0.0/16"}, id="vpc-1")
    stack = [
        *(vpc, group("open"), let_in("ssh", "open", 22, cidrIpv4="0.0.0.0/0")),
        state(gateway, "gateway", {}, id="igw-1"),
        state(SUBNET, "a", {"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/24"}, id="subnet-1"),
        state(association, "a", {"subnetId": "subnet-1", "routeTableId": "rtb-1"}),
        machine("open", subnetId="subnet-1", associatePublicIpAddress=True),
    ]
    shut = state(table, "table", {"vpcId": "vpc-1"}, id="rtb-1")
    public = state(
        table, "table", {"vpcId": "vpc-1", "routes": [{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}]}, id="rtb-1"
    )
    assert found([*stack, shut], [*stack, public]) == [
        (Verdict.DANGEROUS, "the internet reaches ec2/Instance machine on 22 (SSH)"),
        (
            Verdict.LOOK,
            "ec2/Subnet a becomes public: what has a public address in it is reached from the internet",
        ),
    ]
    assert found([*stack[:-1], shut], [*stack[:-1], public])
    assert worst([*stack, public], [*stack, shut]) is Verdict.SAFE  # what is cut off is told with what stands still


def test_a_new_service_that_reaches_a_new_database_is_no_news():
    new = [
        new_group("api"),
        new_group("database"),
        service("api", "api"),
        database("database"),
        let_in("database", "database", referencedSecurityGroupId="api"),
    ]
    assert worst([group("machines")], [group("machines"), *new]) is Verdict.SAFE


def test_nothing_is_said_where_nothing_changes():
    stack = [group("open"), let_in("ssh", "open", 22, cidrIpv4="0.0.0.0/0"), machine("open")]
    assert list(find(preview(stack, stack))) == []


@pytest.mark.parametrize("odd", [None, 7, "x", [], {}, [None], [7], [{}], [[]], UNKNOWN, [UNKNOWN], {"a": UNKNOWN}])
def test_whatever_stands_there_nothing_breaks(odd):
    stack = [
        group("machines"), state(GROUP, "odd", {"ingress": odd, "egress": odd}),
        state(RULE, "rule", dict.fromkeys(("securityGroupId", "ipProtocol", "fromPort", "toPort", "cidrIpv4"), odd)),
        state(INSTANCE, "machine", dict.fromkeys(("vpcSecurityGroupIds", "subnetId", "associatePublicIpAddress"), odd)),
        state(SERVICE, "service", {"networkConfiguration": odd, "loadBalancers": odd}),
        state(LISTENER, "listener", dict.fromkeys(("loadBalancerArn", "port", "defaultActions"), odd)),
    ]  # fmt: skip
    list(find(preview([], stack)))
    list(find(preview(stack, [])))
    list(find(preview(stack, [group("machines"), *(state(one.type, one.name, {}) for one in stack[1:])])))


def test_a_group_under_another_name_opens_nothing():
    def stack(name):
        opened = let_in("web", name, 22, cidrIpv4="0.0.0.0/0")
        return [new_group(name), opened, let_in("db", name, 5432, cidrIpv4="10.0.0.0/8"), machine(name)]

    assert worst(stack("old"), stack("new")) is Verdict.SAFE
    more = [*stack("new"), let_in("more", "new", 3389, cidrIpv4="0.0.0.0/0")]
    assert worst(stack("old"), more) is Verdict.DANGEROUS


def test_what_another_group_has_opened_before_is_no_news():
    stack = [group("open"), group("shut"), let_in("ssh", "open", 22, cidrIpv4="0.0.0.0/0")]
    one = machine("open", "shut")
    assert worst([*stack, one], [*stack, one, let_in("too", "shut", 22, cidrIpv4="0.0.0.0/0")]) is Verdict.SAFE
    assert worst([*stack, one], [*stack, one, let_in("too", "shut", 23, cidrIpv4="0.0.0.0/0")]) is Verdict.DANGEROUS


def test_between_groups_whose_members_are_not_shown_a_rule_that_goes_is_to_be_read():
    stack, rule_ = [group("api"), group("database")], let_in("api", "database", referencedSecurityGroupId="api")
    assert worst([*stack, rule_], stack) is Verdict.LOOK
    assert worst([*stack, rule_], stack[1:]) is Verdict.SAFE  # the API goes with its group


def test_machines_are_cut_off_from_each_other():
    front = state(INSTANCE, "front", {"vpcSecurityGroupIds": ["sg-front"]})
    back = state(INSTANCE, "back", {"vpcSecurityGroupIds": ["sg-back"]})
    stack = [group("front"), group("back"), front, back]
    app, ssh = (let_in(str(port), "back", port, referencedSecurityGroupId="front") for port in (9000, 22))
    assert worst([*stack, app], stack) is Verdict.DANGEROUS
    assert worst([*stack, ssh], stack) is Verdict.LOOK


def test_groups_that_are_not_shown_are_said():
    old, new = (database(vpcSecurityGroupIds=[identity]) for identity in ("sg-a", "sg-b"))
    told = found([old], [new], Section.BLIND_SPOTS)
    assert [verdict for verdict, _ in told] == [Verdict.LOOK]
    assert found([old], [old], Section.BLIND_SPOTS) == []


def test_a_port_that_is_shut_is_read_and_a_shell_that_is_shut_is_safe():
    stack = [group("machines")]
    for port, verdict in ((22, Verdict.SAFE), (443, Verdict.LOOK)):
        assert worst([*stack, let_in("rule", "machines", port, cidrIpv4="0.0.0.0/0")], stack) is verdict


def test_a_secret_that_differs_is_said_to_be_one():
    stack = [group("machines")]
    old = let_in("ssh", "machines", 22, cidrIpv4=SECRET)
    new = state(RULE, "ssh", {**old.props, "description": "new"}, old.links)
    for reasons, number in ((("cidrIpv4",), 1), (("description",), 0)):
        changed = Change(urn=old.urn, op="update", before=old, after=new, reasons=reasons)
        told = find(Preview(stack="test", changes=(*preview(stack, stack).changes, changed)))
        assert [one.section for one in told] == [Section.BLIND_SPOTS] * number


def test_a_subnet_gives_public_addresses():
    shut, opened = (state(SUBNET, "a", {"mapPublicIpOnLaunch": value}, id="subnet-1") for value in (False, True))
    assert [verdict for verdict, _ in found([shut], [opened])] == [Verdict.LOOK]
    assert found([opened], [shut]) == []
    assert found([], [opened]) == []


def test_whether_there_is_a_way_is_not_always_known():
    template = state("aws:ec2/launchTemplate:LaunchTemplate", "machines", {"vpcSecurityGroupIds": ["sg-machines"]})
    stack = [group("machines"), template]
    assert found(stack, [*stack, let_in("ssh", "machines", 22, cidrIpv4="0.0.0.0/0")]) == [
        (Verdict.DANGEROUS, "the internet may reach ec2/LaunchTemplate machines on 22 (SSH)")
    ]


def test_a_rule_for_a_subnets_addresses_is_a_way_for_what_is_in_it():
    def stack(block, web):
        balancer = state(
            "aws:lb/loadBalancer:LoadBalancer",
            "web",
            {"securityGroups": ["sg-web"], "subnets": ["subnet-1"]},
            id="arn:lb",
        )
        door = state(LISTENER, "https", {"loadBalancerArn": "arn:lb", "port": 443, "protocol": "HTTPS"})
        subnet = state(SUBNET, "a", {"cidrBlock": "10.0.1.0/24"}, id="subnet-1")
        rules = [let_in("api", "api", 8080, cidrIpv4=block), let_in("web", "web", 443, cidrIpv4=web)]
        return [group("web"), group("api"), subnet, balancer, door, service("api", "api"), *rules]

    for block, told in (("10.0.1.0/24", True), ("10.0.2.0/24", False)):
        (opened,) = find(preview(stack(block, "10.0.0.0/8"), stack(block, "0.0.0.0/0")))
        assert any(line.endswith("-> ecs/Service api :8080") for line in opened.details) is told


def test_the_way_out_is_told_too():
    stack = [group("api")]
    some, every = (let_in("out", "api", 443, type_=EGRESS, cidrIpv4=block) for block in ("10.0.0.0/8", "0.0.0.0/0"))
    for before, after, verdict in (
        (stack, [*stack, some], Verdict.LOOK),
        ([*stack, some], [*stack, every], Verdict.LOOK),
        ([*stack, every], [*stack, some], Verdict.LOOK),
        ([], [*stack, every], Verdict.SAFE),
    ):
        assert worst(before, after) is verdict


def test_the_addresses_of_a_network_are_known_by_where_they_come_from():
    vpc = state("aws:ec2/vpc:Vpc", "vpc", {"cidrBlock": "10.0.0.0/16"})
    rule_ = let_in("web", "machines", 8080, cidrIpv4=UNKNOWN)
    linked = state(RULE, "web", rule_.props, {**rule_.links, "cidrIpv4": (vpc.urn,)})
    stack = [group("machines"), vpc]
    told = find(preview(stack, [*stack, linked]))
    assert [one.title for one in told] == [
        "10.0.0.0/16 may newly reach ec2/SecurityGroup machines on 8080 (HTTP, another port)"
    ]
