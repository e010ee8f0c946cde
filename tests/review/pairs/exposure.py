"""Changes of who reaches what: groups, public addresses, balancers, resource policies, and what guards the way."""

import json
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.review.finding import Verdict
from tests.review.pairs import Pair, Program

_ANYWHERE = ("0.0.0.0/0",)
_VPC = "10.0.0.0/16"


def _vpc() -> tuple[aws.ec2.Vpc, dict[str, list[aws.ec2.Subnet]]]:
    """Two public subnets, with a route to an internet gateway, and two private ones."""
    vpc = aws.ec2.Vpc("vpc", cidr_block=_VPC)
    gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id)
    table = aws.ec2.RouteTable("public", vpc_id=vpc.id)
    aws.ec2.Route("public", route_table_id=table.id, destination_cidr_block="0.0.0.0/0", gateway_id=gateway.id)
    subnets: dict[str, list[aws.ec2.Subnet]] = {"public": [], "private": []}
    for number, (kind, zone) in enumerate((kind, zone) for kind in subnets for zone in "ab"):
        subnet = aws.ec2.Subnet(
            f"{kind}-{zone}", vpc_id=vpc.id, cidr_block=f"10.0.{number}.0/24", availability_zone=f"eu-central-1{zone}"
        )
        subnets[kind].append(subnet)
        if kind == "public":
            aws.ec2.RouteTableAssociation(f"{kind}-{zone}", subnet_id=subnet.id, route_table_id=table.id)
    return vpc, subnets


def _rule(port: int, blocks: Sequence[str], *, protocol: str = "tcp", to: int | None = None, **more: object) -> dict:
    return {"protocol": protocol, "from_port": port, "to_port": to or port, "cidr_blocks": [*blocks], **more}


def group(*ingress: dict, name: str = "machines", **rules: dict) -> Program:
    """A group by itself, with rules inside and rules of their own."""

    def program() -> None:
        made = aws.ec2.SecurityGroup(name, vpc_id="vpc-0a1b2c3d", description="machines", ingress=[*ingress] or None)
        for own, given in rules.items():
            aws.vpc.SecurityGroupIngressRule(own, security_group_id=made.id, **given)

    return program


def own(port: int, block: str, **more: object) -> dict:
    """A rule of its own."""
    key = "cidr_ipv6" if ":" in block else "cidr_ipv4"
    return {"ip_protocol": "tcp", "from_port": port, "to_port": port, key: block, **more}


def database(
    *blocks: str, public: bool = False, subnets: str = "private", group_named: str = "database", port: int = 5432
) -> Program:
    """A database in a group that lets some addresses in."""

    def program() -> None:
        vpc, made = _vpc()
        door = aws.ec2.SecurityGroup(group_named, vpc_id=vpc.id, ingress=[_rule(port, blocks)] if blocks else [])
        place = aws.rds.SubnetGroup("database", subnet_ids=[subnet.id for subnet in made[subnets]])
        aws.rds.Instance(
            "database",
            engine="postgres",
            engine_version="17",
            instance_class="db.t4g.micro",
            allocated_storage=20,
            username="backlog",
            password=pulumi.Output.secret("one"),
            storage_encrypted=True,
            backup_retention_period=7,
            skip_final_snapshot=True,
            db_subnet_group_name=place.name,
            publicly_accessible=public,
            vpc_security_group_ids=[door.id],
        )

    return program


