"""What anyone may do, and what guards the way: of types and shapes that the engine's embedded cloud has not."""

import json

import pytest

from infra.policy.resources import SECRET, UNKNOWN
from infra.review.exposure import find
from infra.review.finding import Section, Verdict
from infra.review.open_policies import anyone_may
from tests.review.hand_built import preview, state, urn

SAFE, LOOK, DANGEROUS = Verdict.SAFE, Verdict.LOOK, Verdict.DANGEROUS
ACCOUNT = "arn:aws:iam::123456789012:root"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": [*statements]})


def allow(action="sqs:SendMessage", principal="*", resource="*", **more):
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource, **more}


def when(operator, key, value):
    return {"Condition": {operator: {key: value}}}


@pytest.mark.parametrize(
    "condition",
    [
        {},
        when("Bool", "aws:SecureTransport", "true"),
        when("StringLike", "aws:Referer", "https://example.org/*"),
        when("StringLike", "aws:SourceArn", "*"),
        when("ArnLike", "aws:SourceArn", "arn:aws:sns:*:*:*"),
        when("StringEqualsIfExists", "aws:SourceAccount", "123456789012"),
        when("ForAllValues:StringEquals", "aws:PrincipalOrgID", "o-1"),
        when("StringNotEquals", "aws:SourceAccount", "123456789012"),
        when("IpAddress", "aws:SourceIp", "0.0.0.0/0"),
        when("IpAddress", "aws:SourceIp", ["0.0.0.0/1", "128.0.0.0/1"]),
        when("NotIpAddress", "aws:SourceIp", "203.0.113.0/24"),
        when("Null", "aws:SourceArn", "false"),
        {"Condition": "nonsense"},
    ],
)
def test_conditions_that_leave_out_nobody(condition):
    assert anyone_may(json.loads(document(allow(**condition)))) == {"sqs:SendMessage"}


@pytest.mark.parametrize(
    "condition",
    [
        when("ArnEquals", "aws:SourceArn", "arn:aws:sns:eu-central-1:123456789012:events"),
        when("ArnLike", "aws:SourceArn", "arn:aws:sns:*:123456789012:*"),
        when("ArnLike", "aws:SourceArn", "arn:aws:s3:::files"),
        when("StringEquals", "AWS:SourceAccount", "123456789012"),
        when("StringEquals", "aws:SourceOwner", "123456789012"),
        when("StringEquals", "aws:PrincipalOrgID", "o-1"),
        when("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-1/*"),
        when("StringEquals", "aws:SourceVpce", "vpce-1"),
        when("IpAddress", "aws:SourceIp", ["203.0.113.0/24", "10.0.0.0/8"]),
        when("StringEquals", "kms:CallerAccount", "123456789012"),
    ],
)
def test_conditions_that_leave_out_all_but_few(condition):
    assert anyone_may(json.loads(document(allow(**condition)))) == frozenset()


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": [ACCOUNT, "*"]}])
def test_anyone_is_written_in_three_ways(principal):
    assert anyone_may(json.loads(document(allow(principal=principal))))


@pytest.mark.parametrize("principal", [ACCOUNT, {"AWS": ACCOUNT}, {"Service": "sns.amazonaws.com"}, {}, 7, None])
def test_whoever_has_a_name_is_not_anyone(principal):
    assert not anyone_may(json.loads(document(allow(principal=principal))))


def test_all_but_a_few_is_anyone():
    statement = {"Effect": "Allow", "NotPrincipal": {"AWS": ACCOUNT}, "Action": "*", "Resource": "*"}
    assert anyone_may({"Statement": statement}) == {"*"}


def test_a_refusal_of_all_others_limits_what_is_allowed_to_anyone():
    refusal = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    ours = when("StringNotEquals", "aws:PrincipalOrgID", "o-1")
    assert not anyone_may(json.loads(document(allow(), {**refusal, **ours})))
    assert anyone_may(json.loads(document(allow(), {**refusal, **when("Bool", "aws:SecureTransport", "false")})))
    assert anyone_may(json.loads(document(allow(), {**refusal, **ours, "Action": "sqs:ReceiveMessage"})))
    assert anyone_may(json.loads(document(allow(), {**refusal, **ours, "Resource": "arn:aws:sqs:::other"})))


