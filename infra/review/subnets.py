"""Which subnets the internet can be reached from, and can reach: those whose default route is an internet gateway.

Source: Amazon VPC User Guide, "Subnets for your VPC", "Subnet types".
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal

from infra.policy.resources import Hidden
from infra.policy.rules.networks import VPC
from infra.review.addresses import Breadth, Network, breadth, network
from infra.review.preview import State
from infra.review.references import References, leaves, read

SUBNET: Final = "aws:ec2/subnet:Subnet"
DEFAULT_SUBNET: Final = "aws:ec2/defaultSubnet:DefaultSubnet"
SUBNETS: Final = (SUBNET, DEFAULT_SUBNET)
_TABLES: Final = ("aws:ec2/routeTable:RouteTable", "aws:ec2/defaultRouteTable:DefaultRouteTable")
_ROUTE: Final = "aws:ec2/route:Route"
_GATEWAY: Final = ("aws:ec2/internetGateway:InternetGateway",)
_ASSOCIATION: Final = "aws:ec2/routeTableAssociation:RouteTableAssociation"
_MAIN: Final = "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation"
_VPCS: Final = (VPC, "aws:ec2/defaultVpc:DefaultVpc")
#: The target of a route, by the property that names it.
_TARGETS: Final = {
    "natGatewayId": "NAT gateway",
    "transitGatewayId": "another network",
    "networkInterfaceId": "a machine",
    "vpcEndpointId": "a firewall",
    "vpcPeeringConnectionId": "another network",
    "egressOnlyGatewayId": "NAT gateway",
    "instanceId": "a machine",
}

#: Where a subnet's packets for the internet go; None where this stack does not say.
Exit = Literal["internet gateway", "NAT gateway", "another network", "a machine", "a firewall", "nowhere"] | None


class Subnets:
    """The subnets of one side: their addresses, and where their packets for the internet go."""

    def __init__(self, states: Iterable[State], references: References) -> None:
        self._references = references
        states = tuple(states)
        self.states = {state.urn: state for state in states if state.type in SUBNETS}
        self._exits = self._of_tables(states)
        self._tables, self._main = dict[str, str](), dict[str, str]()
        for state in states:
            if state.type == _ASSOCIATION:
                self._associated(state, "subnetId", SUBNETS, self._tables)
            elif state.type == _MAIN:
                self._associated(state, "vpcId", _VPCS, self._main)
        self._vpcs = {state.urn for state in states if state.type in _VPCS}

    def exit(self, identity: str) -> Exit:
        """Where packets for the internet go from a subnet."""
        state = self.states.get(identity)
        if state is None:
            return None
        if state.type == DEFAULT_SUBNET:
            return "internet gateway"
        if (table := self._tables.get(identity)) is not None:
            return self._exits.get(table)
        vpcs, _ = self._references.of(state, [read(state, "vpcId")], "vpcId", _VPCS)
        for vpc in vpcs & self._vpcs:
            if (main := self._main.get(vpc)) is not None:
                return self._exits.get(main)
            return "nowhere"  # a main route table has only the local route until somebody adds one
        return None

    def public(self, identities: Iterable[str]) -> bool | None:
        """Whether one of some subnets has a route from the internet; None where that is not known."""
        exits = [self.exit(one) for one in identities]
        if any(one == "internet gateway" for one in exits):
            return True
        return False if exits and None not in exits else None

    def blocks(self, identity: str) -> Iterator[Network]:
        """The addresses of a subnet."""
        state = self.states.get(identity)
        for name in ("cidrBlock", "ipv6CidrBlock") if state else ():
            if (found := network(read(state, name))) is not None:  # type: ignore[arg-type]  # not None here
                yield found

    def gives_addresses(self, identities: Iterable[str]) -> bool:
        """Whether what is started there gets a public address by itself."""
        found = [self.states[one] for one in identities if one in self.states]
        return any(state.type == DEFAULT_SUBNET or read(state, "mapPublicIpOnLaunch") is True for state in found)

    def _associated(self, state: State, prop: str, types: tuple[str, ...], into: dict[str, str]) -> None:
        ones, _ = self._references.of(state, [read(state, prop)], prop, types)
        tables, _ = self._references.of(state, [read(state, "routeTableId")], "routeTableId", _TABLES)
        for one in ones:
            for table in tables:
                into[one] = table

    def _of_tables(self, states: Iterable[State]) -> Mapping[str, Exit]:
        found: dict[str, Exit] = {}
        for state in states:
            if state.type in _TABLES:
                found.setdefault(state.urn, "nowhere")
                for entry in leaves(read(state, "routes")):
                    if isinstance(entry, Mapping):
                        _noted(found, state.urn, self._target(state, entry, "routes"))
            elif state.type == _ROUTE:
                tables, _ = self._references.of(state, [read(state, "routeTableId")], "routeTableId", _TABLES)
                entry = {name: read(state, name) for name in (*_DESTINATIONS, *_TARGETS, "gatewayId")}
                for table in tables:
                    _noted(found, table, self._target(state, entry, ""))
        return found

    def _target(self, state: State, entry: Mapping[str, Any], top: str) -> Exit:
        """Where a route to the internet leads; "nowhere" for a route to elsewhere."""
        blocks = frozenset(block for key in _DESTINATIONS if (block := network(entry.get(key))) is not None)
        if breadth(blocks) is not Breadth.WORLD:
            return "nowhere"
        for key, target in _TARGETS.items():
            if entry.get(key) not in (None, ""):
                return target  # type: ignore[return-value]  # the table holds only exits
        gateway = entry.get("gatewayId")
        if gateway in (None, ""):
            return "nowhere"
        text = gateway if isinstance(gateway, str) else ""
        gateways, _ = self._references.of(state, [gateway], top or "gatewayId", _GATEWAY)
        linked = self._references.linked(state, top or "gatewayId", _GATEWAY)
        if text.startswith("igw-") or linked or (not isinstance(gateway, Hidden) and gateways & {*linked}):
            return "internet gateway"
        if isinstance(gateway, Hidden):
            return None
        return "another network" if text.startswith("vgw-") else "nowhere"


def _noted(found: dict[str, Exit], table: str, target: Exit) -> None:
    """The widest of a table's routes to the internet."""
    if target == "internet gateway" or found.get(table, "nowhere") == "nowhere":
        found[table] = target


_DESTINATIONS: Final = ("cidrBlock", "ipv6CidrBlock", "destinationCidrBlock", "destinationIpv6CidrBlock")
