"""What serves: the kinds of resources that people and other programs rely on while they run, and what ends with one.

Resources that keep data are not here: that they go is a loss first, and a downtime second.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from infra.policy.resources import Hidden, Resource
from infra.review.changes import counted
from infra.review.finding import Finding, Section, Verdict
from infra.review.preview import Change, Preview, State
from infra.review.renames import renames

_SAFE, _LOOK, _DANGEROUS = Verdict.SAFE, Verdict.LOOK, Verdict.DANGEROUS
#: Other names of Pulumi's for the modules of load balancers.
_MODULES: Final = {"alb": "lb", "elasticloadbalancingv2": "lb", "applicationloadbalancing": "lb"}
#: Properties by which AWS knows a resource: two of a kind can't have the same at once.
_NAMES: Final = ("name", "roleName", "functionName", "identifier", "clusterIdentifier", "family")


@dataclass(frozen=True)
class Serving:
    """A kind of resource that serves.

    Attributes:
        gone: what its end does; goes on after "is deleted: " and "until the new one is there, ".
        changed: what its replacement changes for those who rely on it, though there is no gap.
        deleted, gap, beside: the verdicts of its deletion, of a replacement whose old one goes first, and of one whose
            new one stands beside the old one for a while.
        given: whether AWS gives it a name or address that nobody gets again: reverting brings back another.
    """

    gone: str
    changed: str = "what names the old one by its ARN or its name does not find the new one"
    deleted: Verdict = _DANGEROUS
    gap: Verdict = _DANGEROUS
    beside: Verdict = _LOOK
    given: bool = False


_URL: Final = "its URL is another one: who calls the old one finds nobody there"
_LINK: Final = "the networks that it joins don't reach each other"
_SCALES: Final = Serving("nothing scales it: the number of tasks stays as it is", "", _LOOK, _SAFE, _SAFE)
_STARTS: Final = Serving("what it starts is started no more", "", _LOOK, _LOOK, _SAFE)
_ROUTE: Final = Serving("requests for it fail", "", _DANGEROUS, _DANGEROUS, _LOOK)

#: By kind, see `kind`. ECS services, what directs traffic, names and networks have modules of their own.
SERVING: Final[Mapping[str, Serving]] = {
    "apigateway/restApi": Serving("its URL answers no more", _URL, beside=_DANGEROUS, given=True),
    "apigateway/stage": Serving("its URL answers no more", _URL, beside=_DANGEROUS),
    "apigateway/domainName": Serving("its name answers no more"),
    "apigateway/basePathMapping": _ROUTE,
    "apigateway/integration": _ROUTE,
    "apigateway/method": _ROUTE,
    "apigateway/resource": _ROUTE,
    "apigateway/vpcLink": _ROUTE,
    "apigatewayv2/api": Serving("its URL answers no more", _URL, beside=_DANGEROUS, given=True),
    "apigatewayv2/apiMapping": _ROUTE,
    "apigatewayv2/domainName": Serving("its name answers no more"),
    "apigatewayv2/integration": _ROUTE,
    "apigatewayv2/route": _ROUTE,
    "apigatewayv2/stage": Serving("its URL answers no more", _URL, beside=_DANGEROUS),
    "appautoscaling/policy": _SCALES,
    "appautoscaling/scheduledAction": _SCALES,
    "appautoscaling/target": _SCALES,
    "apprunner/service": Serving("its URL answers no more", _URL, beside=_DANGEROUS, given=True),
    "appsync/graphQLApi": Serving("its URL answers no more", _URL, beside=_DANGEROUS, given=True),
    "autoscaling/attachment": Serving("its instances get no requests", "", _DANGEROUS, _DANGEROUS, _LOOK),
    "autoscaling/group": Serving("all its instances are ended", "its instances are other ones"),
    "autoscaling/policy": _SCALES,
    "batch/computeEnvironment": Serving("no job runs in it"),
    "batch/jobQueue": Serving("no job can be submitted to it"),
    "cloudfront/distribution": Serving(
        "its names answer no more", "its domain name changes", beside=_DANGEROUS, given=True
    ),
    "cloudwatch/eventRule": _STARTS,
    "cloudwatch/eventTarget": _STARTS,
    "cognito/userPoolClient": Serving(
        "nobody signs in through it",
        "its client id changes: apps that carry the old one can't sign in",
        beside=_DANGEROUS,
        given=True,
    ),
    "cognito/userPoolDomain": Serving("the sign-in page answers no more"),
    "ec2/eipAssociation": Serving("its address leads to nothing", "", _DANGEROUS, _LOOK, _LOOK),
    "ec2/instance": Serving(
        "what runs on it stops",
        "its addresses change, its own disks are lost, and the new one is not up yet when the old one goes",
        beside=_DANGEROUS,
    ),
    "ec2/mainRouteTableAssociation": Serving(
        "subnets without a route table of their own go by the VPC's first one", "", _LOOK, _LOOK, _LOOK
    ),
    "ec2/vpcPeeringConnection": Serving(
        _LINK, _LINK + " until both sides have routes to the new one", beside=_DANGEROUS
    ),
    "ec2/vpnConnection": Serving(_LINK, "its tunnels have other addresses and keys", beside=_DANGEROUS, given=True),
    "ec2/vpnGateway": Serving(_LINK, _LINK + " until the new one is attached", beside=_DANGEROUS),
    "ec2transitgateway/route": Serving(_LINK),
    "ec2transitgateway/transitGateway": Serving(_LINK, _LINK + " until all attach to the new one", beside=_DANGEROUS),
    "ec2transitgateway/vpcAttachment": Serving(_LINK, _LINK + " until routes lead to the new one", beside=_DANGEROUS),
    "ecs/capacityProvider": Serving("services that use it start no task on it", "", _LOOK, _LOOK, _LOOK),
    "eks/addon": Serving("pods that need it fail", "", _DANGEROUS, _LOOK, _LOOK),
    "eks/cluster": Serving(
        "all that runs in it ends", "all that runs in it has to be deployed anew", beside=_DANGEROUS, given=True
    ),
    "eks/fargateProfile": Serving("pods that it takes find no place"),
    "eks/nodeGroup": Serving("the pods on its nodes have to find others", "the pods move to new nodes"),
    "elasticbeanstalk/environment": Serving("its URL answers no more", _URL, beside=_DANGEROUS, given=True),
    "elb/loadBalancer": Serving(
        "nothing behind it is reached",
        "its DNS name changes: who has the old one reaches nobody",
        beside=_DANGEROUS,
        given=True,
    ),
    "globalaccelerator/accelerator": Serving(
        "its addresses answer no more", "its addresses change", beside=_DANGEROUS, given=True
    ),
    "globalaccelerator/endpointGroup": Serving("nothing behind it is reached", "", _DANGEROUS, _DANGEROUS, _LOOK),
    "globalaccelerator/listener": Serving("its ports answer no more", "", _DANGEROUS, _DANGEROUS, _LOOK),
    "iam/instanceProfile": Serving("its instances get no credentials"),
    "kinesis/firehoseDeliveryStream": Serving("records that are sent to it are refused"),
    "lambda/alias": Serving("whoever invokes it gets an error"),
    "lambda/eventSourceMapping": Serving(
        "nothing brings messages to its function: they wait", "", _DANGEROUS, _LOOK, _LOOK
    ),
    "lambda/function": Serving("whoever invokes it gets an error"),
    "lambda/functionUrl": Serving("its URL answers no more", _URL, beside=_DANGEROUS, given=True),
    "networkfirewall/firewall": Serving("nothing passes where routes lead through it", beside=_DANGEROUS),
    "pipes/pipe": _STARTS,
    "rds/clusterEndpoint": Serving("its name resolves no more"),
    "rds/proxy": Serving("who connects through it reaches no database"),
    "rds/proxyTarget": Serving("the proxy leads to no database", "", _DANGEROUS, _DANGEROUS, _LOOK),
    "route53/resolverEndpoint": Serving("names that are asked through it resolve no more", beside=_DANGEROUS),
    "route53/resolverRule": Serving("names that it forwards resolve no more", "", _DANGEROUS, _DANGEROUS, _LOOK),
    "route53/zoneAssociation": Serving("the zone's names resolve no more in that VPC", "", _DANGEROUS, _LOOK, _LOOK),
    "s3/bucketNotification": Serving("nobody is told of new objects", "", _LOOK, _LOOK, _LOOK),
    "sagemaker/endpoint": Serving("whoever invokes it gets an error"),
    "scheduler/schedule": _STARTS,
    "servicediscovery/httpNamespace": Serving("its services are found no more", beside=_DANGEROUS),
    "servicediscovery/privateDnsNamespace": Serving("its names resolve no more", beside=_DANGEROUS),
    "servicediscovery/publicDnsNamespace": Serving("its names resolve no more", beside=_DANGEROUS),
    "servicediscovery/service": Serving("its name resolves no more"),
    "sesv2/emailIdentity": Serving("mail from it is refused"),
    "sfn/stateMachine": Serving("its executions end, and no new ones start"),
    "transfer/server": Serving("its address answers no more", "its address changes", beside=_DANGEROUS, given=True),
}


def find(preview: Preview) -> Iterator[Finding]:
    """Each kind that serves where one goes or is replaced; deletions of a kind together."""
    gone: dict[str, list[Change]] = {}
    come = successors(preview)
    for change in preview.changed:
        serving = SERVING.get(kind(change.type))
        if serving is None:
            continue
        if deleted(change) and (successor := come.get(change.urn)):
            changed = serving.changed or serving.gone
            sentence = f"is deleted once {successor.label} is there, which looks the same: {changed}"
            yield told(preview, change, sentence, serving.beside, irreversible=serving.given)
        elif deleted(change):
            gone.setdefault(kind(change.type), []).append(change)
        elif change.op == "replace" and (found := _replaced(preview, change, serving)).verdict is not _SAFE:
            yield found
    for of_kind, changes in gone.items():
        serving = SERVING[of_kind]
        one = changes[0]
        named = one.label if len(changes) == 1 else f"{len(changes):,} of {one.label.split()[0]}"
        details = [line for change in changes for line in relying(preview, change)]
        if len(changes) > 1:
            details = [change.label for change in changes]
        verb = "is" if len(changes) == 1 else "are"
        title = f"{named} {verb} deleted: {serving.gone}"
        yield Finding(
            section=Section.DOWNTIME,
            verdict=serving.deleted,
            title=title,
            resource=one.urn if len(changes) == 1 else "",
            details=tuple(details),
            irreversible=serving.given,
        )


def successors(preview: Preview) -> dict[str, Change]:
    """What is deleted, by URN, and what is created in its place: of one type, and alike in more than one input."""
    return {rename.old.urn: rename.new for rename in renames(preview) if rename.alike > 1 and not rename.a_setting}


def _replaced(preview: Preview, change: Change, serving: Serving) -> Finding:
    if goes_first(change):
        sentence = f"is deleted before its replacement is there: until then {serving.gone}"
        return told(preview, change, sentence, serving.gap, irreversible=serving.given)
    if serving.changed:
        return told(preview, change, f"is replaced: {serving.changed}", serving.beside, irreversible=serving.given)
    return told(preview, change, "is replaced, the new one first", serving.beside)


def kind(type_: str) -> str:
    """Module and kind of a type of AWS's: `lb/listener` of `aws:alb/listener:Listener`; others are as they are."""
    package, _, rest = type_.partition(":")
    if package != "aws":
        return type_
    module, _, name = rest.partition(":")[0].partition("/")
    return f"{_MODULES.get(module, module)}/{name}"