def exposed(before, after):
    return [(one.verdict, one.title) for one in find(preview(before, after)) if one.section is Section.EXPOSURE]


def unseen(before, after):
    return [(one.verdict, one.title) for one in find(preview(before, after)) if one.section is Section.BLIND_SPOTS]


@pytest.mark.parametrize(
    ("type_", "prop", "action", "words"),
    [
        ("aws:sqs/queue:Queue", "policy", "sqs:*", "do anything to"),
        ("aws:sns/topicPolicy:TopicPolicy", "policy", "sns:Publish", "publish to"),
        ("aws:kms/key:Key", "policy", "kms:Decrypt", "decrypt with"),
        ("aws:kms/keyPolicy:KeyPolicy", "policy", "kms:*", "do anything to"),
        ("aws:secretsmanager/secretPolicy:SecretPolicy", "policy", "secretsmanager:GetSecretValue", "read"),
        ("aws:ecr/repositoryPolicy:RepositoryPolicy", "policy", "ecr:BatchGetImage", "pull from"),
        ("aws:opensearch/domain:Domain", "accessPolicies", "es:*", "read, write and delete"),
        ("aws:cloudwatch/eventBusPolicy:EventBusPolicy", "policy", "events:PutEvents", "send to"),
        ("aws:dynamodb/resourcePolicy:ResourcePolicy", "policy", "dynamodb:GetItem", "call dynamodb:GetItem on"),
    ],
)
def test_a_policy_comes_to_let_anyone_in(type_, prop, action, words):
    shut, opened = (state(type_, "it", {prop: document(allow(action, who))}) for who in (ACCOUNT, "*"))
    label = f"{type_.split(':')[1].split('/')[0]}/{type_.rsplit(':', 1)[-1]} it"
    assert exposed([shut], [opened]) == [(DANGEROUS, f"anyone on the internet may {words} {label}")]
    assert exposed([], [opened]) == [(DANGEROUS, f"anyone on the internet may {words} {label}")]
    assert [verdict for verdict, _ in exposed([opened], [shut])] == [SAFE]
    assert exposed([shut], [shut]) == []


def test_a_domain_inside_of_a_vpc_is_open_to_that_network_alone():
    shut, opened = (
        state(
            "aws:opensearch/domain:Domain",
            "search",
            {"accessPolicies": document(allow("es:*", who)), "vpcOptions": {"subnetIds": ["subnet-1"]}},
        )
        for who in (ACCOUNT, "*")
    )
    assert exposed([shut], [opened]) == [
        (LOOK, "anyone of its VPC's network may read, write and delete opensearch/Domain search")
    ]


@pytest.mark.parametrize("hidden", [UNKNOWN, SECRET, "{", "[" * 100_000])
def test_a_policy_that_cant_be_read_is_said(hidden):
    queue = state("aws:sqs/queue:Queue", "jobs", {})
    policy, unread = (
        state("aws:sqs/queuePolicy:QueuePolicy", "jobs", {"policy": text}, {"queueUrl": (queue.urn,)})
        for text in (document(allow(principal=ACCOUNT)), hidden)
    )
    ((verdict, title),) = unseen([queue, policy], [queue, unread])
    assert verdict is LOOK
    assert title.startswith("whom sqs/Queue jobs lets in can't be known: its policy is ")
    assert unseen([], [queue, unread]) == []  # of a new queue nothing was closed before


def one(type_, **props):
    return state(type_, "it", props)


