"""Whom security groups let in and out, however it is written: inside the group, or as a rule of its own.

Source: Amazon VPC User Guide, "Security group rules".
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from infra.policy.resources import Hidden
from infra.policy.rules.networks import EGRESS, GROUP, INGRESS, OLD_RULE, VPC
from infra.policy.rules.statements import many
from infra.review.addresses import Network, network
from infra.review.contract import number_of
from infra.review.listening import listening
from infra.review.ports import EVERYTHING, LAST, Ports
from infra.review.preview import State
from infra.review.references import References, leaves, read

DEFAULT_GROUP: Final = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
GROUPS: Final = (GROUP, DEFAULT_GROUP)
PREFIX_LIST: Final = "aws:ec2/managedPrefixList:ManagedPrefixList"
_ENTRY: Final = "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry"
_BLOCKS: Final = (
    VPC,
    "aws:ec2/subnet:Subnet",
    "aws:ec2/defaultVpc:DefaultVpc",
    "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation",
)
_MACHINES: Final = (
    "aws:ec2/eip:Eip",
    "aws:ec2/natGateway:NatGateway",
    "aws:ec2/instance:Instance",
    "aws:ec2/networkInterface:NetworkInterface",
)
_CIDRS: Final = ("cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6")
_LISTS: Final = ("prefixListIds", "prefixListId")
_PEERS: Final = ("securityGroups", "sourceSecurityGroupId", "referencedSecurityGroupId")
_PROTOCOLS: Final = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmp", "icmpv6": "icmp"}

Direction = Literal["ingress", "egress"]


@dataclass(frozen=True)
class Named:
    """A source or a destination that is no block of addresses: a group, a prefix list, a machine, or not known."""

    kind: Literal["group", "prefix list", "address", "unknown"]
    identity: str


Peer = Network | Named


@dataclass(frozen=True)
class Rule:
    """One peer on one range of ports; `by` is the resource that says so, `assumed` what had to be."""

    ports: Ports
    peer: Peer
    by: str
    assumed: str = ""


class Rules:
    """The rules of all groups of one side, by the group's identity."""

    def __init__(self, states: Iterable[State], references: References) -> None:
        self._references = references
        self._states = {state.urn: state for state in states}
        self._lists = self._prefix_lists()
        self.of: dict[Direction, dict[str, list[Rule]]] = {"ingress": defaultdict(list), "egress": defaultdict(list)}
        for state in self._states.values():
            if state.type in GROUPS:
                for direction in ("ingress", "egress"):
                    self.of[direction][state.urn] += self._inside(state, direction)
            elif state.type in (INGRESS, EGRESS, OLD_RULE):
                groups, known = references.of(state, [read(state, "securityGroupId")], "securityGroupId", GROUPS)
                direction = _direction(state)
                for group in groups if groups or known else [f"{state.urn}#group"]:
                    given = {name: read(state, name) for name in (*_COMMON, *_CIDRS, *_LISTS, *_PEERS)}
                    self.of[direction][group] += self._entry(state, given, group, "")

    def _inside(self, state: State, direction: Direction) -> Iterator[Rule]:
        found = read(state, direction)
        for number, entry in enumerate(found if isinstance(found, list) else many(found)):
            if isinstance(entry, Mapping):
                yield from self._entry(state, entry, state.urn, direction)
            elif isinstance(entry, Hidden):
                unknown = Named("unknown", f"{state.urn}#{direction}{number}")
                yield from (Rule(ports, unknown, state.urn, f"its rules are {entry.why}") for ports in EVERYTHING)

    def _entry(self, state: State, entry: Mapping[str, Any], group: str, top: str) -> Iterator[Rule]:
        """The rules of one entry; `top` is the property that it stands in, empty for a rule of its own."""
        ranges, assumed = self._ports(state, entry, top)
        peers = dict.fromkeys(self._peers(state, entry, group, top))
        for peer in peers:
            yield from (Rule(ports, peer, state.urn, assumed) for ports in ranges)

    def _peers(self, state: State, entry: Mapping[str, Any], group: str, top: str) -> Iterator[Peer]:
        for key in _CIDRS:
            for value in leaves(entry.get(key)):
                yield from self._addresses(state, value, top or key)
        for key in _LISTS:
            identities, known = self._references.of(state, leaves(entry.get(key)), top or key, (PREFIX_LIST,))
            for identity in identities:
                yield from self._lists.get(identity, [Named("prefix list", identity)])
            if not known:
                yield Named("unknown", f"{state.urn}#{key}")
        for key in _PEERS:
            identities, known = self._references.of(state, leaves(entry.get(key)), top or key, GROUPS)
            yield from (Named("group", identity) for identity in identities)
            if not known:
                yield Named("unknown", f"{state.urn}#{key}")
        if entry.get("self") is True:
            yield Named("group", group)

    def _addresses(self, state: State, value: Any, prop: str) -> Iterator[Peer]:
        if (found := network(value)) is not None:
            yield found
            return
        if not isinstance(value, Hidden):
            yield Named("unknown", f"{state.urn}#{value}")
            return
        blocks = [
            block
            for urn in self._references.linked(state, prop, _BLOCKS)
            if urn in self._states and (block := network(read(self._states[urn], "cidrBlock"))) is not None
        ]
        machines = self._references.linked(state, prop, _MACHINES)
        yield from blocks
        yield from (Named("address", urn) for urn in machines)
        if not blocks and not machines:
            yield Named("unknown", f"{state.urn}#{prop}")

    def _ports(self, state: State, entry: Mapping[str, Any], top: str) -> tuple[tuple[Ports, ...], str]:
        protocol = entry.get("ipProtocol", entry.get("protocol"))
        if isinstance(protocol, Hidden):
            return EVERYTHING, f"its protocol is {protocol.why}, every one is assumed"
        word = str(protocol).lower()
        word = _PROTOCOLS.get(word.removesuffix(".0"), word)
        if word in ("-1", "-1.0", "all", "none", ""):
            return EVERYTHING, ""
        if word not in ("tcp", "udp"):
            return (Ports("icmp" if word == "icmp" else "other"),), ""
        ends = [entry.get("fromPort"), entry.get("toPort")]
        if hidden := next((end for end in ends if isinstance(end, Hidden)), None):
            known = self._linked_ports(state, top)
            if known:
                return tuple(Ports(word, port, port) for port in known), ""
            return (Ports(word),), f"its ports are {hidden.why}, every one is assumed"
        low, high = (number_of(end) for end in ends)
        first = int(low) if low is not None and low >= 0 else 0
        last = int(high) if high is not None and high >= 0 else LAST if low is None or low < 0 else first
        return (Ports(word, first, min(last, LAST)),), ""

    def _linked_ports(self, state: State, top: str) -> list[int]:
        """Where a port is taken from another resource, the one that that resource listens on."""
        urns = [urn for prop in ([top] if top else ["fromPort", "toPort"]) for urn in state.links.get(prop, ())]
        return sorted({port for urn in urns if urn in self._states for port in listening(self._states[urn])})

    def _prefix_lists(self) -> Mapping[str, list[Peer]]:
        found: dict[str, list[Peer]] = {}
        for state in self._states.values():
            if state.type == PREFIX_LIST:
                found.setdefault(state.urn, []).extend(self._listed(state, "entries", "entries.cidr"))
            elif state.type == _ENTRY:
                lists, _ = self._references.of(state, [read(state, "prefixListId")], "prefixListId", (PREFIX_LIST,))
                for identity in lists:
                    found.setdefault(identity, []).extend(self._listed(state, "cidr", "cidr"))
        return found

    def _listed(self, state: State, prop: str, path: str) -> Iterator[Peer]:
        head, _, rest = path.partition(".")
        for value in leaves(read(state, head), rest):
            yield from self._addresses(state, value, prop)


_COMMON: Final = ("ipProtocol", "protocol", "fromPort", "toPort", "self")


def _direction(state: State) -> Direction:
    if state.type == OLD_RULE:
        return "egress" if read(state, "type") == "egress" else "ingress"
    return "egress" if state.type == EGRESS else "ingress"
