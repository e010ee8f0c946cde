"""The way in: HTTPS, names, login, web firewall and access logs, each where it is configured."""

import pulumi
import pytest

DOMAIN = {"name": "todos.example.com", "zoneId": "Z0123456789ABC"}
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0f1e2d3c"
OIDC = {
    "issuer": "https://login.example.com",
    "authorizationEndpoint": "https://login.example.com/authorize",
    "tokenEndpoint": "https://login.example.com/token",
    "userInfoEndpoint": "https://login.example.com/userinfo",
    "clientId": "backlog",
    "clientSecret": "correct-horse",
    "sessionSeconds": 3_600,
}


def listeners(stack):
    return {(one.inputs["port"], one.inputs["protocol"]): one.inputs["defaultActions"] for one in stack.all("Listener")}


def opened(stack):
    rules = [rule.inputs for rule in stack.all("SecurityGroupIngressRule")]
    return {rule["fromPort"] for rule in rules if rule["securityGroupId"] == "load-balancer-id"}


def revealed(resource, prop):
    """A property that holds a secret, which Pulumi wraps as a whole."""
    return resource.inputs[prop]["value"]


EITHER = pytest.mark.parametrize(
    "changes", [{"domain": DOMAIN}, {"certificateArn": CERTIFICATE}], ids=["domain", "certificate"]
)


@pytest.fixture
def with_login(run_program):
    changes = {"backlog:domain": DOMAIN, "backlog:oidc": OIDC, "backlog:api": {"access": "login"}}
    return run_program("dev", changes, secret=["backlog:oidc"])


def test_without_a_certificate_there_is_one_listener_that_forwards(dev):
    ((port, (action,)),) = listeners(dev).items()
    assert port == (80, "HTTP")
    assert action["type"] == "forward"
    assert action["targetGroupArn"].endswith(":TargetGroup/api-0123456")
    assert opened(dev) == {80}


@pytest.mark.parametrize(
    "changes", [{"domain": DOMAIN}, {"certificateArn": CERTIFICATE}], ids=["domain", "certificate"]
)
def test_with_a_certificate_http_only_leads_to_https(declare, changes):
    stack = declare("dev", **changes)
    found = listeners(stack)
    assert found.keys() == {(80, "HTTP"), (443, "HTTPS")}
    (redirect,), (forward,) = found[80, "HTTP"], found[443, "HTTPS"]
    assert redirect == {"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}}
    assert forward["type"] == "forward"
    assert opened(stack) == {80, 443}


def test_https_is_modern_and_browsers_keep_to_it(declare):
    https = declare("dev", certificateArn=CERTIFICATE).one("Listener", "api-https").inputs
    assert https["sslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
    assert https["certificateArn"] == CERTIFICATE
    assert https["routingHttpResponseStrictTransportSecurityHeaderValue"] == "max-age=31536000"


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({"domain": DOMAIN}, "https://todos.example.com/"),
        ({"certificateArn": CERTIFICATE}, "https://api-0123456.elb.amazonaws.com/"),
        ({"listenerPort": 8080}, "http://api-0123456.elb.amazonaws.com:8080/"),
    ],
)
def test_the_url_is_where_people_go(declare, changes, url):
    assert declare("dev", **changes).exports["url"] == url


def test_turning_https_on_keeps_the_listener_that_was_there(declare, dev):
    assert dev.one("Listener", "api").urn == declare("dev", domain=DOMAIN).one("Listener", "api").urn


def test_each_name_is_validated_once_and_a_wildcard_by_the_name_below_it(declare):
    names = ["*.todos.example.com", "tasks.example.com"]
    stack = declare("dev", domain={**DOMAIN, "alternativeNames": names})
    assert stack.one("Certificate", "api").inputs["subjectAlternativeNames"] == names
    records = {record.name: record.inputs for record in stack.all("Record") if record.inputs["type"] == "CNAME"}
    assert records.keys() == {"validation-todos-example-com", "validation-tasks-example-com"}
    tasks = records["validation-tasks-example-com"]
    assert (tasks["name"], tasks["records"]) == ("_of.tasks.example.com.", ["_value-of.tasks.example.com."])
    assert {record["zoneId"] for record in records.values()} == {"Z0123456789ABC"}