def service(
    *,
    internal: bool = False,
    web: Sequence[str] = _ANYWHERE,
    web_port: int = 443,
    api_from: str = "balancer",
    database_from: Sequence[str] = ("api",),
    listeners: dict[str, dict] | None = None,
    firewall: bool = False,
) -> Program:
    """The internet, a balancer, a service, and a database behind it; each in a group of its own."""

    def program() -> None:
        vpc, subnets = _vpc()
        groups = {
            name: aws.ec2.SecurityGroup(name, vpc_id=vpc.id, description=name)
            for name in ("balancer", "api", "worker", "database")
        }
        for name, made in groups.items():
            aws.vpc.SecurityGroupEgressRule(name, security_group_id=made.id, ip_protocol="-1", cidr_ipv4="0.0.0.0/0")
        for number, block in enumerate(web):
            aws.vpc.SecurityGroupIngressRule(
                f"web-{number}", security_group_id=groups["balancer"].id, **own(web_port, block)
            )
        aws.vpc.SecurityGroupIngressRule(
            "api",
            security_group_id=groups["api"].id,
            ip_protocol="tcp",
            from_port=8080,
            to_port=8080,
            referenced_security_group_id=groups[api_from].id,
        )
        for name in database_from:
            aws.vpc.SecurityGroupIngressRule(
                f"database-{name}",
                security_group_id=groups["database"].id,
                ip_protocol="tcp",
                from_port=5432,
                to_port=5432,
                referenced_security_group_id=groups[name].id,
            )
        place = aws.rds.SubnetGroup("database", subnet_ids=[subnet.id for subnet in subnets["private"]])
        aws.rds.Instance(
            "database",
            engine="postgres",
            engine_version="17",
            instance_class="db.t4g.micro",
            allocated_storage=20,
            username="backlog",
            password=pulumi.Output.secret("one"),
            storage_encrypted=True,
            backup_retention_period=7,
            skip_final_snapshot=True,
            db_subnet_group_name=place.name,
            vpc_security_group_ids=[groups["database"].id],
        )
        balancer = aws.lb.LoadBalancer(
            "api",
            internal=internal,
            security_groups=[groups["balancer"].id],
            subnets=[subnet.id for subnet in subnets["private" if internal else "public"]],
        )
        target = aws.lb.TargetGroup("api", port=8080, protocol="HTTP", target_type="ip", vpc_id=vpc.id)
        for name, given in (listeners or {"https": https()}).items():
            actions = given.get("default_actions") or [{"type": "forward", "target_group_arn": target.arn}]
            aws.lb.Listener(name, load_balancer_arn=balancer.arn, **{**given, "default_actions": actions})
        if firewall:
            acl = aws.wafv2.WebAcl(
                "firewall",
                scope="REGIONAL",
                default_action={"allow": {}},
                visibility_config={
                    "cloudwatch_metrics_enabled": True,
                    "metric_name": "firewall",
                    "sampled_requests_enabled": True,
                },
            )
            aws.wafv2.WebAclAssociation("firewall", resource_arn=balancer.arn, web_acl_arn=acl.arn)
        cluster = aws.ecs.Cluster("cluster")
        definition = aws.ecs.TaskDefinition(
            "api",
            family="api",
            cpu="256",
            memory="512",
            network_mode="awsvpc",
            requires_compatibilities=["FARGATE"],
            container_definitions=json.dumps(
                [{"name": "api", "image": "example.org/api", "portMappings": [{"containerPort": 8080}]}]
            ),
        )
        aws.ecs.Service(
            "api",
            cluster=cluster.arn,
            task_definition=definition.arn,
            desired_count=2,
            capacity_provider_strategies=[{"capacity_provider": "FARGATE", "weight": 1}],
            load_balancers=[{"target_group_arn": target.arn, "container_name": "api", "container_port": 8080}],
            network_configuration={
                "subnets": [subnet.id for subnet in subnets["private"]],
                "security_groups": [groups["api"].id],
            },
        )

    return program


def https(**more: object) -> dict:
    """A listener with TLS."""
    return {
        "port": 443,
        "protocol": "HTTPS",
        "certificate_arn": "arn:aws:acm:eu-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555",
        "ssl_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        **more,
    }


_REDIRECT = [{"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443", "status_code": "HTTP_301"}}]


def queue(*, condition: dict | None = None, principal: object = "*", action: str = "sqs:SendMessage") -> Program:
    """A queue with a policy; with its topic, which the condition may name."""

    def program() -> None:
        made, topic = aws.sqs.Queue("jobs"), aws.sns.Topic("events")

        def policy(arns: list[str]) -> str:
            statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": arns[0]}
            if condition is not None:
                statement["Condition"] = json.loads(json.dumps(condition).replace("TOPIC", arns[1]))
            return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

        aws.sqs.QueuePolicy("jobs", queue_url=made.url, policy=pulumi.Output.all(made.arn, topic.arn).apply(policy))

    return program