FUNCTION = state("aws:lambda/function:Function", "function", {})
PERMISSION = "aws:lambda/permission:Permission"


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (None, one("aws:lambda/functionUrl:FunctionUrl", authorizationType="NONE"), DANGEROUS),
        (None, one("aws:lambda/functionUrl:FunctionUrl", authorizationType="AWS_IAM"), None),
        (None, one(PERMISSION, principal="*"), DANGEROUS),
        (None, one(PERMISSION, principal="*", sourceAccount="123456789012"), None),
        (None, one(PERMISSION, principal="*", principalOrgId="o-1"), None),
        (None, one(PERMISSION, principal="sns.amazonaws.com", sourceArn="arn:aws:sns:::events"), None),
        (
            one("aws:apigateway/method:Method", httpMethod="GET", authorization="AWS_IAM"),
            one("aws:apigateway/method:Method", httpMethod="GET", authorization="NONE"),
            DANGEROUS,
        ),
        (None, one("aws:apigateway/method:Method", httpMethod="GET", authorization="NONE"), LOOK),
        (None, one("aws:apigateway/method:Method", httpMethod="OPTIONS", authorization="NONE"), None),
        (
            one("aws:apigatewayv2/route:Route", routeKey="GET /", authorizationType="JWT"),
            one("aws:apigatewayv2/route:Route", routeKey="GET /"),
            DANGEROUS,
        ),
        (
            one("aws:apigateway/restApi:RestApi", endpointConfiguration={"types": "PRIVATE"}),
            one("aws:apigateway/restApi:RestApi", endpointConfiguration={"types": "REGIONAL"}),
            DANGEROUS,
        ),
        (
            one("aws:eks/cluster:Cluster", vpcConfig={"endpointPublicAccess": False}),
            one("aws:eks/cluster:Cluster", vpcConfig={"endpointPublicAccess": True}),
            DANGEROUS,
        ),
        (
            one("aws:eks/cluster:Cluster", vpcConfig={"endpointPublicAccess": False}),
            one(
                "aws:eks/cluster:Cluster",
                vpcConfig={"endpointPublicAccess": True, "publicAccessCidrs": ["203.0.113.0/24"]},
            ),
            LOOK,
        ),
        (None, one("aws:ec2/amiLaunchPermission:AmiLaunchPermission", group="all"), DANGEROUS),
        (
            one("aws:rds/snapshot:Snapshot", sharedAccounts=["123456789012"]),
            one("aws:rds/snapshot:Snapshot", sharedAccounts=["all"]),
            DANGEROUS,
        ),
        (None, one("aws:rds/snapshot:Snapshot", sharedAccounts=["123456789012"]), None),
    ],
)
def test_what_opens_without_a_policy(before, after, verdict):
    found = exposed([before] if before else [], [after])
    assert [one for one, _ in found] == ([verdict] if verdict is not None else []), found


def test_a_function_is_called_by_its_name():
    url = state(
        "aws:lambda/functionUrl:FunctionUrl",
        "url",
        {"authorizationType": "NONE"},
        {"functionName": (FUNCTION.urn,)},
    )
    assert exposed([FUNCTION], [FUNCTION, url]) == [
        (DANGEROUS, "anyone on the internet may call lambda/Function function, without a login")
    ]


GUARDED = [
    ("aws:elasticache/replicationGroup:ReplicationGroup", "transitEncryptionEnabled", True, False, LOOK),
    ("aws:msk/cluster:Cluster", "encryptionInfo.encryptionInTransit.clientBroker", "TLS", "PLAINTEXT", LOOK),
    ("aws:msk/cluster:Cluster", "clientAuthentication.unauthenticated", False, True, DANGEROUS),
    ("aws:opensearch/domain:Domain", "domainEndpointOptions.enforceHttps", True, False, LOOK),
    ("aws:rds/proxy:Proxy", "requireTls", True, False, LOOK),
    ("aws:ssm/parameter:Parameter", "type", "SecureString", "String", LOOK),
    ("aws:ec2/instance:Instance", "metadataOptions.httpTokens", "required", "optional", LOOK),
    ("aws:ec2/launchTemplate:LaunchTemplate", "metadataOptions.httpTokens", "required", "optional", LOOK),
    ("aws:lb/targetGroup:TargetGroup", "protocol", "HTTPS", "HTTP", LOOK),
    (
        "aws:cloudfront/distribution:Distribution",
        "defaultCacheBehavior.viewerProtocolPolicy",
        "redirect-to-https",
        "allow-all",
        LOOK,
    ),
    ("aws:cloudfront/distribution:Distribution", "webAclId", "arn:aws:wafv2:::acl", "", LOOK),
]


