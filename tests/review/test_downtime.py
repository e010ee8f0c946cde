"""Who is not served: what the engine's previews don't show here, from changes made by hand."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pulumi_aws
import pytest

from infra.policy.resources import SECRET, UNKNOWN
from infra.review import restarts, serving, switches
from infra.review.deployments import Bounds
from infra.review.downtime import find
from infra.review.finding import Verdict
from infra.review.preview import Change, Preview, State

LOOK, DANGEROUS = Verdict.LOOK, Verdict.DANGEROUS


def state(token, name="it", props=None, *, links=None, outputs=None, retain=False):
    return State(
        type=f"aws:{token}:{token.rsplit('/', 1)[1].title()}",
        urn=f"urn:{name}",
        props=props or {},
        links={prop: tuple(f"urn:{one}" for one in names) for prop, names in (links or {}).items()},
        outputs=outputs or {},
        declared=frozenset(props or {}),
        retain=retain,
    )


def change(token, op="update", before=None, after=None, *, name="it", links=None, outputs=None, reasons=(), first=None):
    return Change(
        urn=f"urn:{name}",
        op=op,
        before=None if op == "create" else state(token, name, before, links=links, outputs=outputs),
        after=None if op == "delete" else state(token, name, before if after is None else after, links=links),
        reasons=reasons,
        deleted_first=first,
    )


def told(*changes):
    return [(one.verdict, one.title) for one in find(Preview("test", changes))]


def the_one(*changes):
    (found,) = told(*changes)
    return found


@pytest.mark.parametrize(
    ("percent", "tasks", "least", "most", "stuck"),
    [
        ((100, 200), 2, 2, 4, False),
        ((50, 200), 1, 1, 2, False),
        ((50, 100), 1, 1, 1, True),
        ((50, 100), 2, 1, 2, False),
        ((100, 100), 4, 4, 4, True),
        ((100, 149), 1, 1, 1, True),
        ((100, 150), 2, 2, 3, False),
        ((100, 100), None, None, None, True),
        ((100, 200), 0, 0, 0, False),
    ],
)
def test_the_least_is_rounded_up_and_the_most_down(percent, tasks, least, most, stuck):
    found = Bounds(percent, tasks)
    assert (found.least, found.most, found.stuck) == (least, most, stuck)


SERVICE = {"desiredCount": 2, "taskDefinition": "api:1", "loadBalancers": [{"containerName": "api"}]}


def service(**after):
    return change("ecs/service", before=SERVICE, after={**SERVICE, **after}, reasons=tuple(after))


@pytest.mark.parametrize(
    ("after", "verdict", "said"),
    [
        ({"taskDefinition": UNKNOWN}, LOOK, "2 to 4 run meanwhile"),
        ({"taskDefinition": "api:2", "deploymentMinimumHealthyPercent": UNKNOWN}, LOOK, "is not known here"),
        ({"taskDefinition": "api:2", "desiredCount": UNKNOWN}, LOOK, "it may be none"),
        ({"taskDefinition": "api:2", "deploymentController": {"type": "CODE_DEPLOY"}}, LOOK, "CODE_DEPLOY"),
        ({"taskDefinition": "api:2", "deploymentMinimumHealthyPercent": "0"}, DANGEROUS, "with a gap"),
        ({"desiredCount": "0"}, DANGEROUS, "no task"),
        ({"loadBalancers": []}, DANGEROUS, "taken out of its load balancer"),
        ({"healthCheckGracePeriodSeconds": 0}, None, ""),
        ({"platformVersion": "1.3.0"}, LOOK, "platformVersion"),
        ({"enableExecuteCommand": True}, None, ""),
        ({"capacityProviderStrategies": [{"capacityProvider": "FARGATE_SPOT"}]}, LOOK, "spot capacity"),
        ({"schedulingStrategy": "DAEMON", "taskDefinition": "api:2"}, LOOK, "0 to 100 % of them run"),
        ({"desiredCount": None, "taskDefinition": ["odd"]}, LOOK, "its tasks are replaced"),
    ],
)
def test_a_service(after, verdict, said):
    found = told(service(**after))
    assert max((one for one, _ in found), default=None) is verdict
    assert not said or any(said in title for _, title in found), found


def test_a_service_without_a_task_is_deleted_and_nobody_is_missed():
    idle = {"desiredCount": 0}
    assert the_one(change("ecs/service", "delete", idle))[0] is LOOK
    target = change("appautoscaling/target", "same", {"resourceId": "x"}, name="scale", links={"resourceId": ["it"]})
    assert the_one(change("ecs/service", "delete", idle), target)[0] is DANGEROUS


def test_what_is_retained_goes_on():
    gone = change("ecs/service", "delete", SERVICE)
    assert told(replace(gone, before=replace(gone.before, retain=True))) == []
    assert told(replace(gone, pending=True)) == []


def test_where_the_order_is_not_shown_a_name_that_stays_tells_it():
    named = {"functionName": "f", "packageType": "Zip"}
    assert the_one(change("lambda/function", "replace", named, {**named, "packageType": "Image"}))[0] is DANGEROUS
    assert the_one(change("lambda/function", "replace", {"packageType": "Zip"}, {"packageType": "Image"}))[0] is LOOK


@pytest.mark.parametrize(
    ("token", "before", "after", "verdict", "said"),
    [
        ("ec2/instance", {"instanceType": "t3.micro"}, {"instanceType": "t3.small"}, DANGEROUS, "stopped and started"),
        ("lambda/function", {}, {"reservedConcurrentExecutions": 0}, DANGEROUS, "each invocation is refused"),
        ("lambda/function", {"code": "a"}, {"code": "b"}, None, ""),
        ("lambda/eventSourceMapping", {"enabled": True}, {"enabled": False}, DANGEROUS, "they wait"),
        ("autoscaling/group", {"desiredCapacity": 2}, {"desiredCapacity": 0}, DANGEROUS, "no instance"),
        ("mq/broker", {"hostInstanceType": "a"}, {"hostInstanceType": "b", "applyImmediately": True}, DANGEROUS, ""),
        (
            "mq/broker",
            {"hostInstanceType": "a", "deploymentMode": "CLUSTER_MULTI_AZ", "applyImmediately": True},
            {"hostInstanceType": "b", "deploymentMode": "CLUSTER_MULTI_AZ", "applyImmediately": True},
            LOOK,
            "one after another",
        ),
        ("mq/broker", {"hostInstanceType": "a"}, {"hostInstanceType": "b"}, LOOK, "maintenance window"),
        ("msk/cluster", {"kafkaVersion": "3.7.x"}, {"kafkaVersion": "3.8.x"}, LOOK, "no way back"),
        (
            "elasticache/replicationGroup",
            {"nodeType": "a", "applyImmediately": True},
            {"nodeType": "b", "applyImmediately": True},
            DANGEROUS,
            "nobody reaches it",
        ),
        ("rds/instance", {"port": 5432}, {"port": 5433, "applyImmediately": UNKNOWN}, DANGEROUS, "not known here"),
        ("rds/instance", {"storageType": "gp2"}, {"storageType": "gp3", "applyImmediately": True}, LOOK, "slower"),
        (
            "rds/instance",
            {"storageType": "standard"},
            {"storageType": "gp3", "applyImmediately": True},
            DANGEROUS,
            "nobody reaches it",
        ),
        (
            "rds/instance",
            {"backupRetentionPeriod": 0},
            {"backupRetentionPeriod": 7, "applyImmediately": True},
            DANGEROUS,
            "restarts",
        ),
        (
            "rds/instance",
            {"instanceClass": "a"},
            {"instanceClass": "b", "applyImmediately": True, "blueGreenUpdate": {"enabled": True}},
            LOOK,
            "a copy is changed",
        ),
        ("wafv2/webAcl", {"defaultAction": {"allow": {}}}, {"defaultAction": {"block": {}}}, DANGEROUS, "refuses each"),
        ("cloudfront/distribution", {"aliases": ["a.org"]}, {"aliases": []}, DANGEROUS, "no longer takes requests"),
        ("cloudfront/distribution", {"enabled": True}, {"enabled": False}, DANGEROUS, "switched off"),
        ("lb/loadBalancer", {"subnets": ["a", "b"]}, {"subnets": ["a"]}, LOOK, "leaves a subnet"),
        ("lb/loadBalancer", {"subnets": ["a", "b"]}, {"subnets": ["b", "a"]}, None, ""),
        ("lb/targetGroup", {"deregistrationDelay": 300}, {"deregistrationDelay": 5}, LOOK, "longer requests"),
        (
            "lb/listener",
            {"mutualAuthentication": {"mode": "off"}},
            {"mutualAuthentication": {"mode": "verify"}},
            DANGEROUS,
            "asks for a certificate",
        ),
        ("ec2/vpc", {"enableDnsHostnames": True}, {"enableDnsHostnames": False}, LOOK, "no longer gives its machines"),
    ],
)  # fmt: skip
def test_what_is_changed_in_place(token, before, after, verdict, said):
    found = told(change(token, before=before, after=after))
    assert max((one for one, _ in found), default=None) is verdict, found
    assert not said or any(said in title for _, title in found), found


def test_a_version_that_runs_already_is_no_upgrade():
    sides = {"engineVersion": "17.2", "applyImmediately": True}, {"engineVersion": "17", "applyImmediately": True}
    assert told(change("rds/instance", before=sides[0], after=sides[1], outputs={"engineVersionActual": "17.2"})) == []
    assert (
        the_one(change("rds/instance", before=sides[0], after=sides[1], outputs={"engineVersionActual": "16.4"}))[0]
        is DANGEROUS
    )


def test_a_route_that_is_only_written_elsewhere_is_not_lost():
    inline = [{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}]
    table = change("ec2/routeTable", before={"routes": inline}, after={"routes": []}, name="table")
    route = change(
        "ec2/route",
        "create",
        after={"destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1", "routeTableId": "x"},
        name="route",
        links={"routeTableId": ["table"]},
    )
    assert told(table, route) == []
    linked = replace(route, after=replace(route.after, links={**route.after.links, "gatewayId": ("urn:gateway",)}))
    assert told(table, linked) == []
    assert the_one(table)[0] is DANGEROUS


def test_a_way_out_that_becomes_another_kind_cuts_off():
    before, after = (
        {"destinationCidrBlock": "0.0.0.0/0", "routeTableId": "rtb-1", name: "x-1"}
        for name in ("gatewayId", "natGatewayId")
    )
    assert the_one(change("ec2/route", before=before, after=after))[0] is DANGEROUS
    other = {**after, "natGatewayId": "nat-2"}
    assert the_one(change("ec2/route", before=after, after=other))[0] is LOOK


def test_an_endpoint_beside_a_way_out_is_missed_less():
    endpoint = change("ec2/vpcEndpoint", "delete", {"serviceName": "com.amazonaws.eu-central-1.sqs"}, name="sqs")
    assert the_one(endpoint)[0] is DANGEROUS
    out = {"destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1", "routeTableId": "rtb-1"}
    assert the_one(endpoint, change("ec2/route", "same", out, name="out"))[0] is LOOK


def test_a_renamed_listener_stands_in_its_own_way():
    listener = {"loadBalancerArn": "arn:lb", "port": 443, "protocol": "HTTPS"}
    gone, new = (
        change("lb/listener", "delete", listener, name="old"),
        change("lb/listener", "create", after=listener, name="new"),
    )
    verdict, title = the_one(gone, new)
    assert verdict is LOOK
    assert "AWS refuses that while both are there" in title


def test_a_rule_beside_the_same_default_is_missed_less():
    listener = change(
        "lb/listener", "same", {"defaultActions": [{"type": "forward", "targetGroupArn": "arn:tg"}]}, name="l"
    )
    actions = {"actions": [{"type": "forward", "targetGroupArn": "arn:tg"}], "listenerArn": "x"}
    rule = change("lb/listenerRule", "delete", actions, links={"listenerArn": ["l"]}, name="r")
    assert the_one(listener, rule)[0] is LOOK


def test_the_last_target_of_a_group_takes_its_requests_along():
    one, two = (
        change("lb/targetGroupAttachment", "delete", {"targetGroupArn": "arn:tg"}, name=name) for name in ("one", "two")
    )
    assert the_one(one, replace(two, op="same", after=two.before))[0] is LOOK
    assert the_one(one, two)[0] is DANGEROUS


RECORD = {"zoneId": "Z1", "name": "www.example.com", "type": "A", "ttl": 60, "records": ["192.0.2.1"]}


@pytest.mark.parametrize(
    ("gone", "stays", "verdict"),
    [
        ({}, None, DANGEROUS),
        ({"name": UNKNOWN}, None, DANGEROUS),
        ({"ttl": SECRET, "type": None}, None, DANGEROUS),
        ({"type": "AAAA"}, {}, LOOK),
        ({"setIdentifier": "one"}, {"setIdentifier": "two"}, LOOK),
        ({}, {"name": "WWW.example.com."}, LOOK),
        ({"type": "CAA"}, None, LOOK),
        ({"type": "CNAME", "name": "_1.www.example.com"}, None, LOOK),
        ({"type": "MX"}, None, DANGEROUS),
        ({}, {"name": "api.example.com"}, DANGEROUS),
    ],
)
def test_a_record_that_goes(gone, stays, verdict):
    record = change("route53/record", "delete", {**RECORD, **gone}, name="gone")
    others = [] if stays is None else [change("route53/record", "create", after={**RECORD, **stays}, name="stays")]
    assert the_one(record, *others)[0] is verdict


def test_another_certificate_is_compared_by_its_names():
    def certificate(name, op, *names):
        sides = {"domainName": names[0], "subjectAlternativeNames": [*names]}
        return change("acm/certificate", op, sides, sides, name=name)

    listener = change("lb/listener", before={"certificateArn": "a"}, after={"certificateArn": "b"}, name="listener")
    listener = replace(
        listener,
        before=replace(listener.before, links={"certificateArn": ("urn:old",)}),
        after=replace(listener.after, links={"certificateArn": ("urn:new",)}),
    )
    old = certificate("old", "same", "www.example.com")
    covers, other = certificate("new", "create", "*.example.com"), certificate("new", "create", "example.org")
    assert the_one(listener, old, covers)[0] is LOOK
    verdict, title = the_one(listener, old, other)
    assert verdict is DANGEROUS
    assert "presents a certificate that does not cover www.example.com" in title
    assert the_one(listener)[0] is LOOK  # the names of neither are known


def test_many_that_go_are_told_together():
    gone = [change("lambda/function", "delete", {"runtime": "python3.13"}, name=f"f{at}") for at in range(3)]
    assert the_one(*gone) == (DANGEROUS, "3 of lambda/Function are deleted: whoever invokes it gets an error")


@pytest.mark.parametrize(
    "token", ["alb/listener", "elasticloadbalancingv2/listener", "applicationloadbalancing/listener"]
)
def test_other_names_of_a_type_are_known(token):
    assert the_one(change(token, "delete", {"port": 80}))[0] is DANGEROUS


@pytest.mark.parametrize("odd", [None, [], "text", 7, [None], [7], {"a": None}, UNKNOWN, SECRET])
def test_values_of_any_shape_are_read(odd):
    everything = (
        "actions", "aliases", "certificateArn", "conditions", "defaultActions", "deploymentMinimumHealthyPercent",
        "desiredCount", "domainName", "engineVersion", "healthCheck", "instanceClass", "loadBalancers", "name",
        "networkConfiguration", "parameters", "port", "records", "routes", "rules", "subnets", "taskDefinition", "ttl",
        "type", "zoneId",
    )  # fmt: skip
    tokens = (
        "ecs/service", "ecs/taskDefinition", "lb/listener", "lb/listenerRule", "lb/targetGroup", "lb/loadBalancer",
        "route53/record", "acm/certificate", "ec2/routeTable", "ec2/route", "ec2/vpcEndpoint", "rds/instance",
        "rds/parameterGroup", "wafv2/webAcl", "cloudfront/distribution",
    )  # fmt: skip
    for token in tokens:
        for op in ("update", "replace", "delete", "create"):
            told(change(token, op, dict.fromkeys(everything, odd), dict.fromkeys(everything, "x")))
            told(change(token, op, dict.fromkeys(everything, "x"), dict.fromkeys(everything, odd)))


SECRET_ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:token-AbCdEf"


def definition(arn):
    return {"containerDefinitions": json.dumps([{"name": "api", "secrets": [{"name": "T", "valueFrom": arn}]}])}


def test_what_goes_and_is_still_named_in_plain_text_is_missed():
    gone = change("secretsmanager/secret", "delete", {"name": "token"}, name="secret", outputs={"arn": SECRET_ARN})
    user = change("ecs/taskDefinition", "same", definition(f"{SECRET_ARN}:password::"), name="task")
    verdict, title = the_one(gone, user)
    assert verdict is DANGEROUS
    assert "is deleted, and ecs/Taskdefinition urn:task still names the old one in plain text" in title
    other = change("ecs/taskDefinition", "same", definition(SECRET_ARN.replace("AbCdEf", "GhIjKl")), name="task")
    assert told(gone, other) == []
    alarm = change("cloudwatch/metricAlarm", "same", {"alarmActions": [SECRET_ARN]}, name="alarm")
    assert the_one(gone, alarm)[0] is LOOK
    assert told(replace(gone, before=replace(gone.before, retain=True)), user) == []


def test_what_has_the_identity_of_what_stays_is_not_what_is_named():
    gone = change("secretsmanager/secretPolicy", "delete", {}, name="policy", outputs={"id": SECRET_ARN})
    stays = change("secretsmanager/secret", "same", {}, name="secret", outputs={"arn": SECRET_ARN})
    user = change("ecs/taskDefinition", "same", definition(SECRET_ARN), name="task")
    assert len(told(gone, user)) == 1
    assert told(gone, stays, user) == []


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def sdk_properties(of_kind):
    """The arguments of a kind's class in the SDK; read and not imported, which takes a second for each module."""
    module, name = of_kind.split("/")
    package = "lambda_" if module == "lambda" else module
    text = (Path(pulumi_aws.__file__).parent / package / f"{snake(name)}.py").read_text(encoding="utf-8")
    assert f"'aws:{of_kind}:" in text
    return set(re.findall(r"^                 (\w+): ", text, re.MULTILINE))


