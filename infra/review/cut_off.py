"""Who no longer reaches what: connections that were let through, and are not.

A connection is counted where somebody meant it: a rule names the group of whoever connects, or whoever connects takes
values (an address, a port) from what it connects to. A range of addresses that becomes smaller cuts off nobody.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from typing import Final

from infra.review import addresses, ports
from infra.review.attached import Node
from infra.review.audiences import Audience
from infra.review.changes import counted
from infra.review.finding import Finding, Section, Verdict
from infra.review.ports import Ports
from infra.review.preview import sources
from infra.review.reachability import Side
from infra.review.security_groups import Named

_MOST: Final = 3
#: From a service over its task definition and a secret to the database: so many steps a value may take.
_STEPS: Final = 3


def find(before: Side, after: Side) -> Iterator[Finding]:
    """Targets with those who are cut off from them; what routes do is told with what stands still."""
    yield from _Pairs(before, after).found()


#: What decides who reaches a resource, on both sides: resources with the same are judged once.
_Class = tuple[frozenset[str], frozenset[str], frozenset[str], frozenset[str], tuple[int, ...]]


class _Pairs:
    def __init__(self, before: Side, after: Side) -> None:
        self.before, self.after = before, after
        self._of_class: dict[_Class, list[str]] = defaultdict(list)
        self._class_of: dict[str, _Class] = {}
        self._said_by: dict[str, set[int]] = {}
        self._in_group: dict[str, dict[_Class, None]] = defaultdict(dict)
        for urn, node in after.nodes.items():
            old = before.nodes.get(urn)
            if old is not None:
                stayed = tuple(port for port in node.ports if port in old.ports)
                if not node.ports:
                    stayed = tuple(sorted({port for group in old.groups for port in self._said(group)}))
                key = (old.groups, node.groups, old.subnets, node.subnets, stayed)
                self._of_class[key].append(urn)
                self._class_of[urn] = key
                for group in old.groups:
                    self._in_group[group][key] = None
        self.connects = cache(self._connects)

    def _said(self, group: str) -> set[int]:
        """Where what a resource listens on is not known: the single ports for which its rules name other groups."""
        if group not in self._said_by:
            rules = self.before.rules.of["ingress"].get(group, ())
            self._said_by[group] = {
                rule.ports.low
                for rule in rules
                if isinstance(rule.peer, Named)
                and rule.peer.kind == "group"
                and rule.ports.protocol == "tcp"
                and rule.ports.low == rule.ports.high
                and rule.ports.low not in ports.ADMINISTRATION
            }
        return self._said_by[group]

    def found(self) -> Iterator[Finding]:
        for target, clients in self._to_be_judged().items():
            for port in target[4]:
                lost = [
                    client
                    for client in clients
                    if self.connects(client, target, port, after=False)
                    and not self.connects(client, target, port, after=True)
                ]
                if lost:
                    yield self._told(target, port, lost)
                elif self._nobody(target, port):
                    yield self._told(target, port, [])

    def _to_be_judged(self) -> Mapping[_Class, dict[_Class, None]]:
        """Targets with those who may have been connected; only where the rules of one of the two differ."""
        found: dict[_Class, dict[_Class, None]] = defaultdict(dict)
        moved = {key for key in self._of_class if key[2] != key[3] or self._moved(key, "egress")}
        if not self._different and not moved:
            return found
        moved_in = {group: [key for key in keys if key in moved] for group, keys in self._in_group.items()}
        for target, urns in self._of_class.items():
            if not target[4] or not self._seen(urns[0]):
                continue
            itself = self._moved(target, "ingress")
            if itself:
                found[target] |= {}
            for rule in self.before.ingress(target[0]):
                peer = str(getattr(rule.peer, "identity", ""))
                for client in self._in_group.get(peer, ()) if itself else moved_in.get(peer, ()):
                    found[target][client] = None
            for client in (self._class_of[user] for urn in urns for user in self._users.get(urn, ())):
                if itself or client in moved:
                    found[target][client] = None
        return found

    def _seen(self, urn: str) -> bool:
        return self.before.told(self.before.nodes[urn]) and self.after.told(self.after.nodes[urn])

    def _moved(self, key: _Class, direction: str) -> bool:
        return key[0] != key[1] or any(self._differs(group, direction) for group in key[1])

    def _differs(self, group: str, direction: str) -> bool:
        return (group, direction) in self._different

    @cached_property
    def _different(self) -> set[tuple[str, str]]:
        """The groups whose rules are not the same."""
        return {
            (group, direction)
            for direction in ("ingress", "egress")
            for group in {*self.before.rules.of[direction], *self.after.rules.of[direction]}
            if {(rule.ports, rule.peer) for rule in self.before.rules.of[direction].get(group, ())}
            != {(rule.ports, rule.peer) for rule in self.after.rules.of[direction].get(group, ())}
        }

    def _connects(self, client: _Class, target: _Class, port: int, *, after: bool) -> bool:
        side = self.after if after else self.before
        one, other = (side.nodes[self._of_class[key][0]] for key in (client, target))
        into = side.audience(other, port)
        return self._lets(side, into, one) and self._lets_out(side, client[1] if after else client[0], other, port)

    @staticmethod
    def _lets(side: Side, audience: Audience, node: Node) -> bool:
        """Whether an audience has a resource in it, or may have."""
        if audience.world or any(
            peer.kind in ("unknown", "prefix list") or peer.identity in node.groups for peer in audience.named
        ):
            return True
        blocks = [block for subnet in node.subnets for block in side.subnets.blocks(subnet)]
        if not blocks:
            return bool(audience.networks)
        return any(
            addresses.covers(wide, block) or addresses.covers(block, wide)
            for wide in audience.networks
            for block in blocks
        )

    def _lets_out(self, side: Side, groups: Iterable[str], other: Node, port: int) -> bool:
        """A group for whose way out no side says anything is taken to let everything out."""
        if not all(group in side.states for group in groups):
            return True
        if not any(view.rules.of["egress"].get(group) for group in groups for view in (self.before, self.after)):
            return True
        peers = [rule.peer for rule in side.egress(groups) if rule.ports.has(port)]
        named = frozenset(peer for peer in peers if isinstance(peer, Named))
        blocks = addresses.together(peer for peer in peers if not isinstance(peer, Named))
        return self._lets(side, Audience(blocks, named), other)

    def _nobody(self, target: _Class, port: int) -> bool:
        urn = self._of_class[target][0]
        old, new = self.before.nodes[urn], self.after.nodes[urn]
        if old.balances and self.before.from_the_world(old):
            return False  # that the internet no longer reaches it is told by the exposure
        return bool(self.before.audience(old, port)) and not self.after.audience(new, port)

    def _told(self, target: _Class, port: int, lost: list[_Class]) -> Finding:
        targets = [self.after.nodes[urn] for urn in self._of_class[target]]
        clients = [self.after.nodes[urn] for client in lost for urn in self._of_class[client]]
        clients = [one for one in clients if one.urn != targets[0].urn] or clients
        on = ports.called([Ports("tcp", port, port)])
        if clients:
            title = f"{_names(clients)} no longer reach{'es' if len(clients) == 1 else ''} {_names(targets)} on {on}"
        else:
            title = f"nobody reaches {_names(targets)} on {on} any more"
        way = self.before.path(targets[0].urn)
        details = [f"before: {way}"] if way else []
        details.append(f"after: {self.after.path(targets[0].urn) or 'no way from the internet'}")
        return Finding(
            section=Section.EXPOSURE,
            verdict=Verdict.DANGEROUS,
            title=f"{title}: connections to it fail",
            resource=targets[0].urn,
            details=tuple(details if way else []),
        )

    @cached_property
    def _users(self) -> Mapping[str, list[str]]:
        """By target, those whose values come from it, over a few steps; groups and subnets are no such values."""
        wanted = {urn for key, urns in self._of_class.items() if key[4] for urn in urns}
        found: dict[str, list[str]] = defaultdict(list)
        for urn in self._class_of:
            seen, steps = {urn}, [urn]
            for _ in range(_STEPS):
                steps = [
                    source
                    for one in steps
                    if one in self.before.states and (one == urn or one not in self._class_of)
                    for source in sources(self.before.states[one])
                    if source not in seen and not seen.add(source)  # type: ignore[func-returns-value]
                ]
            for source in seen & wanted - {urn}:
                found[source].append(urn)
        return found


def _names(nodes: list[Node]) -> str:
    labels = [*dict.fromkeys(node.label for node in nodes)]
    if len(labels) > _MOST:
        labels = [*labels[:_MOST], counted(len(labels) - _MOST, "other")]
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
