"""Changes of a load balancer, of the name and the certificate that lead to it, and of the network that it stands in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.review.finding import Verdict
from tests.review.pairs import Pair


@dataclass(frozen=True)
class Web:
    """A load balancer with a listener, a rule and a group behind it, under a name and its certificate."""

    listener: dict[str, Any] = field(default_factory=dict)
    listens: bool = True
    listener_name: str = "https"
    redirects: bool = True
    group: dict[str, Any] = field(default_factory=dict)
    ruled: bool = True
    patterns: Sequence[str] = ("/api/*",)
    record: dict[str, Any] | None = field(default_factory=dict)
    record_name: str = "www"
    names: Sequence[str] = ("www.example.com", "example.com")
    balancer: dict[str, Any] = field(default_factory=dict)

    def __call__(self) -> None:
        """Declare it."""
        certificate = aws.acm.Certificate(
            "www", domain_name=self.names[0], subject_alternative_names=[*self.names], validation_method="DNS"
        )
        issued = aws.acm.CertificateValidation("www", certificate_arn=certificate.arn)
        balancer = aws.lb.LoadBalancer(
            "web", **{"subnets": ["subnet-0a1b2c3d4e5f60718", "subnet-0a1b2c3d4e5f60719"], **self.balancer}
        )
        group = aws.lb.TargetGroup(
            "web",
            **{
                "port": 8080,
                "protocol": "HTTP",
                "target_type": "ip",
                "vpc_id": "vpc-0a1b2c3d4e5f60718",
                "health_check": {"path": "/up"},
                **self.group,
            },
        )
        forward = {"type": "forward", "target_group_arn": group.arn}
        if self.redirects:
            redirect = {"type": "redirect", "redirect": {"status_code": "HTTP_301", "port": "443", "protocol": "HTTPS"}}
            aws.lb.Listener(
                "http", load_balancer_arn=balancer.arn, port=80, protocol="HTTP", default_actions=[redirect]
            )
        if self.listens:
            given: dict[str, Any] = {
                "load_balancer_arn": balancer.arn,
                "port": 443,
                "protocol": "HTTPS",
                "certificate_arn": issued.certificate_arn,
                "ssl_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
                "default_actions": [forward],
                **self.listener,
            }
            listener = aws.lb.Listener(self.listener_name, **given)
            api = aws.lb.TargetGroup(
                "api", port=8081, protocol="HTTP", target_type="ip", vpc_id="vpc-0a1b2c3d4e5f60718"
            )
            if self.ruled:
                aws.lb.ListenerRule(
                    "api",
                    listener_arn=listener.arn,
                    priority=10,
                    conditions=[{"path_pattern": {"values": list(self.patterns)}}],
                    actions=[{"type": "forward", "target_group_arn": api.arn}],
                )
        if self.record is not None:
            answer: dict[str, Any] = {
                "zone_id": "Z0123456789ABCDEFGHIJ",
                "name": "www.example.com",
                "type": "CNAME",
                "ttl": 300,
                "records": [balancer.dns_name],
                **self.record,
            }
            aws.route53.Record(self.record_name, **answer)


_WEB = Web()
_OUT_OF_ORDER = [
    {"type": "fixed-response", "fixed_response": {"content_type": "text/plain", "status_code": "503"}},
]

PAIRS = [
    Pair("nothing of the web changes", _WEB, Web(), Verdict.SAFE),
    Pair(
        "a listener is moved to another port",
        _WEB,
        replace(_WEB, listener={"port": 8443}),
        Verdict.DANGEROUS,
        says=("lb/Listener https answers on HTTPS :8443 and no more on HTTPS :443",),
    ),
    Pair(
        "a listener is deleted",
        _WEB,
        replace(_WEB, listens=False),
        Verdict.DANGEROUS,
        says=("lb/Listener https is deleted: nothing answers on HTTPS :443 any more",),
        never_says=("lb/ListenerRule api",),
    ),
    Pair(
        "a listener that only redirects is deleted",
        _WEB,
        replace(_WEB, redirects=False),
        Verdict.LOOK,
        says=("lb/Listener http is deleted",),
    ),
    Pair(
        "a listener answers itself",
        _WEB,
        replace(_WEB, listener={"default_actions": _OUT_OF_ORDER}),
        Verdict.DANGEROUS,
        says=('no longer forwards requests: it answers all of them itself, with "503"',),
    ),
    Pair(
        "a rule is removed",
        _WEB,
        replace(_WEB, ruled=False),
        Verdict.DANGEROUS,
        says=("lb/ListenerRule api is deleted: requests for /api/* get the listener's next rule",),
    ),
    Pair(
        "a rule takes other requests",
        _WEB,
        replace(_WEB, patterns=("/v2/*",)),
        Verdict.LOOK,
        says=("takes requests for /v2/* and no more those for /api/*",),
    ),
    Pair(
        "a target group is replaced",
        _WEB,
        replace(_WEB, group={"port": 9090}),
        Verdict.DANGEROUS,
        says=("lb/TargetGroup web is replaced by an empty one",),
    ),
    Pair(
        "a target group that keeps its name is replaced",
        replace(_WEB, group={"name": "web"}),
        replace(_WEB, group={"name": "web", "port": 9090}),
        Verdict.DANGEROUS,
        says=("lb/TargetGroup web is to be deleted while lb/Listener https still forwards to it",),
    ),
    Pair(
        "a health check asks for another path",
        _WEB,
        replace(_WEB, group={"health_check": {"path": "/health"}}),
        Verdict.LOOK,
        says=("checks its targets' health otherwise",),
    ),
    Pair(
        "a load balancer gets another name",
        replace(_WEB, balancer={"name": "one"}),
        replace(_WEB, balancer={"name": "two"}),
        Verdict.DANGEROUS,
        says=("lb/LoadBalancer web is replaced: its DNS name and addresses change",),
        never_says=("lb/Listener https is deleted",),
    ),
    Pair(
        "a name leads elsewhere",
        _WEB,
        replace(_WEB, record={"records": ["old.example.net"]}),
        Verdict.LOOK,
        says=('route53/Record www (CNAME www.example.com) answers with "old.example.net" instead of',),
    ),
    Pair(
        "a name is deleted",
        _WEB,
        replace(_WEB, record=None),
        Verdict.DANGEROUS,
        says=("(CNAME www.example.com) goes: the name resolves no more",),
    ),
    Pair(
        "a name is another",
        _WEB,
        replace(_WEB, record={"name": "web.example.com"}),
        Verdict.DANGEROUS,
        says=("the name resolves no more, and CNAME web.example.com does instead",),
    ),
    Pair(
        "a proof of ownership is deleted",
        replace(_WEB, record={"type": "TXT", "records": ["owner=1"]}),
        replace(_WEB, record=None),
        Verdict.LOOK,
        says=("proofs of ownership",),
    ),
    Pair(
        "a certificate is replaced by one for more names",
        _WEB,
        replace(_WEB, names=(*_WEB.names, "api.example.com")),
        Verdict.LOOK,
        says=("acm/Certificate www is replaced: the old one is presented until the new one is issued",),
    ),
    Pair(
        "a certificate is replaced by one for fewer names",
        _WEB,
        replace(_WEB, names=("www.example.com",)),
        Verdict.DANGEROUS,
        says=("does not cover example.com",),
    ),
]


@dataclass(frozen=True)
class Network:
    """A VPC with a public and a private subnet, and a service that runs in the private one."""

    zone: str = "eu-central-1a"
    public_cidr: str = "10.0.0.0/24"
    private_cidr: str = "10.0.1.0/24"
    cidr: str = "10.0.0.0/16"
    nat: bool = True
    other_nat: bool = False
    inline: bool = False
    gateway: bool = True
    group: dict[str, Any] = field(default_factory=dict)
    dns: bool = True
    associated: bool = True
    endpoint: bool = False

    def __call__(self) -> None:
        """Declare it."""
        vpc = aws.ec2.Vpc("vpc", cidr_block=self.cidr, enable_dns_support=self.dns)
        public = aws.ec2.Subnet("public", vpc_id=vpc.id, cidr_block=self.public_cidr, availability_zone=self.zone)
        private = aws.ec2.Subnet("private", vpc_id=vpc.id, cidr_block=self.private_cidr, availability_zone=self.zone)
        if self.gateway:
            gateway = aws.ec2.InternetGateway("internet", vpc_id=vpc.id)
            table = aws.ec2.RouteTable("public", vpc_id=vpc.id)
            aws.ec2.Route(
                "internet", route_table_id=table.id, destination_cidr_block="0.0.0.0/0", gateway_id=gateway.id
            )
            aws.ec2.RouteTableAssociation("public", route_table_id=table.id, subnet_id=public.id)
        nats = {
            name: aws.ec2.NatGateway(name, subnet_id=public.id, allocation_id=f"eipalloc-0a1b2c3d4e5f6071{at}")
            for at, name in enumerate(("nat", "other"))
            if (self.nat if name == "nat" else self.other_nat)
        }
        out = nats.get("nat") or nats.get("other")
        to: Callable[[Any], dict[str, Any]] = lambda nat: {"nat_gateway_id": nat.id}  # noqa: E731
        routes = [{"cidr_block": "0.0.0.0/0", **to(out)}] if self.inline and out else None
        ways = aws.ec2.RouteTable("private", vpc_id=vpc.id, routes=routes)
        if out and not self.inline:
            aws.ec2.Route("out", route_table_id=ways.id, destination_cidr_block="0.0.0.0/0", **to(out))
        if self.associated:
            aws.ec2.RouteTableAssociation("private", route_table_id=ways.id, subnet_id=private.id)
        if self.endpoint:
            aws.ec2.VpcEndpoint(
                "queues",
                vpc_id=vpc.id,
                service_name="com.amazonaws.eu-central-1.sqs",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=[private.id],
            )
        group = aws.ec2.SecurityGroup("tasks", vpc_id=vpc.id, **self.group)
        aws.ecs.Service(
            "worker",
            cluster="arn:aws:ecs:eu-central-1:123456789012:cluster/main",
            task_definition="worker:1",
            desired_count=2,
            launch_type="FARGATE",
            network_configuration={"subnets": [private.id], "security_groups": [group.id]},
            opts=pulumi.ResourceOptions(),
        )


_NETWORK = Network()

PAIRS += [
    Pair(
        "a subnet is moved",
        _NETWORK,
        replace(_NETWORK, private_cidr="10.0.2.0/24"),
        Verdict.DANGEROUS,
        says=("ec2/Subnet private is replaced (cidrBlock): everything in it has to move",),
    ),
    Pair(
        "a network is moved",
        _NETWORK,
        replace(_NETWORK, cidr="10.0.0.0/8"),
        Verdict.DANGEROUS,
        says=("ec2/Vpc vpc is replaced: everything in it is made anew",),
        never_says=("ec2/Subnet private is replaced (",),
    ),
    Pair(
        "a NAT gateway is removed",
        _NETWORK,
        replace(_NETWORK, nat=False),
        Verdict.DANGEROUS,
        says=(
            "ec2/Route out goes: 1 subnet of ec2/RouteTable private reaches the internet no more (0.0.0.0/0 led",
            "ec2/NatGateway nat is deleted",
        ),
    ),
    Pair(
        "one of two NAT gateways takes over",
        replace(_NETWORK, other_nat=True),
        replace(_NETWORK, other_nat=True, nat=False),
        Verdict.LOOK,
        says=("to the internet through another NAT gateway than before",),
        never_says=("reaches the internet no more",),
    ),
    Pair(
        "the internet gateway is removed",
        replace(_NETWORK, nat=False),
        replace(_NETWORK, nat=False, gateway=False),
        Verdict.DANGEROUS,
        says=("ec2/InternetGateway internet is deleted",),
    ),
    Pair(
        "a security group that keeps its name is replaced",
        replace(_NETWORK, group={"name": "tasks"}),
        replace(_NETWORK, group={"name": "tasks", "description": "what the tasks may reach"}),
        Verdict.DANGEROUS,
        says=("AWS refuses that while anything is in it",),
    ),
    Pair(
        "a security group is replaced beside the old one",
        _NETWORK,
        replace(_NETWORK, group={"description": "what the tasks may reach"}),
        Verdict.LOOK,
        says=("its members change to the new one",),
    ),
    Pair(
        "names are resolved no more",
        _NETWORK,
        replace(_NETWORK, dns=False),
        Verdict.DANGEROUS,
        says=("no longer resolves names",),
    ),
    Pair(
        "a subnet loses its route table",
        _NETWORK,
        replace(_NETWORK, associated=False),
        Verdict.DANGEROUS,
        says=("ec2/Subnet private uses the VPC's main route table from now on",),
    ),
    Pair(
        "an endpoint is removed where nothing else leads out",
        replace(_NETWORK, nat=False, endpoint=True),
        replace(_NETWORK, nat=False),
        Verdict.DANGEROUS,
        says=("sqs is not reached through it any more, and there is no other way to it",),
    ),
    Pair(
        "an endpoint is removed beside a NAT gateway",
        replace(_NETWORK, endpoint=True),
        _NETWORK,
        Verdict.LOOK,
        says=("sqs is not reached through it any more, but over the internet",),
    ),
]


def firewall(action: str) -> Callable[[], None]:
    """A firewall that allows or refuses what no rule of it decides."""

    def program() -> None:
        shown = {"cloudwatch_metrics_enabled": True, "metric_name": "web", "sampled_requests_enabled": True}
        aws.wafv2.WebAcl("web", scope="REGIONAL", default_action={action: {}}, visibility_config=shown)

    return program


PAIRS += [
    Pair(
        "a firewall refuses what it allowed",
        firewall("allow"),
        firewall("block"),
        Verdict.DANGEROUS,
        says=("refuses each request that no rule of it allows",),
    ),
]