TABLES = [*serving.SERVING.items(), *restarts.WAITING.items(), *restarts.AT_ONCE.items(), *switches.SWITCHES.items()]


@pytest.mark.parametrize(("of_kind", "rows"), TABLES, ids=[of_kind for of_kind, _ in TABLES])
def test_kinds_and_properties_are_the_sdks(of_kind, rows):
    paths = [snake(row.path.split(".")[0]) for row in rows] if isinstance(rows, tuple) else []
    assert {*paths} <= sdk_properties(of_kind)


@pytest.mark.parametrize(
    ("type_", "known"),
    [
        ("gcp:compute/forwardingRule:ForwardingRule", False),
        ("kubernetes:batch/v1:CronJob", False),
        ("aws:quicksight/dashboard:Dashboard", False),
        ("aws:cloudwatch/metricAlarm:MetricAlarm", True),
        ("aws:dynamodb/table:Table", True),
        ("aws:ec2/flowLog:FlowLog", True),
        ("random:index/randomPet:RandomPet", True),
    ],
)
def test_of_a_kind_that_is_not_known_that_is_said(type_, known):
    gone = change("x/y", "delete", {})
    gone = replace(gone, before=replace(gone.before, type=type_))
    assert [verdict for verdict, title in told(gone) if "knows nothing of" in title] == ([] if known else [LOOK])


