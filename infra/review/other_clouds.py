"""Firewalls of other providers: what they newly open to the internet.

Of AWS the whole way is known (reachability.py); of the others only what a firewall itself says.
Sources: Google Cloud VPC firewall rules; Azure network security groups; Kubernetes, "Service"; AWS Cloud Control.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from infra.policy.resources import Hidden
from infra.review import ports
from infra.review.addresses import Breadth, breadth, network, together
from infra.review.audiences import joined, shifts
from infra.review.contract import number_of
from infra.review.finding import Finding, Section, Verdict
from infra.review.ports import EVERYTHING, LAST, Ports
from infra.review.preview import Preview, State
from infra.review.references import leaves
from infra.review.security_groups import Rule

_ANYWHERE: Final = ("*", "internet", "any", "<nw>/0", "/0")
_WORLD: Final = "0.0.0.0/0"


def find(preview: Preview) -> Iterator[Finding]:
    """Where a firewall of another provider newly lets the internet in."""
    for change in preview.changed:
        opens = _FIREWALLS.get(change.type)
        if opens is None or change.after is None:
            continue
        old, new = ([*opens(side)] if side else [] for side in (change.before, change.after))
        ranges = joined(one for shift in shifts(_rules(old), _rules(new)) if shift.to_the_world for one in shift.ranges)
        if ranges:
            verdict = Verdict.LOOK if ports.for_strangers(ranges) else Verdict.DANGEROUS
            title = f"{change.label} lets the internet in on {ports.called(ranges)}"
            yield Finding(section=Section.EXPOSURE, verdict=verdict, title=title, resource=change.urn)


def _rules(ranges: list[Ports]) -> list[Rule]:
    world = network(_WORLD)
    return [Rule(one, world, "") for one in ranges if world is not None]


def _anyone(values: Iterator[Any]) -> bool:
    """Whether the internet is among some sources."""
    given = list(values)
    blocks = together(block for one in given if (block := network(one)) is not None)
    return breadth(blocks) is Breadth.WORLD or any(str(one).lower() in _ANYWHERE for one in given)


def _google(state: State) -> Iterator[Ports]:
    """A rule without any source is for all of them."""
    if state.raw("direction") == "EGRESS" or state.raw("disabled") is True:
        return
    named = any(state.raw(one) for one in ("sourceTags", "sourceServiceAccounts"))
    sources = [*leaves(state.raw("sourceRanges"))]
    if (not sources and not named) or _anyone(iter(sources)):
        for entry in leaves(state.raw("allows")):
            if isinstance(entry, Mapping):
                yield from _ranges(entry.get("protocol"), [*leaves(entry.get("ports"))])


def _azure(state: State) -> Iterator[Ports]:
    entries = [one for one in leaves(state.raw("securityRules")) if isinstance(one, Mapping)]
    for entry in entries if state.raw("securityRules") is not None else [state.props]:
        allowed = str(entry.get("access")).lower() == "allow" and str(entry.get("direction")).lower() == "inbound"
        sources = (*leaves(entry.get("sourceAddressPrefix")), *leaves(entry.get("sourceAddressPrefixes")))
        if allowed and _anyone(iter(sources)):
            given = (*leaves(entry.get("destinationPortRange")), *leaves(entry.get("destinationPortRanges")))
            yield from _ranges(entry.get("protocol"), [*given])


def _kubernetes(state: State) -> Iterator[Ports]:
    """A service of the type LoadBalancer, if no annotation says that it is internal."""
    if state.raw("spec.type") != "LoadBalancer":
        return
    notes = state.raw("metadata.annotations")
    text = " ".join(f"{key}={value}" for key, value in notes.items()).lower() if isinstance(notes, Mapping) else ""
    if any(word in text for word in ("internal=true", "scheme=internal", "load-balancer-type=internal")):
        return
    sources = [*leaves(state.raw("spec.loadBalancerSourceRanges"))]
    if not sources or _anyone(iter(sources)):
        for entry in leaves(state.raw("spec.ports")):
            if isinstance(entry, Mapping):
                yield from _ranges(entry.get("protocol") or "tcp", [entry.get("port")])


def _cloud_control(state: State) -> Iterator[Ports]:
    entries = [one for one in leaves(state.raw("securityGroupIngress")) if isinstance(one, Mapping)]
    for entry in entries if state.type.endswith(":SecurityGroup") else [state.props]:
        if _anyone(iter([entry.get("cidrIp"), entry.get("cidrIpv6")])):
            ends = [number_of(entry.get(name)) for name in ("fromPort", "toPort")]
            whole = None in ends or ends[0] == -1
            yield from _ranges(entry.get("ipProtocol"), [] if whole else [f"{ends[0]:g}-{ends[1]:g}"])


def _digital_ocean(state: State) -> Iterator[Ports]:
    for entry in leaves(state.raw("inboundRules")):
        if isinstance(entry, Mapping) and _anyone(leaves(entry.get("sourceAddresses"))):
            yield from _ranges(entry.get("protocol"), [entry.get("portRange")])


def _ranges(protocol: Any, given: list[Any]) -> Iterator[Ports]:
    """Ports as firewalls write them: `22`, `8000-8010`, `*`, or none at all for every one."""
    word = str(protocol).lower() if not isinstance(protocol, Hidden) else "all"
    word = {"6": "tcp", "17": "udp", "1": "icmp", "icmpv6": "icmp"}.get(word, word)
    if word in ("all", "*", "-1", "none"):
        if not given or any(str(one) in ("*", "all", "0") for one in given):
            yield from EVERYTHING
            return
        planes = ["tcp", "udp"]
    else:
        planes = [word if word in ports.PLANES else "other"]
    for plane in planes:
        for one in given or ["*"]:
            first, _, last = str(one).partition("-")
            low, high = number_of(first), number_of(last or first)
            known = low is not None and high is not None and plane in ("tcp", "udp")
            yield Ports(plane, int(low or 0), int(high or 0)) if known else Ports(plane, 0, LAST)


_FIREWALLS: Final[Mapping[str, Callable[[State], Iterator[Ports]]]] = {
    "gcp:compute/firewall:Firewall": _google,
    "azure-native:network:NetworkSecurityGroup": _azure,
    "azure-native:network:SecurityRule": _azure,
    "azure:network/networkSecurityGroup:NetworkSecurityGroup": _azure,
    "azure:network/networkSecurityRule:NetworkSecurityRule": _azure,
    "kubernetes:core/v1:Service": _kubernetes,
    "aws-native:ec2:SecurityGroup": _cloud_control,
    "aws-native:ec2:SecurityGroupIngress": _cloud_control,
    "digitalocean:index/firewall:Firewall": _digital_ocean,
}