def deleted(change: Change) -> bool:
    """Whether it goes from the cloud for good, in this update."""
    return change.op == "delete" and not change.pending and not (change.before and change.before.retain)


def goes_first(change: Change) -> bool:
    """Whether of a replacement the old one goes before the new one is there.

    Where the preview does not show the order, a name that the program gives and keeps decides, as in the provider:
    pulumi-terraform-bridge, pkg/tfbridge/provider.go, Diff.
    """
    if change.op != "replace":
        return False
    if change.deleted_first is not None:
        return change.deleted_first
    old, new = change.before, change.after
    if old is None or new is None:
        return True
    return any(name in new.declared and old.raw(name) == new.raw(name) is not None for name in _NAMES)


def told(
    preview: Preview,
    change: Change,
    sentence: str,
    verdict: Verdict,
    details: Sequence[str] = (),
    *,
    irreversible: bool = False,
    names: bool = True,
) -> Finding:
    """A finding of what happens to a resource, with those that rely on it."""
    lines = [*details, *(relying(preview, change) if names else ())]
    return Finding(
        section=Section.DOWNTIME,
        verdict=verdict,
        title=f"{change.label} {sentence}",
        resource=change.urn,
        details=tuple(lines),
        irreversible=irreversible,
    )


def relying(preview: Preview, change: Change) -> Iterator[str]:
    """Those that take a value from it or wait for it, by name as far as one reads."""
    users = [user for user in preview.dependents(change.urn) if user.state.custom]
    # What only watches comes last.
    names = [user.label for user in sorted(users, key=lambda user: kind(user.type).startswith("cloudwatch/"))]
    if names:
        more = f", and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        rely = "relies" if len(names) == 1 else "rely"
        yield f"{counted(len(names), 'resource')} {rely} on it: {', '.join(names[:_NAMED])}{more}"


