"""Elastic Load Balancing."""

from collections.abc import Iterator

from infra.policy.levels import strictness
from infra.policy.resources import Hidden, NotEvaluable, Resource, Stack
from infra.policy.rule import Severity, rule

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LISTENER = "aws:lb/listener:Listener"
_ZONES = 2


@rule(
    "elb-https", LISTENER, control="ELB.1", severity=Severity.MEDIUM,
    why="Todos and passwords cross the internet in clear.",
    mend="Add a certificate and an HTTPS listener, and redirect the HTTP one to it.",
)  # fmt: skip
def https(listener: Resource, _: Stack) -> Iterator[str]:
    if listener.get("protocol", "HTTP") == "HTTP":
        actions = listener.raw("defaultActions") or []
        if isinstance(actions, Hidden):
            raise NotEvaluable(f"defaultActions is {actions.why}")
        for index in range(len(actions)):  # a target group's ARN in it may be unknown, and does not matter
            action = f"defaultActions.{index}"
            if listener.get(f"{action}.type") != "redirect" or listener.get(f"{action}.redirect.protocol") != "HTTPS":
                yield "answers in clear, and does not redirect to HTTPS"


@rule(
    "elb-tls-policy", LISTENER, control="ELB.17", severity=Severity.MEDIUM,
    why="Old protocols and ciphers can be broken.",
    mend="Set ssl_policy to ELBSecurityPolicy-TLS13-1-2-2021-06 or one of its stricter kin.",
)  # fmt: skip
def tls_policy(listener: Resource, _: Stack) -> Iterator[str]:
    if listener.get("protocol", "HTTP") in ("HTTPS", "TLS"):
        policy = listener.get("sslPolicy", "ELBSecurityPolicy-2016-08")
        if not policy.startswith(("ELBSecurityPolicy-TLS13-1-2-", "ELBSecurityPolicy-TLS13-1-3-")) or "Ext" in policy:
            yield f"takes old TLS ({policy})"


@rule(
    "elb-drop-headers", BALANCER, control="ELB.4", severity=Severity.MEDIUM,
    why="A malformed header may mean one thing to the balancer and another to the API.",
    mend="Set drop_invalid_header_fields.",
)  # fmt: skip
def drop_headers(balancer: Resource, _: Stack) -> Iterator[str]:
    if balancer.get("dropInvalidHeaderFields") is not True:
        yield "passes malformed headers on"


@rule(
    "elb-access-logs", BALANCER, control="ELB.5", severity=Severity.MEDIUM,
    why="Who asked for what is not known afterwards.",
    mend="Set backlog:accessLogs.",
)  # fmt: skip
def access_logs(balancer: Resource, _: Stack) -> Iterator[str]:
    if balancer.get("accessLogs.enabled") is not True:
        yield "keeps no access log"


@rule(
    "elb-deletion-protection", BALANCER, control="ELB.6", severity=Severity.MEDIUM,
    why="A deleted balancer comes back under another name.",
    mend="Set backlog:protect.",
)  # fmt: skip
def deletion_protection(balancer: Resource, stack: Stack) -> Iterator[str]:
    if strictness(stack.name).needs_protection and balancer.get("enableDeletionProtection") is not True:
        yield "can be deleted in one call"


@rule(
    "elb-desync", BALANCER, control="ELB.12", severity=Severity.MEDIUM,
    why="Requests that are read in two ways smuggle others past the balancer.",
    mend="Leave desync_mitigation_mode defensive, or set it to strictest.",
)  # fmt: skip
def desync(balancer: Resource, _: Stack) -> Iterator[str]:
    if (mode := balancer.get("desyncMitigationMode", "defensive")) not in ("defensive", "strictest"):
        yield f"has desync mitigation mode {mode}"


@rule(
    "elb-waf", BALANCER, control="ELB.16", severity=Severity.MEDIUM,
    why="Whoever floods the API, or tries what is known to break others, is let through.",
    mend="Set backlog:waf.",
)  # fmt: skip
def web_firewall(balancer: Resource, stack: Stack) -> Iterator[str]:
    association = "aws:wafv2/webAclAssociation:WebAclAssociation"
    if balancer.get("internal") is not True and not stack.referring(association, "resourceArn", balancer):
        yield "has no web ACL"


@rule(
    "elb-zones", BALANCER, control="ELB.13", severity=Severity.MEDIUM,
    why="When its one zone fails, nobody gets through.",
    mend="Give it a subnet in each of two zones.",
)  # fmt: skip
def zones(balancer: Resource, stack: Stack) -> Iterator[str]:
    subnets = stack.linked(balancer, "subnets", "aws:ec2/subnet:Subnet")
    if len(found := {subnet.get("availabilityZone") for subnet in subnets}) < _ZONES:
        yield f"is in {len(found)} zone"