@pytest.mark.parametrize(("type_", "path", "safe", "unsafe", "verdict"), GUARDED)
def test_a_guard_goes(type_, path, safe, unsafe, verdict):
    def given(value):
        for key in reversed(path.split(".")):
            value = {key: value}
        return state(type_, "it", value)

    assert [one for one, _ in exposed([given(safe)], [given(unsafe)])] == [verdict]
    assert exposed([given(unsafe)], [given(safe)]) == []
    assert exposed([], [given(safe)]) == []
    if not path.endswith("Id"):  # an identity that is not known yet is one all the same
        assert [one for one, _ in unseen([given(safe)], [given(UNKNOWN)])] == [LOOK]


def test_a_parameter_group_no_longer_demands_tls():
    old, new = (
        state(
            "aws:rds/parameterGroup:ParameterGroup", "it", {"parameters": [{"name": "rds.force_ssl", "value": value}]}
        )
        for value in ("1", "0")
    )
    assert [verdict for verdict, _ in exposed([old], [new])] == [LOOK]
    assert exposed([new], [old]) == []


BALANCER = state("aws:lb/loadBalancer:LoadBalancer", "web", {"internal": False}, id="arn:lb")
INTERNAL = state("aws:lb/loadBalancer:LoadBalancer", "web", {"internal": True}, id="arn:lb")


def listener(protocol, *types, port=443, **more):
    actions = [{"type": type_} for type_ in types or ("forward",)]
    props = {"loadBalancerArn": "arn:lb", "port": port, "protocol": protocol, "defaultActions": actions, **more}
    return state("aws:lb/listener:Listener", "door", props)


