"""What lets anyone in that is no policy document: calls without a login, shared copies, doors on the internet."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from infra.policy.resources import Hidden
from infra.review.addresses import Breadth, Network, breadth, called, network, together, without
from infra.review.finding import Finding, Section, Verdict
from infra.review.preview import Change, State, label
from infra.review.references import References, leaves, read

_Switch = Callable[[Change, State | None, State | None, References], Iterator[Finding]]


def _permission(change: Change, before: State | None, after: State | None, references: References) -> Iterator[Finding]:
    """Source: AWS Lambda API Reference, AddPermission."""
    if after is None or (before is not None and _permits_anyone(before)) or not _permits_anyone(after):
        return
    functions = [label_of(urn, references) for urn in after.links.get("function", ()) if urn in references.types]
    title = f"anyone on the internet may call {functions[0] if functions else change.label}"
    yield _finding(change, Verdict.DANGEROUS, title, ["principal * without a source ARN, account or organisation"])


def _permits_anyone(state: State) -> bool:
    if state.raw("principal") != "*" or state.raw("functionUrlAuthType") == "AWS_IAM":
        return False
    return not any(state.raw(name) for name in ("sourceArn", "sourceAccount", "principalOrgId"))


def _url(change: Change, before: State | None, after: State | None, references: References) -> Iterator[Finding]:
    if after is None:
        return
    functions = [label_of(urn, references) for urn in after.links.get("functionName", ()) if urn in references.types]
    yield from _switched(
        change, before, after, "authorizationType", "NONE",
        f"anyone on the internet may call {functions[0] if functions else change.label}, without a login",
    )  # fmt: skip


def _switched(
    change: Change,
    before: State | None,
    after: State,
    path: str,
    word: Any,
    title: str,
    *,
    anew: Verdict = Verdict.DANGEROUS,
) -> Iterator[Finding]:
    """A property comes to be a word that opens something."""
    new, old = after.raw(path), before.raw(path) if before else None
    if isinstance(new, Hidden) and old != new:
        yield _spot(change, f"whether {change.label} lets anyone in can't be known: {path} is {new.why}")
    elif new == word and old != word:
        yield _finding(change, Verdict.DANGEROUS if before else anew, title, [f"{path}: {_shown(old)} -> {word}"])


def _method(change: Change, before: State | None, after: State | None, _: References) -> Iterator[Finding]:
    """A method of a REST API; OPTIONS is asked by browsers without a login, always."""
    if after is None or after.raw("httpMethod") == "OPTIONS" or after.raw("apiKeyRequired") is True:
        return
    title = f"anyone may call {change.label} without a login"
    yield from _switched(change, before, after, "authorization", "NONE", title, anew=Verdict.LOOK)


def _route(change: Change, before: State | None, after: State | None, _: References) -> Iterator[Finding]:
    if after is None or str(after.raw("routeKey")).startswith("OPTIONS "):
        return
    given = after if after.raw("authorizationType") is not None else _with(after, "authorizationType", "NONE")
    old = (
        before
        if before is None or before.raw("authorizationType") is not None
        else _with(before, "authorizationType", "NONE")
    )
    title = f"anyone may call {change.label} without a login"
    yield from _switched(change, old, given, "authorizationType", "NONE", title, anew=Verdict.LOOK)


def _with(state: State, name: str, value: Any) -> State:
    return State(type=state.type, urn=state.urn, props={**state.props, name: value})


def _shared(path: str, word: str, title: str) -> _Switch:
    """A copy of data that is given to every account, where a property has a word."""

    def switch(change: Change, before: State | None, after: State | None, _: References) -> Iterator[Finding]:
        new, old = ([*leaves(read(side, path))] if side else [] for side in (after, before))
        if word in new and word not in old:
            yield _finding(change, Verdict.DANGEROUS, title.format(change.label), [f"{path}: {word}"])

    return switch


def _cluster(change: Change, before: State | None, after: State | None, _: References) -> Iterator[Finding]:
    """The Kubernetes API of EKS is public unless it is told not to be. Source: EKS User Guide, "Cluster endpoint"."""
    if after is None:
        return
    old, new = (_callers(side) if side else frozenset[Network]() for side in (before, after))
    if came := without(new, old):
        world = breadth(new) is Breadth.WORLD and breadth(old) is not Breadth.WORLD
        verb = "reaches" if breadth(new) is Breadth.WORLD else "may newly reach"
        title = f"{called(new if world else came)} {verb} the Kubernetes API of {change.label}"
        yield _finding(change, Verdict.DANGEROUS if world and before else Verdict.LOOK, title)


def _callers(state: State) -> frozenset[Network]:
    if state.raw("vpcConfig.endpointPublicAccess") is False:
        return frozenset()
    blocks = [network(one) for one in leaves(state.raw("vpcConfig"), "publicAccessCidrs")] or [network("0.0.0.0/0")]
    return together(block for block in blocks if block is not None)


def _opened(path: str, word: Any, title: str, *, default: Any = None, anew: Verdict = Verdict.LOOK) -> _Switch:
    """A property that lets the internet, or anyone, in where it is a word."""

    def switch(change: Change, before: State | None, after: State | None, _: References) -> Iterator[Finding]:
        if after is not None:
            new = after if after.raw(path) is not None else _with(after, path, default)
            old = before if before is None or before.raw(path) is not None else _with(before, path, default)
            yield from _switched(change, old, new, path, word, title.format(change.label), anew=anew)

    return switch


def _domain(change: Change, before: State | None, after: State | None, _: References) -> Iterator[Finding]:
    """A search domain has its door in a VPC, or on the internet."""
    if before is not None and after is not None and before.raw("vpcOptions") and not after.raw("vpcOptions"):
        title = f"{change.label} leaves its VPC: its door is on the internet, and its policy alone keeps anyone out"
        yield _finding(change, Verdict.DANGEROUS, title)


def _subscription(change: Change, before: State | None, after: State | None, _: References) -> Iterator[Finding]:
    """Source: Amazon SNS Developer Guide, "HTTP/HTTPS endpoints": http is plain text."""
    if after is not None and after.raw("protocol") == "http" and (before is None or before.raw("protocol") != "http"):
        yield _finding(change, Verdict.LOOK, f"{change.label} sends its messages over the network in plain text")


def _rest_api(change: Change, before: State | None, after: State | None, _: References) -> Iterator[Finding]:
    if after is None or before is None:
        return
    if before.raw("policy") and not after.raw("policy"):
        title = f"{change.label} no longer has a policy, which could leave callers out"
        yield _finding(change, Verdict.LOOK, title)
    old, new = ([*leaves(side.raw("endpointConfiguration"), "types")] for side in (before, after))
    if "PRIVATE" in old and "PRIVATE" not in new:
        yield _finding(change, Verdict.DANGEROUS, f"the internet reaches {change.label}, which was private to its VPC")


def label_of(urn: str, references: References) -> str:
    """A resource by its URN."""
    return label(State(type=references.types[urn], urn=urn, props={}))


#: By type, what may open there.
DOORS: Final[Mapping[str, _Switch]] = {
    "aws:lambda/permission:Permission": _permission,
    "aws:lambda/functionUrl:FunctionUrl": _url,
    "aws:apigateway/method:Method": _method,
    "aws:apigatewayv2/route:Route": _route,
    "aws:apigateway/restApi:RestApi": _rest_api,
    "aws:opensearch/domain:Domain": _domain,
    "aws:elasticsearch/domain:Domain": _domain,
    "aws:sns/topicSubscription:TopicSubscription": _subscription,
    "aws:cognito/identityPool:IdentityPool": _opened(
        "allowUnauthenticatedIdentities", True, "anyone on the internet is given credentials by {0}, without a login"
    ),
    "aws:transfer/server:Server": _opened("endpointType", "PUBLIC", "the internet reaches {0}", default="PUBLIC"),
    "aws:apprunner/service:Service": _opened(
        "networkConfiguration.ingressConfiguration.isPubliclyAccessible", True, "the internet reaches {0}"
    ),
    "aws:appsync/graphQLApi:GraphQLApi": _opened(
        "authenticationType", "API_KEY", "anyone who has its key, which browsers show, may call {0}"
    ),
    "aws:eks/cluster:Cluster": _cluster,
    "aws:ec2/amiLaunchPermission:AmiLaunchPermission": _shared(
        "group", "all", "anyone may start {0}'s image, and read it"
    ),
    "aws:rds/snapshot:Snapshot": _shared("sharedAccounts", "all", "anyone may restore {0}, and read all of it"),
    "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy": _shared(
        "sharedAccounts", "all", "anyone may restore {0}, and read all of it"
    ),
    "aws:rds/snapshotCopy:SnapshotCopy": _shared("sharedAccounts", "all", "anyone may restore {0}, and read all of it"),
    "aws:cloudwatch/eventPermission:EventPermission": _shared("principal", "*", "anyone may send to {0}'s event bus"),
    "aws:lambda/layerVersionPermission:LayerVersionPermission": _shared("principal", "*", "anyone may use {0}'s layer"),
    "aws:ssm/document:Document": _shared("permissions.account_ids", "All", "anyone may read and run {0}"),
}


def _shown(value: Any) -> str:
    return f"({value.why})" if isinstance(value, Hidden) else "nothing" if value is None else str(value)


def _finding(change: Change, verdict: Verdict, title: str, details: Iterable[str] = ()) -> Finding:
    return Finding(section=Section.EXPOSURE, verdict=verdict, title=title, resource=change.urn, details=tuple(details))


def _spot(change: Change, title: str) -> Finding:
    return Finding(section=Section.BLIND_SPOTS, verdict=Verdict.LOOK, title=title, resource=change.urn)
