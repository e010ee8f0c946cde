"""Ways between networks that are no rule of a group: peerings, gateways, shares, and network access lists."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from infra.policy.resources import Hidden
from infra.review.addresses import network
from infra.review.finding import Finding, Section, Verdict
from infra.review.preview import Change, Preview, State
from infra.review.references import References, leaves, read

_ACLS: Final = ("aws:ec2/networkAcl:NetworkAcl", "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl")
_ENTRY: Final = "aws:ec2/networkAclRule:NetworkAclRule"
#: What connects a network with another, and what that means to who is in it.
_CONNECTIONS: Final = {
    "aws:ec2/vpcPeeringConnection:VpcPeeringConnection": "another VPC may be given routes to this one",
    "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter": "another VPC may be given routes to this one",
    "aws:ec2transitgateway/vpcAttachment:VpcAttachment": "networks of the transit gateway may be given routes to it",
    "aws:ec2transitgateway/peeringAttachment:PeeringAttachment": "another transit gateway may be given routes to it",
    "aws:ec2/vpnConnection:VpnConnection": "a network outside of AWS may be given routes to this one",
    "aws:ec2/vpcEndpointService:VpcEndpointService": "other accounts may be let in to what stands behind it",
    "aws:directconnect/gatewayAssociation:GatewayAssociation": "a network outside of AWS is given routes to this one",
    "aws:ec2clientvpn/endpoint:Endpoint": "machines of people may be let in to this network",
}
#: Whom an entry of an access list is about, and what it says.
_KEYS: Final = ("action", "ruleAction", "protocol", "fromPort", "toPort", "cidrBlock", "ipv6CidrBlock")


def find(
    preview: Preview, references: References, before: Iterable[State], after: Iterable[State]
) -> Iterator[Finding]:
    """New connections, and access lists of networks whose entries differ."""
    for change in preview.changed:
        if change.type in _CONNECTIONS and change.op == "create":
            title = f"{change.label} connects this network with another: {_CONNECTIONS[change.type]}"
            yield _finding(Verdict.LOOK, title, change.urn)
        elif change.type == "aws:ram/resourceShare:ResourceShare" and _shared(change):
            title = f"{change.label} may be shared with accounts outside of the organisation"
            yield _finding(Verdict.LOOK, title, change.urn)
    if any(change.type in (*_ACLS, _ENTRY) for change in preview.changed):
        old, new = (_entries(side, references) for side in (before, after))
        for acl in dict.fromkeys([*old, *new]):
            yield from _compared(preview, acl, old.get(acl), new.get(acl))


def _shared(change: Change) -> bool:
    sides = [side.raw("allowExternalPrincipals") is True for side in (change.before, change.after) if side]
    return change.after is not None and sides[-1] and (len(sides) == 1 or not sides[0])


def _compared(
    preview: Preview, acl: str, old: Mapping[str, list[str]] | None, new: Mapping[str, list[str]] | None
) -> Iterator[Finding]:
    """Access lists stand beside security groups: what both let through comes through, whichever is the wider."""
    change = preview.by_urn.get(acl)
    if old is None or new is None or old == new or (change is not None and change.op in ("create", "delete")):
        return
    what = change.label if change else f"network ACL {acl}"
    urn = acl if change else ""
    for way in ("in", "out"):
        lines = [f"- {one}" for one in old[way] if one not in new[way]]
        lines += [f"+ {one}" for one in new[way] if one not in old[way]]
        if not lines:
            continue
        if any(" allow " in one for one in old[way]) and not any(" allow " in one for one in new[way]):
            title = f"{what} lets nothing {way} any more: its subnets are cut off"
            yield _finding(Verdict.DANGEROUS, title, urn, lines)
        else:
            title = f"{what} has other entries for what comes {way}: the first that fits decides"
            yield _finding(Verdict.LOOK, title, urn, lines)


def _entries(states: Iterable[State], references: References) -> dict[str, Mapping[str, list[str]]]:
    """Each list's entries, in the order in which they decide."""
    found: dict[str, dict[str, list[tuple[float, str]]]] = {}
    for state in states:
        if state.type in _ACLS:
            both = found.setdefault(state.urn, {"in": [], "out": []})
            for prop, way in (("ingress", "in"), ("egress", "out")):
                both[way] += [_entry(one, "ruleNo") for one in leaves(read(state, prop)) if isinstance(one, Mapping)]
        elif state.type == _ENTRY:
            entry = {name: read(state, name) for name in (*_KEYS, "ruleNumber")}
            for acl in references.of(state, [read(state, "networkAclId")], "networkAclId", _ACLS)[0]:
                way = "out" if read(state, "egress") is True else "in"
                found.setdefault(acl, {"in": [], "out": []})[way].append(_entry(entry, "ruleNumber"))
    return {acl: {way: [text for _, text in sorted(some)] for way, some in both.items()} for acl, both in found.items()}


def _entry(entry: Mapping[str, Any], number: str) -> tuple[float, str]:
    order = entry.get(number)
    action = entry.get("action") or entry.get("ruleAction")
    ends = [entry.get("fromPort"), entry.get("toPort")]
    ports = "" if ends in ([None, None], [0, 0]) else f" {_word(ends[0])}-{_word(ends[1])}"
    blocks = [entry.get("cidrBlock"), entry.get("ipv6CidrBlock")]
    whom = ", ".join(str(network(one) or _word(one)) for one in blocks if one not in (None, ""))
    first = float(order) if isinstance(order, int | float) else 0.0
    protocol = {"-1": "all", "6": "tcp", "17": "udp", "1": "icmp"}.get(_word(entry.get("protocol")), "")
    return first, f"{_word(order)} {_word(action)} {protocol or _word(entry.get('protocol'))}{ports} {whom}"


def _word(value: Any) -> str:
    if isinstance(value, Hidden):
        return f"({value.why})"
    return f"{value:g}" if isinstance(value, float) else str(value).lower()


def _finding(verdict: Verdict, title: str, resource: str, details: Iterable[str] = ()) -> Finding:
    return Finding(section=Section.EXPOSURE, verdict=verdict, title=title, resource=resource, details=tuple(details))