def test_an_identifier_of_pulumis_own_is_no_rename():
    given = change("rds/instance", before={"identifier": "a"}, after={"identifier": "b", "applyImmediately": True})
    assert the_one(given)[0] is DANGEROUS
    generated = replace(given, after=replace(given.after, declared=frozenset({"engine"})))
    assert told(generated) == []


def test_a_way_out_that_nothing_needs_any_more_is_missed_less():
    out = {"destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1", "routeTableId": "x"}
    route = change("ec2/route", "delete", out, name="out", links={"routeTableId": ["table"]})
    table = change("ec2/routeTable", "same", {}, name="table")
    links = {"routeTableId": ["table"], "subnetId": ["subnet"]}
    uses = change("ec2/routeTableAssociation", "same", {"subnetId": "s", "routeTableId": "x"}, name="uses", links=links)
    subnet = change("ec2/subnet", "same", {}, name="subnet")
    inside = {"networkConfiguration": {"subnets": ["s"]}}
    stays = change("ecs/service", "same", inside, name="api", links={"networkConfiguration": ["subnet"]})
    moves = replace(stays, op="update", after=replace(stays.after, props={}, links={}))
    group = change("rds/subnetGroup", "same", {"subnetIds": ["s"]}, name="db", links={"subnetIds": ["subnet"]})

    def verdict(*others):
        return max(one for one, _ in told(route, table, uses, subnet, *others))

    assert verdict() is DANGEROUS
    assert verdict(stays) is DANGEROUS
    assert verdict(moves) is LOOK
    assert verdict(group) is LOOK
    waits = replace(moves, after=replace(moves.after, dependencies=("urn:subnet",)))
    assert verdict(waits) is LOOK
    endpoint = change("ec2/vpcEndpoint", "create", after={}, name="sqs", links={"subnetIds": ["subnet"]})
    assert verdict(stays, endpoint) is LOOK
    assert verdict(stays, replace(endpoint, op="same", before=endpoint.after)) is DANGEROUS


