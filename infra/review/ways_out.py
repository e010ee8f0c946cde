"""Routes: which subnets lose their way to the internet or to another network, and which get another.

Routes are compared by what they come to, table by table and destination by destination, so that a route which is only
written elsewhere is none that is lost. Source: Amazon VPC User Guide, "Configure route tables".
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from infra.review.changes import counted
from infra.review.differences import shown
from infra.review.finding import Finding, Verdict
from infra.review.preview import Change, Preview, State
from infra.review.serving import deleted, entries, goes_first, identity, kind, moved, sources_of, told
from infra.review.subnet_users import ASIDE, follows, stands_in

_TABLES: Final = ("ec2/routeTable", "ec2/defaultRouteTable")
_ROUTES: Final = ("ec2/route", *_TABLES)
_DESTINATIONS: Final = (
    "destinationCidrBlock",
    "destinationIpv6CidrBlock",
    "destinationPrefixListId",
    "cidrBlock",
    "ipv6CidrBlock",
)
#: Where a route may lead, and what that is called.
_TARGETS: Final[Mapping[str, str]] = {
    "gatewayId": "an internet gateway",
    "natGatewayId": "a NAT gateway",
    "egressOnlyGatewayId": "an egress-only gateway",
    "transitGatewayId": "a transit gateway",
    "vpcPeeringConnectionId": "a peering connection",
    "vpcEndpointId": "an endpoint",
    "networkInterfaceId": "a network interface",
    "carrierGatewayId": "a carrier gateway",
    "coreNetworkArn": "a core network",
    "localGatewayId": "a local gateway",
}
_EVERYWHERE: Final = ("0.0.0.0/0", "::/0")


def find(preview: Preview) -> Iterator[Finding]:
    """Routes and associations, where one of either changes."""
    if any(kind(change.type) in (*_ROUTES, "ec2/routeTableAssociation") for change in preview.changed):
        yield from _routes(preview)
        yield from _associations(preview)


@dataclass(frozen=True)
class _Way:
    """Where a route leads.

    Attributes:
        called: the kind of its target, in words.
        id: the target's, where it is known; another one for a target that is replaced.
        urn: of the target, where it is a resource of the stack.
        change: the resource that has the route.
    """

    called: str
    id: str
    urn: str
    change: Change

    def is_(self, other: "_Way") -> bool:
        """Whether both lead to the same target; one that is replaced has a finding of its own."""
        known = (self.id and self.id == other.id) or (self.urn and self.urn == other.urn)
        return self.called == other.called and bool(known or not (self.id or self.urn or other.id or other.urn))


def _routes(preview: Preview) -> Iterator[Finding]:
    """Destinations that a table has no way to any more, or another."""
    before, after = _ways(preview, "before"), _ways(preview, "after")
    subnets = _subnets(preview)
    for (table, destination), was in before.items():
        way, change = was.called, was.change
        owner = preview.by_urn.get(table)
        if owner is not None and (owner.after is None or (owner.op == "replace" and follows(preview, owner, "vpcId"))):
            continue
        name = owner.label if owner else table or "a route table"
        behind = subnets.get(table, [])
        who = f"{counted(len(behind), 'subnet')}" if behind else "what uses it"
        lines = [f"uses it: {_called(preview, one)}" for one in behind]
        needed = Verdict.DANGEROUS if _need_a_way(preview, behind) else Verdict.LOOK
        what = "the internet" if destination in _EVERYWHERE else destination
        now = after.get((table, destination))
        if now is None:
            verb = "reach" if len(behind) > 1 else "reaches"
            led = f"{destination} led to {way}"
            sentence = f"goes: {who} of {name} {verb} {what} no more ({led})"
            if needed is Verdict.LOOK:
                sentence += "; nothing in this stack runs there any more that would go out"
            elif _new_endpoints(preview, behind):
                needed, sentence = Verdict.LOOK, f"{sentence}; new endpoints stand in for it, for their services alone"
            yield told(preview, change, sentence, needed, lines, names=False)
        elif not was.is_(now):
            same_kind = now.called == way
            public = destination in _EVERYWHERE and not same_kind and "an internet gateway" in (way, now.called)
            there = f"another {way.split(' ', 1)[1]} than before" if same_kind else f"{now.called}, and no more {way}"
            sentence = f"leads {name} to {what} through {there}: open connections are cut"
            if public:
                sentence += ", and addresses of its own on the internet " + (
                    "are reached no more" if way == "an internet gateway" else "are needed from now on"
                )
            yield told(preview, now.change, sentence, needed if public else Verdict.LOOK, lines, names=False)
        elif change.op == "replace" and goes_first(change) and _is_route(change):
            sentence = f"is deleted before it is made anew: {who} can't reach {what} for a moment"
            yield told(preview, change, sentence, Verdict.LOOK, lines, names=False)


def _need_a_way(preview: Preview, subnets: Sequence[str]) -> bool:
    """Whether what is in some subnets goes out; of those that nothing in this stack uses, somebody may."""
    here = {*subnets}
    users = {user.urn: user for subnet in subnets for user in preview.dependents(subnet)}
    inside = [user for user in users.values() if kind(user.type) not in (*ASIDE, "ec2/natGateway")]
    known = [user for user in inside if stands_in(user.before, here) or stands_in(user.after, here)]
    runs = any(kind(user.type) in _GO_OUT and stands_in(user.after, here) for user in known)
    return runs or not any(kind(user.type) != "ec2/vpcEndpoint" for user in known)


def _new_endpoints(preview: Preview, subnets: Sequence[str]) -> bool:
    """Whether endpoints come in the place of a way out."""
    here = {*subnets}
    users = (user for subnet in subnets for user in preview.dependents(subnet))
    return any(
        kind(user.type) == "ec2/vpcEndpoint" and user.op == "create" and stands_in(user.after, here) for user in users
    )


#: Kinds whose programs call others; a database or a load balancer in a subnet only answers.
_GO_OUT: Final = (
    "apprunner/vpcConnector",
    "autoscaling/group",
    "batch/computeEnvironment",
    "codebuild/project",
    "ec2/instance",
    "ec2/launchTemplate",
    "ecs/service",
    "eks/cluster",
    "eks/fargateProfile",
    "eks/nodeGroup",
    "lambda/function",
)


def _called(preview: Preview, subnet: str) -> str:
    return preview.by_urn[subnet].label if subnet in preview.by_urn else subnet


def _is_route(change: Change) -> bool:
    return kind(change.type) == "ec2/route"


def _ways(preview: Preview, side: str) -> dict[tuple[str, str], _Way]:
    """For each table and destination, where its route leads."""
    found = dict[tuple[str, str], _Way]()
    for change in preview.by_urn.values():
        state: State | None = getattr(change, side)
        if kind(change.type) not in _ROUTES or state is None:
            if not (side == "after" and change.before and change.before.retain and kind(change.type) in _ROUTES):
                continue
            state = change.before
        if _is_route(change):
            _add(found, identity(state, "routeTableId"), state.props, state, change)
        else:
            for route in entries(state.raw("routes")):
                if isinstance(route, Mapping):
                    _add(found, change.urn, route, state, change)
    return found


def _add(
    found: dict[tuple[str, str], _Way],
    table: str,
    route: Mapping[str, Any],
    state: State,
    change: Change,
) -> None:
    destination = next((str(route[one]) for one in _DESTINATIONS if isinstance(route.get(one), str) and route[one]), "")
    target = next((one for one in _TARGETS if route.get(one)), "")
    if not destination:
        return
    value = route.get(target)
    inline = not _is_route(change)
    linked = () if inline else sources_of(state, target)
    which = value if isinstance(value, str) else ""
    called = "a VPN gateway" if which.startswith("vgw-") else _TARGETS.get(target, "a gateway")
    found[table, destination] = _Way(called, which, linked[0] if linked else "", change)


def _subnets(preview: Preview) -> dict[str, list[str]]:
    """By table, the subnets that use it now."""
    found: dict[str, list[str]] = defaultdict(list)
    for change in preview.by_urn.values():
        if kind(change.type) == "ec2/routeTableAssociation" and change.before is not None:
            found[identity(change.before, "routeTableId")].append(identity(change.before, "subnetId"))
    return found


def _associations(preview: Preview) -> Iterator[Finding]:
    """A subnet without a table of its own uses the VPC's main one."""
    ways = {
        side: {table for table, where in _ways(preview, side) if where in _EVERYWHERE} for side in ("before", "after")
    }
    stay = {
        identity(change.after, "subnetId")
        for change in preview.by_urn.values()
        if kind(change.type) == "ec2/routeTableAssociation" and change.after is not None
    }
    for change in preview.changed:
        if kind(change.type) != "ec2/routeTableAssociation":
            continue
        subnet = identity(change.before, "subnetId")
        owner = preview.by_urn.get(subnet)
        if owner is not None and (owner.after is None or owner.op == "replace"):
            continue
        name = owner.label if owner else subnet
        needed = identity(change.before, "routeTableId") in ways["before"] and _need_a_way(preview, [subnet])
        if subnet and subnet not in stay and (deleted(change) or change.op == "replace"):
            sentence = f"goes: {name} uses the VPC's main route table from now on, which may lead nowhere"
            yield told(preview, change, sentence, Verdict.DANGEROUS if needed else Verdict.LOOK, names=False)
        elif change.op == "update" and (tables := moved(change, "routeTableId")):
            table = preview.by_urn.get(identity(change.after, "routeTableId"))
            if identity(change.before, "routeTableId") != identity(change.after, "routeTableId"):
                other = table.label if table else shown(tables[1])
                shut = needed and table is not None and table.urn not in ways["after"]
                outside = "which does not lead to the internet" if shut else "its ways outside are others"
                sentence = f"gives {name} another route table, {other}: {outside}"
                yield told(preview, change, sentence, Verdict.DANGEROUS if shut else Verdict.LOOK, names=False)


class WaysOut:
    """Which route tables lead to the internet once all is done, where a service has its public address."""

    def __init__(self, preview: Preview) -> None:
        self._preview = preview

    @cached_property
    def _tables(self) -> set[str]:
        return {table for table, destination in _ways(self._preview, "after") if destination in _EVERYWHERE}

    @cached_property
    def _of_subnets(self) -> dict[str, str]:
        return {
            identity(one.after, "subnetId"): identity(one.after, "routeTableId")
            for one in self._preview.by_urn.values()
            if kind(one.type) == "ec2/routeTableAssociation"
        }

    def beside(self, endpoint: State) -> bool:
        """Whether all that stands beside an endpoint has such a table; of one whose place is not known, any."""
        subnets = sources_of(endpoint, "subnetIds")
        used = [self._of_subnets[subnet] for subnet in subnets if subnet in self._of_subnets]
        tables = [*sources_of(endpoint, "routeTableIds"), *used]
        return all(table in self._tables for table in tables) if tables else bool(self._tables)