def test_the_listener_waits_until_the_certificate_is_issued(declare):
    stack = declare("dev", domain=DOMAIN)
    validation = stack.one("CertificateValidation", "api")
    assert validation.inputs["validationRecordFqdns"] == ["_of.todos.example.com"]
    assert validation.urn in stack.one("Listener", "api-https").dependencies


def test_every_name_leads_to_the_load_balancer(declare):
    stack = declare("dev", domain={**DOMAIN, "alternativeNames": ["*.todos.example.com"]})
    aliases = {record.name: record.inputs for record in stack.all("Record") if record.inputs["type"] == "A"}
    assert {name: alias["name"] for name, alias in aliases.items()} == {
        "alias-todos-example-com": "todos.example.com",
        "alias-any-todos-example-com": "*.todos.example.com",
    }
    (target,) = aliases["alias-todos-example-com"]["aliases"]
    assert (target["name"], target["zoneId"]) == ("api-0123456.elb.amazonaws.com", "Z-of-balancer")


def test_people_log_in_before_they_are_forwarded(with_login):
    login, forward = revealed(with_login.one("Listener", "api-https"), "defaultActions")
    assert (login["type"], login["order"]) == ("authenticate-oidc", 1)
    assert (forward["type"], forward["order"]) == ("forward", 2)
    assert login["authenticateOidc"] == {
        "issuer": "https://login.example.com",
        "authorizationEndpoint": "https://login.example.com/authorize",
        "tokenEndpoint": "https://login.example.com/token",
        "userInfoEndpoint": "https://login.example.com/userinfo",
        "clientId": "backlog",
        "clientSecret": "correct-horse",
        "onUnauthenticatedRequest": "authenticate",
        "scope": "openid",
        "sessionCookieName": "backlog-session",
        "sessionTimeout": 3_600,
    }


def test_monitors_and_calendar_apps_pass_without_a_login_and_scripts_are_told_so(with_login):
    rules = {name: with_login.one("ListenerRule", f"api-{name}") for name in ("open", "tokens", "scripts")}
    paths = {name: rule.inputs["conditions"][0]["pathPattern"]["values"] for name, rule in rules.items()}
    assert paths == {"open": ["/api/v1/health", "/calendars/*"], "tokens": ["/api/*"], "scripts": ["/api/*"]}
    assert sorted(rules, key=lambda name: rules[name].inputs["priority"]) == ["open", "tokens", "scripts"]
    assert [action["type"] for action in rules["open"].inputs["actions"]] == ["forward"]
    login, _ = revealed(rules["scripts"], "actions")
    assert login["authenticateOidc"]["onUnauthenticatedRequest"] == "deny"


def test_the_api_is_told_whose_logins_count(with_login):
    told = {entry["name"]: entry["value"] for entry in with_login.containers("api")["api"]["environment"]}
    assert {name: value for name, value in told.items() if name == "ACCESS" or name.startswith("LOGIN_")} == {
        "ACCESS": "login",
        "LOGIN_CLIENT": "backlog",
        "LOGIN_ISSUER": "https://login.example.com",
        "LOGIN_SIGNER": "arn:aws:lb:us-east-1:210987654321:LoadBalancer/api-0123456",
    }


def test_a_program_with_a_token_is_left_to_the_api(with_login):
    rule = with_login.one("ListenerRule", "api-tokens").inputs
    assert rule["conditions"][1]["httpHeader"] == {"httpHeaderName": "Authorization", "values": ["Bearer blg_*"]}
    assert [action["type"] for action in rule["actions"]] == ["forward"]


def test_the_clients_secret_is_one_in_the_state_too(with_login):
    assert "defaultActions" in with_login.one("Listener", "api-https").secrets
    assert "actions" in with_login.one("ListenerRule", "api-scripts").secrets