@pytest.mark.parametrize(
    ("balancer", "before", "after", "verdict"),
    [
        (BALANCER, listener("HTTPS"), listener("HTTP"), DANGEROUS),
        (INTERNAL, listener("HTTPS"), listener("HTTP"), LOOK),
        (INTERNAL, None, listener("HTTP"), SAFE),
        (BALANCER, listener("HTTPS", "authenticate-oidc", "forward"), listener("HTTPS"), DANGEROUS),
        (
            BALANCER,
            listener("HTTPS", mutualAuthentication={"mode": "verify"}),
            listener("HTTPS", mutualAuthentication={"mode": "off"}),
            DANGEROUS,
        ),
        (BALANCER, None, listener("HTTP", "fixed-response"), LOOK),
        (BALANCER, listener("TLS"), listener("TLS", sslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06"), None),
        (
            BALANCER,
            listener("HTTPS", sslPolicy="ELBSecurityPolicy-TLS13-1-2-Res-2021-06"),
            listener("HTTPS", sslPolicy="ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06"),
            LOOK,
        ),
    ],
)
def test_a_listener(balancer, before, after, verdict):
    found = exposed([balancer, *([before] if before else [])], [balancer, after])
    assert [one for one, _ in found] == ([verdict] if verdict is not None else []), found


ACL = "aws:wafv2/webAcl:WebAcl"


def firewall(acl):
    return state(
        "aws:wafv2/webAclAssociation:WebAclAssociation",
        acl,
        {"resourceArn": "arn:lb", "webAclArn": UNKNOWN},
        {"webAclArn": (urn(ACL, acl),)},
    )


def test_a_firewall_that_let_in_only_whom_it_named():
    allows, blocks = (state(ACL, "acl", {"defaultAction": {word: {}}}) for word in ("allow", "block"))
    assert exposed([BALANCER, allows, firewall("acl")], [BALANCER, allows])[0][0] is LOOK
    assert exposed([BALANCER, blocks, firewall("acl")], [BALANCER, blocks])[0][0] is DANGEROUS
    assert exposed([BALANCER, blocks], [BALANCER, allows])[0][0] is DANGEROUS


def test_another_firewall_in_its_place_is_no_loss():
    stack = [BALANCER, state(ACL, "old", {}), state(ACL, "new", {})]
    assert exposed([*stack, firewall("old")], [*stack, firewall("new")]) == []
    assert exposed([*stack, firewall("old")], stack[1:]) == []


def test_a_rule_of_a_firewall_goes_or_only_counts():
    def acl(*rules):
        return state(ACL, "acl", {"rules": [*rules]})

    blocks, counts = ({"name": "sql", "action": {word: {}}} for word in ("block", "count"))
    assert [verdict for verdict, _ in exposed([acl(blocks)], [acl()])] == [LOOK]
    assert [verdict for verdict, _ in exposed([acl(blocks)], [acl(counts)])] == [LOOK]
    assert exposed([acl(blocks)], [acl(blocks, {"name": "other"})]) == []


BUCKET = state("aws:s3/bucket:Bucket", "files", {}, id="files-1")
SHUT = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)


def of_bucket(kind, **props):
    return state(f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}", "files", {"bucket": "files-1", **props})


READ = of_bucket("BucketPolicy", policy=document(allow("s3:GetObject")))
BLOCK = of_bucket("BucketPublicAccessBlock", **SHUT)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ([BLOCK], [BLOCK, READ], LOOK),
        ([BLOCK, READ], [READ], DANGEROUS),
        ([], [READ], DANGEROUS),
        ([READ], [BLOCK, READ], SAFE),
        ([], [of_bucket("BucketAcl", acl="public-read")], DANGEROUS),
        ([], [of_bucket("BucketAcl", acl="private")], None),
        ([BLOCK], [BLOCK, of_bucket("BucketAcl", acl="public-read-write")], LOOK),
        (
            [],
            [
                of_bucket(
                    "BucketAcl",
                    accessControlPolicy={
                        "grants": [
                            {
                                "permission": "READ",
                                "grantee": {"uri": "http://acs.amazonaws.com/groups/global/AllUsers"},
                            }
                        ]
                    },
                )
            ],
            DANGEROUS,
        ),
        ([], [of_bucket("BucketPolicy", policy=document(allow("s3:GetObject", ACCOUNT)))], None),
        ([BLOCK], [of_bucket("BucketPublicAccessBlock", **{**SHUT, "ignorePublicAcls": False})], DANGEROUS),
        (
            [BLOCK],
            [
                of_bucket("BucketPublicAccessBlock", **{**SHUT, "ignorePublicAcls": False}),
                of_bucket("BucketOwnershipControls", rule={"objectOwnership": "BucketOwnerEnforced"}),
            ],
            LOOK,
        ),
    ],
)
def test_a_bucket(before, after, verdict):
    found = exposed([BUCKET, *before], [BUCKET, *after])
    assert [one for one, _ in found] == ([verdict] if verdict is not None else []), found


def test_a_bucket_that_takes_requests_without_tls():
    refusal = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    tls = of_bucket("BucketPolicy", policy=document({**refusal, **when("Bool", "aws:SecureTransport", "false")}))
    assert exposed([BUCKET, tls], [BUCKET]) == [(LOOK, "s3/Bucket files takes requests without TLS")]
    assert exposed([BUCKET], [BUCKET, tls]) == []


def test_the_block_of_another_stacks_bucket_goes():
    block = state(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "theirs", {"bucket": "b", "blockPublicPolicy": True}
    )
    ((verdict, title),) = exposed([block], [])
    assert verdict >= LOOK
    assert "loses its public access block" in title


