"""What opens a resource to the internet though no rule does: an address, another group, a route, a listener."""

from collections.abc import Collection, Iterator

from infra.review import addresses, ports
from infra.review.attached import Node
from infra.review.audiences import shifts
from infra.review.both_sides import BothSides, as_rules, finding, spot
from infra.review.finding import Finding, Verdict
from infra.review.ports import Ports
from infra.review.reachability import INTERNET
from infra.review.strangers import danger, listening_on, sends_on


class Resources:
    """All that stands behind groups, compared; `told` are those of which a group's finding has said it."""

    def __init__(self, both: BothSides, told: Collection[str]) -> None:
        self.both, self._told = both, told

    def found(self) -> Iterator[Finding]:
        """Resource by resource: what the internet newly reaches, and what it no longer does."""
        for node in self.both.after.nodes.values():
            yield from self._node(node)
        yield from self._subnets()

    def _subnets(self) -> Iterator[Finding]:
        """Subnets in which a public address comes to be of use, or comes by itself."""
        old, new = self.both.before.subnets, self.both.after.subnets
        for urn in new.states:
            if urn not in old.states:
                continue
            name = self.both.named(urn)
            if new.exit(urn) == "internet gateway" != old.exit(urn):
                title = f"{name} becomes public: what has a public address in it is reached from the internet"
                yield finding(Verdict.LOOK, title, urn, [f"its packets for the internet went to: {old.exit(urn)}"])
            if new.gives_addresses([urn]) and not old.gives_addresses([urn]):
                title = f"{name} gives whatever is started in it a public address, wanted or not"
                yield finding(Verdict.LOOK, title, urn)

    def _node(self, node: Node) -> Iterator[Finding]:
        """A public address, another group, a route, a listener: what opens a resource though no rule does."""
        old = self.both.before.nodes.get(node.urn)
        if node.urn in self._told or not self._may_have_moved(node, old):
            return
        new_ports = self.both.after.from_the_world(node)
        old_ports = self.both.before.from_the_world(old) if old else ()
        lost = (
            tuple(one for one in old_ports if one not in new_ports) if old and (node.balances or not new_ports) else ()
        )
        if old is not None and lost and (not node.balances or not node.ports or listening_on(node, lost)):
            yield self._no_longer_public(node, old, lost)
        opened = [shift.ranges for shift in shifts(as_rules(old_ports), as_rules(new_ports)) if shift.after.networks]
        ranges = tuple(one for some in opened for one in some)
        if old is not None and old.groups != node.groups and not self.both.after.told(node):
            title = f"whom the security groups of {node.label} let in is not shown here: they are others than before"
            yield spot(title, node.urn, self._attributes(node, old))
        newly_public = node.routable is not False and (old is None or old.routable is False)
        if ranges:
            verdict = danger(self.both.after, node, ranges)
            if old is not None and not newly_public and sends_on(self.both.after, node, ranges):
                verdict = Verdict.SAFE
            if node.balances and old is not None and newly_public:
                verdict = Verdict.DANGEROUS  # what was internal had no reason to guard itself against strangers
            verb = "reaches" if node.routable else "may reach"
            title = f"{INTERNET} {verb} {node.label} on {ports.called(ranges)}"
            yield finding(verdict, title, node.urn, [*self._attributes(node, old), *self.both.ways(node)])
        elif newly_public and (old is not None or node.store) and node.routable:
            yield self._public(node, old)

    def _public(self, node: Node, old: Node | None) -> Finding:
        """It has a public address; its groups, as far as they are seen, do not let the internet in."""
        verb = "gets a public address" if old else "is created with a public address"
        if node.balances:
            verb = "becomes internet-facing" if old else "is created internet-facing"
        if self.both.after.told(node):
            title = f"{node.label} {verb}: its security groups alone keep {INTERNET} out"
            return finding(Verdict.LOOK, title, node.urn, self._attributes(node, old))
        title = f"{node.label} {verb}, and whom its security groups let in is not shown here"
        dangerous = node.store or node.balances
        return finding(Verdict.DANGEROUS if dangerous else Verdict.LOOK, title, node.urn, self._attributes(node, old))

    def _no_longer_public(self, node: Node, old: Node, ranges: tuple[Ports, ...]) -> Finding:
        """A balancer for the internet that the internet does not reach; some addresses of it still may."""
        some = node.routable is not False and any(
            addresses.breadth(audience.networks) >= addresses.Breadth.SOME or audience.named
            for port in node.ports
            if any(one.has(port) for one in ranges) and (audience := self.both.after.audience(node, port))
        )
        title = f"{INTERNET} no longer reaches {node.label} on {ports.called(ranges)}"
        details = [*self._attributes(node, old), f"before: {self.both.before.path(node.urn)}"]
        some = some or sends_on(self.both.after, node, ranges)
        verdict = Verdict.SAFE if not node.balances else Verdict.LOOK if some else Verdict.DANGEROUS
        return finding(verdict, title, node.urn, details)

    def _may_have_moved(self, node: Node, old: Node | None) -> bool:
        if old is None:
            return True
        return any(self.both.moved(group) for group in node.groups) or (
            (node.groups, node.subnets, node.routable, node.ports) != (old.groups, old.subnets, old.routable, old.ports)
        )

    def _attributes(self, node: Node, old: Node | None) -> Iterator[str]:
        if old is None:
            return
        if old.groups != node.groups:
            yield f"groups: {self._groups(old)} -> {self._groups(node)}"
        if old.why != node.why:
            yield f"before: {old.why or 'it had a way from the internet'}"

    def _groups(self, node: Node) -> str:
        return ", ".join(sorted(map(self.both.named, node.groups))) or "none"