def test_the_load_balancer_reaches_the_identity_provider_only_where_it_has_to_ask_it(with_login, dev):
    rule = with_login.one("SecurityGroupEgressRule", "load-balancer-to-identity-provider").inputs
    assert (rule["securityGroupId"], rule["fromPort"], rule["toPort"]) == ("load-balancer-id", 443, 443)
    assert not [r for r in dev.all("SecurityGroupEgressRule") if r.name.startswith("load-balancer-to-identity")]


def test_a_clients_secret_in_clear_is_refused(run_program):
    with pytest.raises(pulumi.RunError, match=r"oidc\.clientSecret: stands in clear.*pulumi config set"):
        run_program("dev", {"backlog:domain": DOMAIN, "backlog:oidc": OIDC})


def test_access_logs_go_to_a_bucket_that_only_their_delivery_writes_to(declare):
    stack = declare("dev", accessLogs={"days": 30})
    name = "api-access-logs"
    assert stack.one("LoadBalancer", "api").inputs["accessLogs"] == {"bucket": f"{name}-0123456", "enabled": True}
    delivery, tls = stack.json("BucketPolicy", name, "policy")["Statement"]
    bucket = "arn:aws:s3:us-east-1:210987654321:Bucket/api-access-logs-0123456"
    assert delivery["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert delivery["Resource"] == f"{bucket}/AWSLogs/210987654321/*"
    assert delivery["Condition"] == {
        "ArnLike": {"aws:SourceArn": "arn:aws:elasticloadbalancing:us-east-1:210987654321:loadbalancer/*"}
    }
    assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert tls["Resource"] == [bucket, f"{bucket}/*"]


def test_the_bucket_is_closed_encrypted_and_emptied_by_itself(declare):
    stack = declare("dev", accessLogs={"days": 30})
    name = "api-access-logs"
    blocked = stack.one("BucketPublicAccessBlock", name).inputs
    assert {key for key, value in blocked.items() if value is True} == {
        "blockPublicAcls",
        "blockPublicPolicy",
        "ignorePublicAcls",
        "restrictPublicBuckets",
    }
    assert stack.one("BucketOwnershipControls", name).inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    (encryption,) = stack.one("BucketServerSideEncryptionConfiguration", name).inputs["rules"]
    assert encryption == {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
    (rule,) = stack.one("BucketLifecycleConfiguration", name).inputs["rules"]
    assert (rule["status"], rule["expiration"]) == ("Enabled", {"days": 30})


def test_the_load_balancer_is_made_after_its_bucket_lets_it_write(declare):
    stack = declare("dev", accessLogs={"days": 30})
    assert stack.one("BucketPolicy", "api-access-logs").urn in stack.one("LoadBalancer", "api").dependencies


@pytest.mark.parametrize(("stack_name", "goes"), [("dev", True), ("prod", False)])
def test_logs_go_with_the_stack_unless_it_is_protected(declare, stack_name, goes):
    bucket = declare(stack_name, accessLogs={"days": 30}).one("Bucket", "api-access-logs")
    assert (bucket.inputs["forceDestroy"], bucket.protect) == (goes, not goes)


@pytest.fixture
def guarded(declare):
    return declare("dev", waf={"requestsPerFiveMinutes": 500})


def test_one_address_sends_so_many_requests_and_no_more(guarded):
    limit, *_ = guarded.one("WebAcl", "api").inputs["rules"]
    assert limit["statement"]["rateBasedStatement"] == {
        "aggregateKeyType": "IP",
        "evaluationWindowSec": 300,
        "limit": 500,
    }
    assert limit["action"] == {"block": {}}


def test_the_managed_rules_block_but_for_what_a_todo_may_say(guarded):
    acl = guarded.one("WebAcl", "api").inputs
    groups = {
        rule["name"]: rule["statement"]["managedRuleGroupStatement"].get("ruleActionOverrides", [])
        for rule in acl["rules"][1:]
    }
    assert groups.keys() == {
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesSQLiRuleSet",
    }
    assert [len(rule["overrideAction"]) for rule in acl["rules"][1:]] == [1] * 4
    counted = {group: [rule["name"] for rule in rules] for group, rules in groups.items() if rules}
    assert counted == {"AWSManagedRulesCommonRuleSet": ["SizeRestrictions_BODY", "GenericLFI_BODY", "GenericRFI_BODY"]}
    assert all(rule["actionToUse"] == {"count": {}} for rule in groups["AWSManagedRulesCommonRuleSet"])


def test_rules_are_asked_in_one_order_and_each_is_measured(guarded):
    acl = guarded.one("WebAcl", "api").inputs
    assert [rule["priority"] for rule in acl["rules"]] == list(range(5))
    assert (acl["scope"], acl["defaultAction"]) == ("REGIONAL", {"allow": {}})
    seen = [acl["visibilityConfig"], *(rule["visibilityConfig"] for rule in acl["rules"])]
    assert all(one["cloudwatchMetricsEnabled"] and one["sampledRequestsEnabled"] for one in seen)


def test_the_web_firewall_stands_before_the_load_balancer_and_logs_no_credentials(guarded):
    association = guarded.one("WebAclAssociation", "api").inputs
    assert association["resourceArn"].endswith(":LoadBalancer/api-0123456")
    logging = guarded.one("WebAclLoggingConfiguration", "api").inputs
    assert [field["singleHeader"]["name"] for field in logging["redactedFields"]] == ["authorization", "cookie"]
    (group,) = logging["logDestinationConfigs"]
    assert group.endswith("/aws-waf-logs-api-0123456")
    assert guarded.one("LogGroup", "aws-waf-logs-api").inputs["retentionInDays"] == 14


def test_much_that_is_blocked_is_told(guarded):
    alarm = guarded.one("MetricAlarm", "blocked-requests").inputs
    acl = guarded.one("WebAcl", "api").inputs["visibilityConfig"]["metricName"]
    assert (alarm["namespace"], alarm["metricName"], alarm["period"]) == ("AWS/WAFV2", "BlockedRequests", 60)
    assert alarm["dimensions"] == {"WebACL": acl, "Region": "us-east-1", "Rule": "ALL"}


@pytest.mark.parametrize(
    "changes", [{"domain": DOMAIN}, {"certificateArn": CERTIFICATE}], ids=["domain", "certificate"]
)
def test_a_certificate_that_nobody_renews_is_told_a_month_before(declare, changes):
    stack = declare("dev", **changes)
    alarm = stack.one("MetricAlarm", "certificate-expiry").inputs
    assert (alarm["namespace"], alarm["metricName"]) == ("AWS/CertificateManager", "DaysToExpiry")
    assert (alarm["threshold"], alarm["comparisonOperator"], alarm["period"]) == (30, "LessThanThreshold", 86_400)
    listener = stack.one("Listener", "api-https").inputs
    assert alarm["dimensions"] == {"CertificateArn": listener["certificateArn"]}


def test_nothing_of_it_is_there_where_nothing_is_configured(dev):
    kinds = ("Bucket", "WebAcl", "Certificate", "Record", "ListenerRule")
    assert [resource.name for kind in kinds for resource in dev.all(kind)] == []


def test_requests_go_to_the_task_that_has_fewest_of_them(stack):
    targets = stack.one("TargetGroup", "api").inputs
    assert targets["loadBalancingAlgorithmType"] == "least_outstanding_requests"
    assert "slowStart" not in targets  # AWS refuses the two together


def test_a_target_has_time_to_finish_before_it_is_killed(stack):
    delay = stack.one("TargetGroup", "api").inputs["deregistrationDelay"]
    environment = {pair["name"]: pair["value"] for pair in stack.containers("api")["api"]["environment"]}
    graceful, stop = int(environment["API_GRACEFUL_TIMEOUT_SECONDS"]), stack.containers("api")["api"]["stopTimeout"]
    assert delay < graceful < stop


def test_requests_that_two_would_read_differently_are_refused(stack):
    balancer = stack.one("LoadBalancer", "api").inputs
    assert (balancer["dropInvalidHeaderFields"], balancer["desyncMitigationMode"]) == (True, "defensive")
    assert balancer["enableDeletionProtection"] is stack.one("LoadBalancer", "api").protect