def test_the_accounts_own_block_goes():
    block = state("aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", "all", SHUT)
    assert [verdict for verdict, _ in exposed([block], [])] == [DANGEROUS]
    assert exposed([block], [block]) == []


NETWORK_BALANCER = {"loadBalancerType": "network", "internal": False}


def test_a_network_balancer_without_groups_is_open_on_its_listeners():
    def balancer(internal):
        props = {**NETWORK_BALANCER, "internal": internal}
        return state("aws:lb/loadBalancer:LoadBalancer", "tcp", props, id="arn:lb")

    door = state("aws:lb/listener:Listener", "tcp", {"loadBalancerArn": "arn:lb", "port": 5432, "protocol": "TCP"})
    told = exposed([balancer(True), door], [balancer(False), door])
    assert told == [(DANGEROUS, "the internet reaches lb/LoadBalancer tcp on 5432 (PostgreSQL)")]
    assert exposed([balancer(False)], [balancer(False), door]) == [
        (DANGEROUS, "the internet reaches lb/LoadBalancer tcp on 5432 (PostgreSQL)")
    ]


def test_a_database_gets_a_public_address_and_its_groups_are_not_shown():
    shut, public = (
        state("aws:rds/instance:Instance", "database", {"engine": "postgres", "publiclyAccessible": value})
        for value in (False, True)
    )
    ((verdict, title),) = exposed([shut], [public])
    assert (verdict, title.split(":")[0]) == (
        DANGEROUS,
        "rds/Instance database gets a public address, and whom its security groups let in is not shown here",
    )
    assert exposed([public], [shut]) == []


def test_an_aurora_cluster_is_as_public_as_its_instances():
    group = state("aws:ec2/securityGroup:SecurityGroup", "database", {"ingress": [
        {"protocol": "tcp", "fromPort": 3306, "toPort": 3306, "cidrBlocks": ["0.0.0.0/0"]}]}, id="sg-1")  # fmt: skip
    cluster = state(
        "aws:rds/cluster:Cluster",
        "database",
        {"engine": "aurora-mysql", "vpcSecurityGroupIds": ["sg-1"]},
        id="database-1",
    )
    shut, public = (
        state(
            "aws:rds/clusterInstance:ClusterInstance",
            "one",
            {"clusterIdentifier": "database-1", "publiclyAccessible": value},
        )
        for value in (False, True)
    )
    assert exposed([group, cluster, shut], [group, cluster, public]) == [
        (DANGEROUS, "the internet reaches rds/Cluster database on 3306 (MySQL)")
    ]


def test_another_network_is_connected():
    peering = state("aws:ec2/vpcPeeringConnection:VpcPeeringConnection", "partner", {"peerOwnerId": "210987654321"})
    assert [verdict for verdict, _ in exposed([], [peering])] == [LOOK]
    assert exposed([peering], []) == []


def acl(*ingress, **props):
    entries = [dict(zip(("ruleNo", "action", "protocol", "cidrBlock"), one, strict=True)) for one in ingress]
    return state("aws:ec2/networkAcl:NetworkAcl", "subnets", {"ingress": entries, **props}, id="acl-1")


def test_a_network_acl():
    every = (100, "allow", "-1", "0.0.0.0/0")
    assert exposed([acl(every)], [acl(every, tags={"a": "b"})]) == []
    assert [verdict for verdict, _ in exposed([acl(every)], [acl((90, "deny", "-1", "10.0.0.0/8"), every)])] == [LOOK]
    assert [verdict for verdict, _ in exposed([acl(every)], [acl()])] == [DANGEROUS]
    moved = state(
        "aws:ec2/networkAclRule:NetworkAclRule",
        "every",
        {
            "networkAclId": "acl-1",
            "ruleNumber": 100,
            "ruleAction": "ALLOW",
            "protocol": "all",
            "cidrBlock": "0.0.0.0/0",
        },
    )
    assert exposed([acl(every)], [acl(), moved]) == []