def test_what_comes_in_the_place_of_another_is_told_beside_it():
    service = {"desiredCount": 2, "cluster": "main", "waitForSteadyState": True}
    old, new = (
        change("ecs/service", "delete", service, name="old"),
        change("ecs/service", "create", after=service, name="new"),
    )
    assert the_one(old, new)[0] is LOOK
    at_once = {"desiredCount": 2, "cluster": "main"}
    old, new = (
        change("ecs/service", "delete", at_once, name="old"),
        change("ecs/service", "create", after=at_once, name="new"),
    )
    assert the_one(old, new)[0] is DANGEROUS
    code = {"runtime": "python3.13", "handler": "app.main"}
    old, new = (
        change("lambda/function", "delete", code, name="old"),
        change("lambda/function", "create", after=code, name="new"),
    )
    assert the_one(old, new)[0] is LOOK
    assert the_one(old)[0] is DANGEROUS


@pytest.mark.parametrize(
    ("token", "given"), [("lb/loadBalancer", True), ("apigatewayv2/api", True), ("lambda/function", False)]
)
@pytest.mark.parametrize("op", ["delete", "replace"])
def test_a_name_that_aws_gives_does_not_come_back(token, given, op):
    (found,) = find(Preview("test", (change(token, op, {"a": 1}, {"a": 2}, first=False),)))
    assert found.irreversible is given


