"""AWS WAF."""

from collections.abc import Iterator

from infra.policy.resources import Resource, Stack
from infra.policy.rule import Severity, rule

WEB_ACL = "aws:wafv2/webAcl:WebAcl"


@rule(
    "waf-rules", WEB_ACL, control="WAF.10", severity=Severity.MEDIUM,
    why="A firewall without rules lets everything through, and looks like one.",
    mend="Add rules, or remove the web ACL.",
)  # fmt: skip
def has_rules(acl: Resource, _: Stack) -> Iterator[str]:
    if not acl.get("rules"):
        yield "has no rule"


@rule(
    "waf-metrics", WEB_ACL, control="WAF.12", severity=Severity.MEDIUM,
    why="Nobody sees what a rule blocks.",
    mend="Set cloudwatch_metrics_enabled in each visibility_config.",
)  # fmt: skip
def metrics(acl: Resource, _: Stack) -> Iterator[str]:
    for entry in acl.get("rules", []):
        if entry.get("visibilityConfig", {}).get("cloudwatchMetricsEnabled") is not True:
            yield f"does not measure its rule {entry.get('name')}"


@rule(
    "waf-logging", WEB_ACL, severity=Severity.MEDIUM,
    why="Whoever is refused can't be told why.",
    mend="Add an aws.wafv2.WebAclLoggingConfiguration.",
)  # fmt: skip
def logging(acl: Resource, stack: Stack) -> Iterator[str]:
    if not stack.referring("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration", "resourceArn", acl):
        yield "logs nothing"


@rule(
    "waf-redacted", "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration", severity=Severity.HIGH,
    why="Who reads the log can be anyone in it.",
    mend="Name the headers authorization and cookie in redacted_fields.",
)  # fmt: skip
def redacted(logs: Resource, _: Stack) -> Iterator[str]:
    hidden = {entry.get("singleHeader", {}).get("name", "").lower() for entry in logs.get("redactedFields", [])}
    if missing := sorted({"authorization", "cookie"} - hidden):
        yield f"logs the header{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
