"""What guards a connection on its way, encryption or a login; and where one of them goes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.policy.resources import Hidden
from infra.review.attached import BALANCERS, LISTENER_RULES, LISTENERS
from infra.review.finding import Finding, Section, Verdict
from infra.review.preview import Change, Preview, State
from infra.review.reachability import Side
from infra.review.references import References, leaves

_TLS: Final = ("HTTPS", "TLS")
_LOGINS: Final = ("authenticate-oidc", "authenticate-cognito", "jwt-validation")


@dataclass(frozen=True)
class Guard:
    """A property that guards something: what it must be, what it is where it is not given, and what goes with it."""

    path: str
    safe: tuple[Any, ...]
    default: Any
    goes: str
    verdict: Verdict = Verdict.LOOK


_IMDS: Final = (
    "answers for its metadata without a token (IMDSv1): a request forged through a service on it can take its role's"
    " credentials"
)
#: Source: the AWS provider's schema, pulumi_aws 7, and what AWS takes where a property is not given.
_GUARDS: Final[Mapping[str, tuple[Guard, ...]]] = {
    "aws:elasticache/replicationGroup:ReplicationGroup": (
        Guard("transitEncryptionEnabled", (True,), None, "no longer encrypts what is on its way"),
        Guard("transitEncryptionMode", ("required", None), None, "takes connections without TLS"),
    ),
    "aws:elasticache/cluster:Cluster": (
        Guard("transitEncryptionEnabled", (True,), None, "no longer encrypts what is on its way"),
    ),
    "aws:memorydb/cluster:Cluster": (Guard("tlsEnabled", (True,), True, "no longer encrypts what is on its way"),),
    "aws:msk/cluster:Cluster": (
        Guard("encryptionInfo.encryptionInTransit.clientBroker", ("TLS",), "TLS", "takes connections without TLS"),
        Guard(
            "encryptionInfo.encryptionInTransit.inCluster",
            (True,),
            True,
            "no longer encrypts what its brokers say to each other",
        ),
        Guard(
            "clientAuthentication.unauthenticated",
            (False,),
            False,
            "lets clients in without a login",
            Verdict.DANGEROUS,
        ),
    ),
    "aws:opensearch/domain:Domain": (
        Guard("domainEndpointOptions.enforceHttps", (True,), False, "takes requests without TLS"),
        Guard("nodeToNodeEncryption.enabled", (True,), False, "no longer encrypts what its nodes say to each other"),
        Guard("advancedSecurityOptions.enabled", (True,), False, "no longer asks for a login", Verdict.DANGEROUS),
    ),
    "aws:rds/proxy:Proxy": (Guard("requireTls", (True,), False, "takes connections without TLS"),),
    "aws:cloudfront/distribution:Distribution": (
        Guard(
            "defaultCacheBehavior.viewerProtocolPolicy",
            ("redirect-to-https", "https-only"),
            None,
            "answers in plain text, without TLS",
        ),
        Guard("webAclId", ("*",), None, "loses its web firewall"),
    ),
    "aws:lb/targetGroup:TargetGroup": (
        Guard("protocol", _TLS, "HTTP", "is spoken to in plain text by its load balancer"),
    ),
    "aws:ec2/instance:Instance": (Guard("metadataOptions.httpTokens", ("required",), "optional", _IMDS),),
    "aws:ec2/launchTemplate:LaunchTemplate": (Guard("metadataOptions.httpTokens", ("required",), "optional", _IMDS),),
    "aws:ec2/launchConfiguration:LaunchConfiguration": (
        Guard("metadataOptions.httpTokens", ("required",), "optional", _IMDS),
    ),
    **dict.fromkeys(
        BALANCERS,
        (
            Guard("dropInvalidHeaderFields", (True,), False, "passes malformed headers on"),
            Guard("desyncMitigationMode", ("defensive", "strictest"), "defensive", "passes on what smuggles requests"),
        ),
    ),
    "aws:apigatewayv2/domainName:DomainName": (
        Guard("domainNameConfiguration.securityPolicy", ("TLS_1_2",), "TLS_1_2", "takes old TLS"),
    ),
    "aws:apigateway/domainName:DomainName": (Guard("securityPolicy", ("TLS_1_2",), "TLS_1_2", "takes old TLS"),),
    "aws:ssm/parameter:Parameter": (
        Guard("type", ("SecureString",), "String", "keeps its value in plain text: whoever may list it may read it"),
    ),
    "aws:redshift/cluster:Cluster": (
        Guard("enhancedVpcRouting", (True,), False, "copies its data over the internet's ways"),
    ),
}
#: Parameters of databases that demand TLS, and what they say when they do.
_PARAMETERS: Final = {
    "rds.force_ssl": ("1", "on", "true"),
    "require_secure_transport": ("1", "on", "true"),
    "require_ssl": ("1", "on", "true"),
    "tls": ("enabled", "tls1.2+", "tls1.3+", "fips-140-3"),
    "neptune_enforce_ssl": ("1",),
}
_PARAMETER_GROUPS: Final = {
    "aws:rds/parameterGroup:ParameterGroup": "parameters",
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": "parameters",
    "aws:redshift/parameterGroup:ParameterGroup": "parameters",
    "aws:docdb/clusterParameterGroup:ClusterParameterGroup": "parameters",
    "aws:neptune/clusterParameterGroup:ClusterParameterGroup": "parameters",
}


def find(preview: Preview, references: References, before: Side, after: Side) -> Iterator[Finding]:
    """Of each change, the guards that go with it."""
    way = _Way(references, before, after)
    for change in preview.changed:
        old, new = before.states.get(change.urn), after.states.get(change.urn)
        if new is not None and old is not None:
            for guard in _GUARDS.get(change.type, ()):
                yield from _gone(change, old, new, guard)
            if change.type in _PARAMETER_GROUPS:
                yield from _parameters(change, old, new, _PARAMETER_GROUPS[change.type])
        if change.type in LISTENERS:
            yield from way.listener(change, old, new)
        elif change.type in LISTENER_RULES:
            yield from _login(change, old, new, "actions")


def _gone(change: Change, before: State, after: State, guard: Guard) -> Iterator[Finding]:
    old, new = (_value(side, guard) for side in (before, after))
    if old == new or not _guards(guard, old) or _guards(guard, new):
        return
    if isinstance(new, Hidden):
        title = f"whether {change.label} still guards what it did can't be known: {guard.path} is {new.why}"
        yield Finding(section=Section.BLIND_SPOTS, verdict=Verdict.LOOK, title=title, resource=change.urn)
        return
    title = f"{change.label} {guard.goes}"
    yield _finding(change, guard.verdict, title, [f"{guard.path}: {_shown(old)} -> {_shown(new)}"])


def _value(state: State, guard: Guard) -> Any:
    head, _, rest = guard.path.partition(".")
    found = next(leaves(state.raw(head), rest), None)
    return guard.default if found is None else found


def _guards(guard: Guard, value: Any) -> bool:
    return value in guard.safe or ("*" in guard.safe and value not in (None, ""))


def _shown(value: Any) -> str:
    return f"({value.why})" if isinstance(value, Hidden) else "nothing" if value is None else str(value)


def _parameters(change: Change, before: State, after: State, path: str) -> Iterator[Finding]:
    old, new = (_named(side, path) for side in (before, after))
    for name, demanding in _PARAMETERS.items():
        if old.get(name) in demanding and name in old and new.get(name) not in demanding:
            title = f"{change.label} no longer demands TLS: connections may be in plain text"
            yield _finding(change, Verdict.LOOK, title, [f"{name}: {old[name]} -> {new.get(name, 'the default')}"])


def _named(state: State, path: str) -> dict[str, str]:
    entries = [one for one in leaves(state.raw(path)) if isinstance(one, Mapping)]
    return {str(one.get("name")): str(one.get("value")).lower() for one in entries}


class _Way:
    def __init__(self, references: References, before: Side, after: Side) -> None:
        self.references, self.before, self.after = references, before, after

    def listener(self, change: Change, before: State | None, after: State | None) -> Iterator[Finding]:
        """A door without TLS, with weaker TLS, or without the login that it had."""
        if after is None:
            return
        balancer, public = self._of(after)
        old, new = (_plain(side) if side else None for side in (before, after))
        port = _shown(after.raw("port"))
        secure_before = before is not None and str(before.raw("protocol")) in _TLS
        if secure_before and str(after.raw("protocol")) not in _TLS:
            title = f"{balancer} no longer speaks TLS on {port}: what is said is plain text, and clients of HTTPS fail"
            yield _finding(change, Verdict.DANGEROUS if public else Verdict.LOOK, title, [_said(before, after)])
        elif new and not old:
            whence = "from the internet" if public else "inside of its network"
            title = f"{balancer} answers in plain text, without TLS, on {port} {whence}"
            yield _finding(change, Verdict.LOOK if public else Verdict.SAFE, title, [_said(before, after)])
        if before is not None:
            yield from _tls_policy(change, before, after)
            yield from _login(change, before, after, "defaultActions")
            if before.raw("mutualAuthentication.mode") == "verify" != after.raw("mutualAuthentication.mode"):
                title = f"{balancer} no longer asks for a client's certificate on {port}"
                yield _finding(change, Verdict.DANGEROUS if public else Verdict.LOOK, title)

    def _of(self, listener: State) -> tuple[str, bool]:
        """The balancer's name, and whether it is the internet's."""
        arn = listener.raw("loadBalancerArn")
        for urn in self.references.of(listener, [arn], "loadBalancerArn", BALANCERS)[0]:
            if (node := self.after.nodes.get(urn)) is not None:
                return node.label, node.routable is not False
        return f"the load balancer of lb/Listener {listener.name}", True


def _plain(listener: State) -> bool:
    """Whether it answers in plain text; to send on to HTTPS is no answer."""
    return _is_http(listener) and not sends_on(listener)


def sends_on(listener: State) -> bool:
    """Whether all that a listener in plain text does is to send on to HTTPS, or to refuse."""
    entries = [one for one in leaves(listener.raw("defaultActions")) if isinstance(one, Mapping)]
    return _is_http(listener) and bool(entries) and all(_harmless(one) for one in entries)


def _is_http(listener: State) -> bool:
    return str(listener.raw("protocol") or "HTTP") == "HTTP"


def _harmless(action: Mapping[str, Any]) -> bool:
    if action.get("type") == "redirect":
        redirect = next(leaves(action.get("redirect")), None)
        protocol = redirect.get("protocol") if isinstance(redirect, Mapping) else None
        return protocol == "HTTPS"
    response = next(leaves(action.get("fixedResponse")), None)
    status = str(response.get("statusCode") or "") if isinstance(response, Mapping) else ""
    return action.get("type") == "fixed-response" and status[:1] in ("4", "5")


def _said(before: State | None, after: State) -> str:
    sides = [
        f"{_shown(side.raw('protocol') or 'HTTP')} :{_shown(side.raw('port'))} {_types(side)}"
        if side
        else "no listener"
        for side in (before, after)
    ]
    return " -> ".join(sides)


def _types(listener: State) -> str:
    return ", ".join(str(one) for one in leaves(listener.raw("defaultActions"), "type") if isinstance(one, str))


def _login(change: Change, before: State | None, after: State | None, path: str) -> Iterator[Finding]:
    if before is None or after is None:
        return
    old, new = ({str(one) for one in leaves(side.raw(path), "type")} for side in (before, after))
    if old & {*_LOGINS} and not new & {*_LOGINS}:
        title = f"{change.label} no longer asks for a login: whoever reaches it gets through"
        yield _finding(
            change, Verdict.DANGEROUS, title, [f"actions: {', '.join(sorted(old))} -> {', '.join(sorted(new))}"]
        )


def _tls_policy(change: Change, before: State, after: State) -> Iterator[Finding]:
    old, new = (side.raw("sslPolicy") or _OLDEST for side in (before, after))
    both = str(before.raw("protocol")) in _TLS and str(after.raw("protocol")) in _TLS
    if not both or not isinstance(old, str) or not isinstance(new, str):
        return
    if _strength(new) < _strength(old):
        title = f"{change.label} takes older TLS: {old} -> {new}"
        yield _finding(change, Verdict.LOOK, title)


_OLDEST: Final = "ELBSecurityPolicy-2016-08"


def _strength(policy: str) -> int:
    """An order of the policies. Source: ELB User Guide, "Security policies for your Application Load Balancer"."""
    words = policy.upper()
    if "TLS13-1-3" in words:
        return 6
    weaker = 1 if "-EXT" in words else 0
    if "TLS13-1-2" in words or "TLS-1-2" in words or "FS-1-2" in words:
        stronger = 1 if "-RES" in words or "TLS13-1-2" in words else 0
        return 4 + stronger - weaker
    if "1-1" in words:
        return 2
    return 1


def _finding(change: Change, verdict: Verdict, title: str, details: Iterable[str] = ()) -> Finding:
    return Finding(section=Section.EXPOSURE, verdict=verdict, title=title, resource=change.urn, details=tuple(details))