def test_of_a_deployment_that_can_not_be_read_that_is_said(monkeypatch):
    def too_deep(_):
        raise RecursionError

    monkeypatch.setattr("infra.review.compared.differences", too_deep)
    task = change(
        "ecs/taskDefinition", "replace", {"containerDefinitions": "{}"}, {"containerDefinitions": "[]"}, name="t"
    )
    new, linked = service(taskDefinition="api:2"), {"taskDefinition": ("urn:t",)}
    new = replace(new, before=replace(new.before, links=linked), after=replace(new.after, links=linked))
    verdict, title = the_one(task, new)
    assert verdict is LOOK
    assert "can't be read here" in title


@pytest.mark.parametrize("hidden", [UNKNOWN, SECRET])
def test_what_is_not_known_yet_is_not_said_to_be_off(hidden):
    public = {"networkConfiguration": {"assignPublicIp": True}}
    found = told(change("ecs/service", before=public, after={"networkConfiguration": hidden}))
    assert [verdict for verdict, _ in found] == [LOOK]
    assert not any("public addresses" in title for _, title in found)
    assert (
        told(change("ec2/vpcEndpoint", before={"privateDnsEnabled": True}, after={"privateDnsEnabled": hidden})) == []
    )


@pytest.mark.parametrize(("opens", "said"), [(8080, False), ("8080", False), (9090, True), (UNKNOWN, True)])
def test_a_port_that_no_container_opens_is_said(opens, said):
    mapping = {} if opens is UNKNOWN else {"containerPort": opens}
    containers = json.dumps([{"name": "api", "portMappings": [mapping]}])
    task = change(
        "ecs/taskDefinition", "replace", {"containerDefinitions": "[]"}, {"containerDefinitions": containers}, name="t"
    )
    props = {"taskDefinition": "api:1", "loadBalancers": [{"containerName": "api", "containerPort": 8080}]}
    new = change(
        "ecs/service", before=props, after={**props, "taskDefinition": "api:2"}, links={"taskDefinition": ["t"]}
    )
    assert any("which its task does not open" in title for _, title in told(task, new)) is said


@pytest.mark.parametrize(
    ("token", "op", "after", "verdict"),
    [
        ("secretsmanager/secretRotation", "create", {}, LOOK),
        ("secretsmanager/secretRotation", "create", {"rotateImmediately": False}, None),
        ("appautoscaling/scheduledAction", "create", {"scalableTargetAction": {"maxCapacity": 0}}, LOOK),
        ("appautoscaling/scheduledAction", "create", {"scalableTargetAction": {"maxCapacity": 2}}, None),
        ("lambda/function", "create", {"reservedConcurrentExecutions": 0}, None),
    ],
)
def test_what_is_new_and_stops_others(token, op, after, verdict):
    assert max((one for one, _ in told(change(token, op, after=after))), default=None) is verdict


def test_a_new_secret_is_rotated_without_harm():
    rotation = change(
        "secretsmanager/secretRotation", "create", after={}, name="rotation", links={"secretId": ["secret"]}
    )
    secret = change("secretsmanager/secret", "create", after={}, name="secret")
    assert told(secret, rotation) == []
    assert the_one(replace(secret, op="same", before=secret.after), rotation)[0] is LOOK