def test_a_share_with_others():
    shut, opened = (
        state("aws:ram/resourceShare:ResourceShare", "subnets", {"allowExternalPrincipals": value})
        for value in (False, True)
    )
    assert [verdict for verdict, _ in exposed([shut], [opened])] == [LOOK]
    assert exposed([opened], [shut]) == []


def test_a_domain_leaves_its_vpc():
    search = "aws:opensearch/domain:Domain"
    inside, outside = (state(search, "search", props) for props in ({"vpcOptions": {"subnetIds": ["subnet-1"]}}, {}))
    assert [verdict for verdict, _ in exposed([inside], [outside])] == [DANGEROUS]
    assert exposed([outside], [inside]) == []


@pytest.mark.parametrize(
    ("type_", "path", "shut", "opened"),
    [
        ("aws:cognito/identityPool:IdentityPool", "allowUnauthenticatedIdentities", False, True),
        ("aws:transfer/server:Server", "endpointType", "VPC", "PUBLIC"),
        ("aws:transfer/server:Server", "endpointType", "VPC", None),
        ("aws:appsync/graphQLApi:GraphQLApi", "authenticationType", "AWS_IAM", "API_KEY"),
    ],
)
def test_a_word_lets_the_internet_in(type_, path, shut, opened):
    sides = [state(type_, "it", {path: value}) for value in (shut, opened)]
    assert [verdict for verdict, _ in exposed(sides[:1], sides[1:])] == [DANGEROUS]
    assert exposed(sides[1:], sides[:1]) == []
    assert [verdict for verdict, _ in exposed([], sides[1:])] == [LOOK]


def test_a_door_that_only_sends_on_to_https_opens_nothing():
    group = state(
        "aws:ec2/securityGroup:SecurityGroup",
        "web",
        {"ingress": [{"protocol": "tcp", "fromPort": 80, "toPort": 443, "cidrBlocks": ["0.0.0.0/0"]}]},
        id="sg-web",
    )
    balancer = state("aws:lb/loadBalancer:LoadBalancer", "web", {"securityGroups": ["sg-web"]}, id="arn:lb")
    stack = [group, balancer, listener("HTTPS")]
    redirect = [{"type": "redirect", "redirect": {"protocol": "HTTPS", "statusCode": "HTTP_301"}}]
    props = {"loadBalancerArn": "arn:lb", "port": 80, "protocol": "HTTP"}
    sends_on = state("aws:lb/listener:Listener", "http", {**props, "defaultActions": redirect})
    answers = state("aws:lb/listener:Listener", "http", {**props, "defaultActions": [{"type": "forward"}]})
    assert [verdict for verdict, _ in exposed(stack, [*stack, sends_on])] == [SAFE]
    assert {verdict for verdict, _ in exposed(stack, [*stack, answers])} == {LOOK}


def test_a_balancer_is_shut_on_one_of_its_doors():
    def stack(*ports):
        entries = [{"protocol": "tcp", "fromPort": one, "toPort": one, "cidrBlocks": ["0.0.0.0/0"]} for one in ports]
        group = state("aws:ec2/securityGroup:SecurityGroup", "web", {"ingress": entries}, id="sg-web")
        balancer = state("aws:lb/loadBalancer:LoadBalancer", "web", {"securityGroups": ["sg-web"]}, id="arn:lb")
        redirect = [{"type": "redirect", "redirect": {"protocol": "HTTPS"}}]
        props = {"loadBalancerArn": "arn:lb", "port": 80, "protocol": "HTTP", "defaultActions": redirect}
        return [group, balancer, listener("HTTPS"), state("aws:lb/listener:Listener", "http", props)]

    told = exposed(stack(80, 443), stack(80))
    assert (DANGEROUS, "the internet no longer reaches lb/LoadBalancer web on 443 (HTTPS)") in told
    assert max(verdict for verdict, _ in exposed(stack(80, 443), stack(443))) is LOOK


def azure(**more):
    rule = {"access": "Allow", "direction": "Inbound", "protocol": "Tcp", "destinationPortRange": "22", **more}
    return state("azure-native:network:NetworkSecurityGroup", "it", {"securityRules": [rule]})