_OWN = {"AWS": "arn:aws:iam::123456789012:root"}
_ARN = {"ArnEquals": {"aws:SourceArn": "TOPIC"}}


def bucket(*, block: bool = True, enforced: bool = True, statement: dict | None = None) -> Program:
    """A bucket with what closes it, and a policy."""

    def program() -> None:
        made = aws.s3.Bucket("files")
        if block:
            aws.s3.BucketPublicAccessBlock(
                "files",
                bucket=made.id,
                block_public_acls=True,
                block_public_policy=True,
                ignore_public_acls=True,
                restrict_public_buckets=True,
            )
        if enforced:
            aws.s3.BucketOwnershipControls("files", bucket=made.id, rule={"object_ownership": "BucketOwnerEnforced"})
        if statement:
            aws.s3.BucketPolicy(
                "files",
                bucket=made.id,
                policy=made.arn.apply(
                    lambda arn: json.dumps(
                        {"Version": "2012-10-17", "Statement": [{"Resource": f"{arn}/*", **statement}]}
                    )
                ),
            )

    return program


def repository(principal: object) -> Program:
    """A repository of images with a policy."""

    def program() -> None:
        made = aws.ecr.Repository("api")
        statement = {"Effect": "Allow", "Principal": principal, "Action": ["ecr:BatchGetImage"]}
        aws.ecr.RepositoryPolicy(
            "api", repository=made.name, policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        )

    return program


def machine(*, routed: bool) -> Program:
    """A service with a public address and an open group, in a subnet that has a way from the internet, or none."""

    def program() -> None:
        vpc, subnets = _vpc()
        door = aws.ec2.SecurityGroup("door", vpc_id=vpc.id, ingress=[_rule(8080, _ANYWHERE)])
        definition = aws.ecs.TaskDefinition(
            "lab",
            family="lab",
            cpu="256",
            memory="512",
            network_mode="awsvpc",
            requires_compatibilities=["FARGATE"],
            container_definitions=json.dumps(
                [{"name": "lab", "image": "example.org/lab", "portMappings": [{"containerPort": 8080}]}]
            ),
        )
        aws.ecs.Service(
            "lab",
            cluster=aws.ecs.Cluster("cluster").arn,
            task_definition=definition.arn,
            desired_count=1,
            capacity_provider_strategies=[{"capacity_provider": "FARGATE", "weight": 1}],
            network_configuration={
                "subnets": [subnets["public" if routed else "private"][0].id],
                "security_groups": [door.id],
                "assign_public_ip": True,
            },
        )

    return program


_OWN_READS = {"Effect": "Allow", "Principal": _OWN, "Action": "s3:GetObject"}
_ANYONE_READS = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}

_SSH = own(22, "203.0.113.7/32", description="the office")

