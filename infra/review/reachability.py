"""Who can open a connection to what, on one side of a change: a graph from the internet inwards.

An edge is a security group's rule: each resource in the group that it names, or in a subnet whose addresses it names,
can connect to each resource in the group that has the rule, on the ports that these listen on.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from infra.review.addresses import Breadth, Network, breadth, covers
from infra.review.attached import Attached, Node
from infra.review.audiences import Audience, audience_at, audiences
from infra.review.ports import Ports, called
from infra.review.preview import State
from infra.review.references import References
from infra.review.security_groups import Named, Rule, Rules
from infra.review.subnets import Subnets

INTERNET = "the internet"


class Side:
    """A stack's network before, or after."""

    def __init__(self, states: Iterable[State], references: References) -> None:
        self.states = {state.urn: state for state in states}
        self.rules = Rules(self.states.values(), references)
        self.subnets = Subnets(self.states.values(), references)
        self.attached = Attached(self.states.values(), references, self.subnets)
        self.nodes = self.attached.nodes
        self.members: dict[str, list[Node]] = defaultdict(list)
        for node in self.nodes.values():
            for group in node.groups:
                self.members[group].append(node)
        self._open: dict[frozenset[str], tuple[Ports, ...]] = {}

    def ingress(self, groups: Iterable[str]) -> list[Rule]:
        """The rules by which some groups, together, let in."""
        return [rule for group in sorted(groups) for rule in self.rules.of["ingress"].get(group, ())]

    def egress(self, groups: Iterable[str]) -> list[Rule]:
        """And out."""
        return [rule for group in sorted(groups) for rule in self.rules.of["egress"].get(group, ())]

    def told(self, node: Node) -> bool:
        """Whether all of a resource's groups are of this stack, so that whom they let in is known."""
        return node.known and bool(node.groups) and all(group in self.states for group in node.groups)

    def open_to_the_world(self, groups: frozenset[str]) -> tuple[Ports, ...]:
        """Where groups let the internet in."""
        if groups not in self._open:
            found = audiences(self.ingress(groups))
            self._open[groups] = tuple(ports for ports, audience in found if audience.world)
        return self._open[groups]

    def from_the_world(self, node: Node) -> tuple[Ports, ...]:
        """The ports on which the internet reaches a resource; none where it has no way to it."""
        if node.routable is False:
            return ()
        if node.balances and not node.groups and node.known and self._by_layer_four(node):
            return tuple(Ports("tcp", port, port) for port in node.ports)
        found = self.open_to_the_world(node.groups)
        if node.balances and node.ports:  # a balancer answers where it has a listener, and nowhere else
            return tuple(Ports("tcp", port, port) for port in node.ports if any(one.has(port) for one in found))
        return found

    def audience(self, node: Node, port: int) -> Audience:
        """Whom a resource's groups let in on a port."""
        return audience_at(self.ingress(node.groups), port)

    def path(self, urn: str) -> str:
        """The shortest way from the internet to a resource, as `the internet -> balancer :443 -> service :8080`."""
        steps = list[str]()
        while urn in self._ways:
            former, port = self._ways[urn]
            steps.append(f"{self.nodes[urn].label}{port}")
            urn = former
        return " -> ".join([INTERNET, *reversed(steps)]) if steps else ""

    def beyond(self, urn: str) -> list[str]:
        """What the shortest ways from the internet reach through a resource, and itself."""
        found = {urn: None}
        for one, (former, _) in self._ways.items():  # in the order in which they were found: the former comes first
            if former in found:
                found[one] = None
        return list(found)

    @cached_property
    def _ways(self) -> Mapping[str, tuple[str, str]]:
        """By resource, from where it is reached and on which port; breadth first, each group once."""
        found: dict[str, tuple[str, str]] = {}
        for node in self.nodes.values():
            if ports := self.from_the_world(node):
                on = [port for port in node.ports if any(one.has(port) for one in ports)]
                if on or not node.ports:
                    found[node.urn] = ("", f" :{on[0]}" if on else f" on {called(ports[:3])}")
        waiting, done = list(found), set[tuple[str, Ports]]()
        for urn in waiting:
            for group, on_ports in self._let_in(self.nodes[urn]):
                if (group, on_ports) in done:
                    continue
                done.add((group, on_ports))
                for target in self.members.get(group, ()):
                    on = [port for port in target.ports if on_ports.has(port)]
                    if target.urn not in found and (on or not target.ports):
                        found[target.urn] = (urn, f" :{on[0]}" if on else f" on {called([on_ports])}")
                        waiting.append(target.urn)
            for target in self._forwarded.get(urn, ()):
                on = [port for port in target.ports if self.audience(target, port).world]
                if target.urn not in found and on:
                    found[target.urn] = (urn, f" :{on[0]}")
                    waiting.append(target.urn)
        return found

    def _let_in(self, node: Node) -> Iterator[tuple[str, Ports]]:
        """The groups that let a resource in, and on which ports."""
        for key in (*node.groups, *node.subnets):
            yield from self._lets_in.get(key, ())

    @cached_property
    def _lets_in(self) -> Mapping[str, list[tuple[str, Ports]]]:
        """By group and by subnet: which groups let their members in.

        A rule for the internet is not among them: whoever it lets in is reached from there, or stands where nobody
        from there comes; what a balancer forwards to it is seen apart.
        """
        found: dict[str, list[tuple[str, Ports]]] = defaultdict(list)
        inside = dict[Network, list[str]]()
        blocks = {identity: list(self.subnets.blocks(identity)) for identity in self.subnets.states}
        for group, rules in self.rules.of["ingress"].items():
            for rule in rules:
                if isinstance(rule.peer, Named):
                    found[rule.peer.identity].append((group, rule.ports))
                elif breadth(frozenset([rule.peer])) is not Breadth.WORLD:
                    if rule.peer not in inside:
                        inside[rule.peer] = [
                            subnet
                            for subnet, own in blocks.items()
                            if any(covers(rule.peer, block) or covers(block, rule.peer) for block in own)
                        ]
                    for subnet in inside[rule.peer]:
                        found[subnet].append((group, rule.ports))
        return found

    @cached_property
    def _forwarded(self) -> Mapping[str, list[Node]]:
        """What a balancer forwards to."""
        groups: dict[str, list[Node]] = defaultdict(list)
        for node in self.nodes.values():
            for group in self.attached.target_groups(node):
                groups[group].append(node)
        return {
            balancer: [node for group in forwarded for node in groups.get(group, ())]
            for balancer, forwarded in self.attached.forwards.items()
        }

    @staticmethod
    def _by_layer_four(node: Node) -> bool:
        return node.state.raw("loadBalancerType") in ("network", "gateway")