def google(*sources, **more):
    allows = [{"protocol": "tcp", "ports": ["22"]}]
    return state("gcp:compute/firewall:Firewall", "it", {"allows": allows, "sourceRanges": [*sources], **more})


def native(block, **more):
    entry = {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "cidrIp": block, **more}
    return state("aws-native:ec2:SecurityGroup", "it", {"securityGroupIngress": [entry]})


def kubernetes(port, **more):
    spec = {"type": "LoadBalancer", "ports": [{"port": port}], **more}
    return state("kubernetes:core/v1:Service", "it", {"spec": spec, "metadata": {}})


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (azure(sourceAddressPrefix="10.0.0.0/8"), azure(sourceAddressPrefix="*"), DANGEROUS),
        (azure(sourceAddressPrefix="10.0.0.0/8"), azure(sourceAddressPrefix="Internet"), DANGEROUS),
        (azure(sourceAddressPrefix="*"), azure(sourceAddressPrefix="*", description="x"), None),
        (azure(sourceAddressPrefix="*"), azure(sourceAddressPrefix="*", destinationPortRange="*"), DANGEROUS),
        (azure(sourceAddressPrefix="10.0.0.0/8"), azure(sourceAddressPrefix="*", destinationPortRange="443"), LOOK),
        (azure(access="Deny", sourceAddressPrefix="10.0.0.0/8"), azure(access="Deny", sourceAddressPrefix="*"), None),
        (google("10.0.0.0/8"), google("0.0.0.0/0"), DANGEROUS),
        (google("10.0.0.0/8"), google(), DANGEROUS),
        (google("10.0.0.0/8"), google(sourceTags=["web"]), None),
        (google("10.0.0.0/8"), google("0.0.0.0/0", direction="EGRESS"), None),
        (native("10.0.0.0/8"), native("0.0.0.0/0"), DANGEROUS),
        (native("10.0.0.0/8"), native("0.0.0.0/0", ipProtocol="-1"), DANGEROUS),
        (kubernetes(443, loadBalancerSourceRanges=["10.0.0.0/8"]), kubernetes(443), LOOK),
        (kubernetes(5432, type="ClusterIP"), kubernetes(5432), DANGEROUS),
    ],
)
def test_firewalls_of_other_clouds(before, after, verdict):
    found = exposed([before], [after])
    assert [one for one, _ in found] == ([verdict] if verdict is not None else []), found
    assert exposed([after], [before]) == []


def test_other_conditions_of_a_policy_for_anyone():
    sides = [
        state("aws:sqs/queue:Queue", "jobs", {"policy": document(allow(**when("StringEquals", "aws:SourceVpce", one)))})
        for one in ("vpce-1", "vpce-2")
    ]
    assert exposed(sides[:1], sides[1:]) == [(LOOK, "other conditions say who of all may use sqs/Queue jobs")]
    assert exposed(sides[:1], sides[:1]) == []


def test_a_policy_of_a_bucket_that_cant_be_read():
    policy = of_bucket("BucketPolicy", policy=UNKNOWN)
    assert [verdict for verdict, _ in unseen([BUCKET], [BUCKET, policy])] == [LOOK]
    assert unseen([BUCKET, BLOCK], [BUCKET, BLOCK, policy]) == []  # the block shuts it, whatever the policy says
    assert unseen([], [BUCKET, policy]) == []


def test_a_firewall_that_moves_leaves_what_it_was_before():
    other = state("aws:lb/loadBalancer:LoadBalancer", "other", {}, id="arn:other")
    here = firewall("acl")
    there = state(here.type, here.name, {**here.props, "resourceArn": "arn:other"}, here.links)
    stack = [BALANCER, other, state(ACL, "acl", {})]
    assert exposed([*stack, here], [*stack, there]) == [
        (LOOK, "lb/LoadBalancer web loses its web firewall: what it refused gets through")
    ]