PAIRS = [
    Pair(
        "SSH opened to the internet",
        group(ssh=_SSH),
        group(ssh=own(22, "0.0.0.0/0", description="the office")),
        Verdict.DANGEROUS,
        says=("ec2/SecurityGroup machines lets the internet in on 22 (SSH)",),
    ),
    Pair(
        "SSH opened to the internet in two halves",
        group(ssh=_SSH),
        group(ssh=_SSH, low=own(22, "0.0.0.0/1"), high=own(22, "128.0.0.0/1")),
        Verdict.DANGEROUS,
        says=("lets the internet in on 22 (SSH)",),
    ),
    Pair(
        "SSH opened to the internet over IPv6 alone",
        group(ssh=_SSH),
        group(ssh=_SSH, ssh6=own(22, "::/0")),
        Verdict.DANGEROUS,
        says=("lets the internet in over IPv6 on 22 (SSH)",),
    ),
    Pair(
        "every protocol opened to the internet",
        group(_rule(22, ["10.0.0.0/8"])),
        group(_rule(0, _ANYWHERE, protocol="-1", to=0)),
        Verdict.DANGEROUS,
        says=("lets the internet in on every port and protocol",),
    ),
    Pair(
        "a range of ports becomes wider",
        group(_rule(8000, _ANYWHERE, to=8010)),
        group(_rule(8000, _ANYWHERE, to=9300)),
        Verdict.DANGEROUS,
        says=("lets the internet in on 8011-9300 (among them 8162",),
    ),
    Pair(
        "an office's addresses become a /8",
        group(ssh=own(22, "203.0.113.0/24")),
        group(ssh=own(22, "203.0.0.0/8")),
        Verdict.LOOK,
        says=("203.0.0.0/8 may newly reach ec2/SecurityGroup machines on 22 (SSH)",),
    ),
    Pair(
        "a network's addresses become fewer",
        group(ssh=own(22, "10.0.0.0/8")),
        group(ssh=own(22, "10.0.0.0/16")),
        Verdict.SAFE,
        says=("ec2/SecurityGroup machines lets in fewer on 22 (SSH): 10.0.0.0/16",),
        never_says=("may newly reach",),
    ),
    Pair(
        "the internet is shut out of SSH",
        group(ssh=own(22, "0.0.0.0/0")),
        group(ssh=own(22, "10.0.0.0/16")),
        Verdict.SAFE,
        never_says=("may newly reach", "lets the internet in"),
    ),
    Pair(
        "a rule moves out of its group",
        group(_rule(22, ["10.0.0.0/16"]), _rule(443, _ANYWHERE)),
        group(ssh=own(22, "10.0.0.0/16"), web=own(443, "0.0.0.0/0")),
        Verdict.SAFE,
        says=("the rules of ec2/SecurityGroup machines are declared elsewhere, and let the same through",),
        never_says=("lets the internet in", "no longer", "may newly"),
    ),
    Pair(
        "a rule is described otherwise",
        group(ssh=own(22, "0.0.0.0/0", description="everyone")),
        group(ssh=own(22, "0.0.0.0/0", description="the support team")),
        Verdict.SAFE,
        never_says=("lets the internet in", "may newly"),
    ),
    Pair(
        "HTTPS opened to the internet on a balancer",
        service(web=["10.0.0.0/16"]),
        service(),
        Verdict.LOOK,
        says=("the internet reaches lb/LoadBalancer api on 443 (HTTPS)",),
    ),
    Pair(
        "a public database is opened to the internet",
        database(_VPC, public=True, subnets="public"),
        database("0.0.0.0/0", public=True, subnets="public"),
        Verdict.DANGEROUS,
        says=("the internet reaches rds/Instance database on 5432 (PostgreSQL)",),
    ),
    Pair(
        "a private database's group is opened to the internet",
        database(_VPC),
        database("0.0.0.0/0"),
        Verdict.DANGEROUS,
        says=("5432 (PostgreSQL): routing alone keeps it from rds/Instance database, as it has no public address",),
        never_says=("the internet reaches",),
    ),
    Pair(
        "a database gets a public address behind an open group",
        database("0.0.0.0/0", subnets="public"),
        database("0.0.0.0/0", subnets="public", public=True),
        Verdict.DANGEROUS,
        says=("the internet reaches rds/Instance database on 5432 (PostgreSQL)",),
    ),
    Pair(
        "a database gets a public address behind a closed group",
        database(_VPC, subnets="public"),
        database(_VPC, subnets="public", public=True),
        Verdict.LOOK,
        says=("rds/Instance database gets a public address: its security groups alone keep the internet out",),
        never_says=("the internet reaches",),
    ),
    Pair(
        "the API is cut off from the database",
        service(),
        service(database_from=("worker",)),
        Verdict.DANGEROUS,
        says=("ecs/Service api no longer reaches rds/Instance database on 5432 (PostgreSQL)",),
    ),
    Pair(
        "the balancer is cut off from the API",
        service(),
        service(api_from="worker"),
        Verdict.DANGEROUS,
        says=("lb/LoadBalancer api no longer reaches ecs/Service api on 8080",),
    ),
    Pair(
        "the worker may reach the database too",
        service(),
        service(database_from=("api", "worker")),
        Verdict.LOOK,
        says=("ec2/SecurityGroup worker may newly reach rds/Instance database on 5432 (PostgreSQL)",),
        never_says=("no longer",),
    ),
    Pair(
        "an internal balancer becomes internet-facing",
        service(internal=True),
        service(),
        Verdict.DANGEROUS,
        says=("the internet reaches lb/LoadBalancer api on 443 (HTTPS)",),
    ),
    Pair(
        "a listener in plain text",
        service(),
        service(listeners={"https": https(), "http": {"port": 80, "protocol": "HTTP"}}),
        Verdict.LOOK,
        says=("lb/LoadBalancer api answers in plain text, without TLS, on 80 from the internet",),
    ),
    Pair(
        "a listener that only sends on to HTTPS",
        service(),
        service(listeners={"https": https(), "http": {"port": 80, "protocol": "HTTP", "default_actions": _REDIRECT}}),
        Verdict.SAFE,
        never_says=("plain text",),
    ),
    Pair(
        "a listener takes older TLS",
        service(),
        service(listeners={"https": https(ssl_policy="ELBSecurityPolicy-2016-08")}),
        Verdict.LOOK,
        says=("takes older TLS: ELBSecurityPolicy-TLS13-1-2-2021-06 -> ELBSecurityPolicy-2016-08",),
    ),
    Pair(
        "the web firewall goes",
        service(firewall=True),
        service(),
        Verdict.LOOK,
        says=("lb/LoadBalancer api loses its web firewall",),
    ),
    Pair(
        "anyone may send to a queue",
        queue(principal=_OWN),
        queue(),
        Verdict.DANGEROUS,
        says=("anyone on the internet may send to sqs/Queue jobs",),
    ),
    Pair(
        "anyone may send to a queue, over TLS",
        queue(principal=_OWN),
        queue(condition={"Bool": {"aws:SecureTransport": "true"}}),
        Verdict.DANGEROUS,
        says=("anyone on the internet may send to sqs/Queue jobs",),
    ),
    Pair(
        "a topic may send to a queue",
        queue(principal=_OWN),
        queue(condition=_ARN),
        Verdict.LOOK,  # of the permissions: another may send, and the account no longer
        never_says=("anyone on the internet",),
    ),
    Pair(
        "a queue's policy loses its condition",
        queue(condition=_ARN),
        queue(),
        Verdict.DANGEROUS,
        says=("anyone on the internet may send to sqs/Queue jobs",),
    ),
    Pair(
        "anyone may read a bucket",
        bucket(statement=_OWN_READS),
        bucket(statement=_ANYONE_READS, block=False),
        Verdict.DANGEROUS,
        says=("anyone on the internet may read s3/Bucket files",),
    ),
    Pair(
        "a bucket's block of public access goes",
        bucket(statement=_OWN_READS),
        bucket(statement=_OWN_READS, block=False),
        Verdict.LOOK,
        says=("s3/Bucket files loses its public access block",),
    ),
    Pair(
        "a bucket's block of public access goes, and objects have access lists",
        bucket(enforced=False),
        bucket(enforced=False, block=False),
        Verdict.DANGEROUS,
        says=("objects whose own access lists say public become so",),
    ),
    Pair(
        "anyone may pull a repository's images",
        repository(_OWN),
        repository("*"),
        Verdict.DANGEROUS,
        says=("anyone on the internet may pull from ecr/Repository api",),
    ),
    Pair(
        "a service moves into a subnet that has a way from the internet",
        machine(routed=False),
        machine(routed=True),
        Verdict.DANGEROUS,
        says=("the internet reaches ecs/Service lab on 8080 (HTTP, another port)",),
    ),
    Pair(
        "a database loses its public address",
        database("0.0.0.0/0", public=True, subnets="public"),
        database("0.0.0.0/0", subnets="public"),
        Verdict.SAFE,
        says=("the internet no longer reaches rds/Instance database on 5432 (PostgreSQL)",),
    ),
    Pair(
        "all of it is new",
        group(),
        service(),
        Verdict.LOOK,
        says=("the internet reaches lb/LoadBalancer api on 443 (HTTPS)",),
        never_says=("may newly reach lb",),
    ),
    Pair(
        "the balancer is shut",
        service(),
        service(web=[]),
        Verdict.DANGEROUS,
        says=("the internet no longer reaches lb/LoadBalancer api on 443 (HTTPS)",),
    ),
]