#: Resources that are named where many are meant.
_NAMED: Final = 12


def sources_of(state: State | None, prop: str) -> tuple[str, ...]:
    """URNs that a property's value comes from."""
    return state.links.get(prop, ()) if state else ()


def identity(state: State | None, prop: str) -> str:
    """What a property names: the resource that it comes from, or else the identifier that is written there."""
    if linked := sources_of(state, prop):
        return linked[0]
    value = state.raw(prop) if state else None
    return "" if value is None or isinstance(value, Hidden) else str(value)


def is_on(state: Resource | None, path: str) -> bool:
    """Whether a switch is on; one that is not given, or can't be read, is off."""
    return state is not None and state.raw(path) in (True, "true")


def switched_off(old: Resource | None, new: Resource | None, path: str) -> bool:
    """Whether a switch that was on is off; one that is not known yet is not said to be."""
    return is_on(old, path) and new is not None and not is_on(new, path) and not isinstance(new.raw(path), Hidden)


def entries(value: Any) -> list[Any]:
    """A list, or the one entry that stands in its place."""
    if isinstance(value, list):
        return value
    return [] if value is None or isinstance(value, Hidden) else [value]


def moved(change: Change, path: str) -> tuple[Any, Any] | None:
    """Both values at a path where they differ, or where only the provider knows that they do; None where they don't."""
    if change.before is None or change.after is None:
        return None
    before, after = change.before.raw(path), change.after.raw(path)
    if before != after:
        return before, after
    top = path.split(".", maxsplit=1)[0]
    if isinstance(after, Hidden) and any(re.split(r"[.\[]", reason)[0] == top for reason in change.reasons):
        return before, after
    return None
