"""Who reaches what, before and after: what is newly open, and what is cut off.

What may be reached is told from rules of security groups, public addresses and routes; resource policies and
encryption on the way are in modules of their own.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from infra.review import addresses, cut_off, ports, public_access, transport, ways_in
from infra.review.attached import Node
from infra.review.audiences import Audience, Shift, audiences, joined, shifts
from infra.review.changes import counted
from infra.review.contract import number_of
from infra.review.finding import Finding, Section, Verdict
from infra.review.ports import Ports
from infra.review.preview import Preview, label
from infra.review.reachability import INTERNET, Side
from infra.review.references import References, sides, type_of
from infra.review.security_groups import Direction, Named, Rule

#: Named in a sentence; the rest is counted.
_MOST: Final = 3


def find(preview: Preview) -> Iterator[Finding]:
    """What is newly exposed, and to whom; what nobody reaches any more; and what of it can't be known."""
    if not preview.changed:
        return
    references = References(preview)
    states = sides(preview)
    network = _Network(preview, Side(states[0], references), Side(states[1], references))
    yield from network.found()
    yield from public_access.find(preview, references, *states)
    yield from ways_in.find(preview, references, *states)
    yield from transport.find(preview, references, network.before, network.after)


class _Network:
    def __init__(self, preview: Preview, before: Side, after: Side) -> None:
        self.preview, self.before, self.after = preview, before, after
        self._moved = dict[str, bool]()
        self._told = set[str]()  # resources of which a group's finding has said that the internet reaches them

    def found(self) -> Iterator[Finding]:
        groups = {*self.before.rules.of["ingress"], *self.after.rules.of["ingress"]}
        for group in sorted(groups):
            yield from self._group(group, "ingress", self._ingress)
        for group in sorted({*self.before.rules.of["egress"], *self.after.rules.of["egress"]}):
            yield from self._group(group, "egress", self._egress)
        for node in self.after.nodes.values():
            yield from self._node(node)
        yield from cut_off.find(self.before, self.after)

    # What a group lets through

    def _group(
        self, group: str, direction: Direction, judged: Callable[[str, Shift], Iterator[Finding]]
    ) -> Iterator[Finding]:
        old, new = (side.rules.of[direction].get(group, []) for side in (self.before, self.after))
        if group in self.before.states and group not in self.after.states:
            return  # the group goes, and lets nothing through
        if not any(self._touched(rule.by) for rule in [*old, *new]) and {*_bare(old)} == {*_bare(new)}:
            return
        differences = shifts(old, new)
        world = [shift for shift in differences if shift.to_the_world] if direction == "ingress" else []
        if world:
            yield self._opened(group, world)
        for shift in differences:
            if shift not in world:
                yield from judged(group, shift)
        if not differences and {*_bare(old)} != {*_bare(new)} and {rule.by for rule in old} ^ {rule.by for rule in new}:
            title = f"the rules of {self._named(group)} are written otherwise, and let the same through"
            yield _finding(Verdict.SAFE, title, group)
        elif not differences and old and {rule.by for rule in old} != {rule.by for rule in new}:
            title = f"the rules of {self._named(group)} are declared elsewhere, and let the same through"
            yield _finding(Verdict.SAFE, title, group)
        if direction == "ingress":
            yield from self._unknown(group, new)
        yield from self._assumed(group, new)

    def _ingress(self, group: str, shift: Shift) -> Iterator[Finding]:
        if shift.after.world and shift.over_ipv6:
            title = f"{self._named(group)} lets the internet in over both versions of IP on {_on(shift)}"
            yield _finding(Verdict.LOOK, title, group, self._sides(shift))
        elif shift.came.networks or (shift.came and not shift.after.world):
            yield from self._widened(group, shift)
        elif shift.went:
            yield self._narrowed(group, shift)
        lists = [one.identity for one in shift.came.named if one.kind == "prefix list"]
        if lists:
            title = f"which addresses {', '.join(sorted(lists))} holds, and so who may reach {self._named(group)}"
            yield _spot(f"{title}, is not shown here", group, [])

    def _opened(self, group: str, opened: list[Shift]) -> Finding:
        """The internet is let in: on what, and is there a way to it."""
        ranges = joined(one for shift in opened for one in shift.ranges)
        who = addresses.called(addresses.together(block for shift in opened for block in shift.after.networks))
        on, members = ports.called(ranges), self.after.members.get(group, [])
        met = [node for node in members if _meets(node, ranges)]
        reached = [node for node in met if node.routable is not False]
        verdict = max((self._danger(node, ranges) for node in members), default=_danger_of(ranges))
        details = [f"by {line}" for line in self._by(group)]
        if members and all(self._was_open(node, ranges) for node in members):
            title = f"{self._named(group)} lets {who} in on {on}, which reached {_names(members)} before"
            return _finding(Verdict.SAFE, title, group, details)
        details += [line for shift in opened[:_MOST] for line in self._sides(shift)]
        if reached:
            self._told |= {node.urn for node in reached}
            here = _listening(reached[0], ranges) if len(reached) == 1 else ()
            title = f"{who} reaches {_names(reached)} on {ports.called(here) if here else on}"
            details += [line for node in reached[:_MOST] for line in self._ways(node)]
        else:
            title = f"{self._named(group)} lets {who} in on {on}"
            if met:
                title += f": routing alone keeps it from {_names(met)}, as {met[0].why}"
            elif members and all(node.balances for node in members):
                title += f", where {_names(members)} has no listener"
        details += [f"{node.label}: {node.why}" for node in met if node.why][:_MOST]
        if not members:
            details.append("what is in this group is not shown here")
        return _finding(verdict, title, group, details)

    def _was_open(self, node: Node, ranges: Iterable[Ports]) -> bool:
        """Whether other groups let the internet in to a resource before, with no less of a way to it."""
        old = self.before.nodes.get(node.urn)
        if old is None or (old.routable is False and node.routable is not False):
            return False
        before = _as_rules(self.before.open_to_the_world(old.groups))
        return not any(shift.came for shift in shifts(before, [*before, *_as_rules(ranges)]))

    def _danger(self, node: Node, ranges: Iterable[Ports]) -> Verdict:
        """How bad it is that the internet is let in to a resource on some ports."""
        ranges = tuple(ranges)
        on = _listening(node, ranges)
        if ports.for_strangers(ranges):
            return Verdict.DANGEROUS if node.store and on and node.routable is not False else Verdict.LOOK
        if node.balances:
            return self._danger_of_balancer(node, ranges, on)
        if ports.sensitive(ranges) or node.routable is not False or (node.store and on):
            return Verdict.DANGEROUS
        return Verdict.LOOK

    def _danger_of_balancer(self, node: Node, ranges: tuple[Ports, ...], on: tuple[Ports, ...]) -> Verdict:
        """It answers on its listeners' ports alone; what a listener of TCP passes on is what stands behind it."""
        if any((one.low, one.high) == (0, ports.LAST) for one in ranges) or (
            not node.ports and ports.sensitive(ranges)
        ):
            return Verdict.DANGEROUS
        layer_seven = all(
            str(one.raw("protocol") or "HTTP") in ("HTTP", "HTTPS") for one in self.after.attached.listeners(node.urn)
        )
        return Verdict.DANGEROUS if ports.sensitive(on) and not layer_seven else Verdict.LOOK

    def _widened(self, group: str, shift: Shift) -> Iterator[Finding]:
        """Others than the internet come in."""
        came = shift.came
        known = Audience(came.networks, frozenset(one for one in came.named if one.kind != "unknown"))
        if not known:
            return
        members = [node for node in self.after.members.get(group, []) if _meets(node, shift.ranges)]
        new = group not in self.before.states and self._is_urn(group)
        what = _names(members) if members else self._named(group)
        wider = shift.after.networks - shift.before.networks  # as they are written, and not only what is new of them
        who = self._who(Audience(wider, known.named))
        if members and all(self._let_in_before(node, shift, known) for node in members):
            title = f"{self._named(group)} lets {who} in on {_on(shift)}, as other groups of {what} did"
            yield _finding(Verdict.SAFE, title, group)
            return
        breadth = addresses.breadth(came.networks)
        look = not new or breadth >= addresses.Breadth.SOME
        peers = [one for one in known.named if one.kind == "group"]
        if new or (peers and not known.networks and all(one.identity not in self.before.states for one in peers)):
            look = look and breadth >= addresses.Breadth.SOME
            look = look or bool(members and not new and any(node.urn in self.before.nodes for node in members))
        title = f"{who} may newly reach {what} on {_on(shift)}"
        yield _finding(Verdict.LOOK if look else Verdict.SAFE, title, group, self._sides(shift))

    def _let_in_before(self, node: Node, shift: Shift, known: Audience) -> bool:
        """Whether other groups let the same in to a resource before."""
        old = self.before.nodes.get(node.urn)
        if old is None:
            return False
        for one in shift.ranges:
            for piece, audience in audiences(self.before.ingress(old.groups)):
                if piece.covers(one) and not addresses.without(known.networks, audience.networks):
                    peers = {urn for peer in audience.named for urn in self._members(self.before, peer)}
                    if all(set(self._members(self.after, peer)) <= peers for peer in known.named):
                        break
            else:
                return False
        return True

    @staticmethod
    def _members(side: Side, peer: Named) -> Iterator[str]:
        """The resources that a name stands for, or the name itself."""
        yield from [node.urn for node in side.members.get(peer.identity, ())] or [peer.identity]

    def _narrowed(self, group: str, shift: Shift) -> Finding:
        """Fewer are let in; whether someone in this stack is cut off is asked of each resource apart."""
        went = shift.went
        written = Audience(shift.before.networks - shift.after.networks, went.named)
        title = f"{self._named(group)} no longer lets in {self._who(written)} on {_on(shift)}"
        if shift.after.networks and went.networks and not shift.before.world:
            title = f"{self._named(group)} lets in fewer on {_on(shift)}: {self._who(shift.after)}"
        peers = any(one.kind == "group" and one.identity in self.after.states for one in went.named)
        shut = bool(went.networks) and not shift.after and not ports.for_administration(shift.ranges)
        verdict = Verdict.LOOK if peers or shut else Verdict.SAFE
        return _finding(verdict, title, group, self._sides(shift))

    def _egress(self, group: str, shift: Shift) -> Iterator[Finding]:
        if group not in self.before.states or group not in self.after.states:
            return  # a new group's way out is no news
        if not self.before.rules.of["egress"].get(group):
            title = f"{self._named(group)} has rules for its way out for the first time: {self._who(shift.after)}"
            yield _finding(Verdict.LOOK, f"{title} on {_on(shift)}", group, self._sides(shift))
        elif shift.to_the_world:
            title = f"{self._named(group)} may newly connect to {INTERNET} on {_on(shift)}"
            yield _finding(Verdict.LOOK, title, group, self._sides(shift))
        elif shift.came:
            title = f"{self._named(group)} may newly connect to {self._who(shift.came)} on {_on(shift)}"
            yield _finding(Verdict.SAFE, title, group, self._sides(shift))
        else:
            title = f"{self._named(group)} may no longer connect to {self._who(shift.went)} on {_on(shift)}"
            yield _finding(Verdict.LOOK, title, group, self._sides(shift))

    def _unknown(self, group: str, rules: Iterable[Rule]) -> Iterator[Finding]:
        """Peers that can't be read, of rules that are new or in which something differs."""
        hidden = [
            rule
            for rule in rules
            if isinstance(rule.peer, Named) and rule.peer.kind == "unknown" and self._rewritten(rule.by)
        ]
        if hidden:
            on = ports.called(joined({rule.ports for rule in hidden}))
            title = f"who may reach {self._named(group)} on {on} can't be known before the update"
            yield _spot(title, group, dict.fromkeys(f"by {self._named(rule.by)}" for rule in hidden))

    def _rewritten(self, urn: str) -> bool:
        """Whether the change of a rule, or of a group, is of whom it lets in."""
        change = self.preview.by_urn.get(urn)
        if change is None or change.op in ("same", "read"):
            return False
        told = {re.split(r"[.\[]", reason)[0] for reason in change.reasons}
        return change.before is None or not told or not told <= {"tags", "tagsAll", "description"}

    def _assumed(self, group: str, rules: Iterable[Rule]) -> Iterator[Finding]:
        told = sorted({f"{self._named(rule.by)}: {rule.assumed}" for rule in rules if rule.assumed})
        if told and any(self._touched(rule.by) for rule in rules if rule.assumed):
            yield _spot(f"what {self._named(group)} lets in can't be known before the update", group, told)

    # What a resource is reached by, its groups' rules apart

    def _node(self, node: Node) -> Iterator[Finding]:
        """A public address, another group, a route, a listener: what opens a resource though no rule does."""
        old = self.before.nodes.get(node.urn)
        if node.urn in self._told or not self._may_have_moved(node, old):
            return
        new_ports = self.after.from_the_world(node)
        old_ports = self.before.from_the_world(old) if old else ()
        lost = (
            tuple(one for one in old_ports if one not in new_ports) if old and (node.balances or not new_ports) else ()
        )
        if old is not None and lost and (not node.balances or not node.ports or _listening(node, lost)):
            yield self._no_longer_public(node, old, lost)
        opened = [shift.ranges for shift in shifts(_as_rules(old_ports), _as_rules(new_ports)) if shift.after.networks]
        ranges = tuple(one for some in opened for one in some)
        if old is not None and old.groups != node.groups and not self.after.told(node):
            title = f"whom the security groups of {node.label} let in is not shown here: they are others than before"
            yield _spot(title, node.urn, self._attributes(node, old))
        newly_public = node.routable is not False and (old is None or old.routable is False)
        if ranges:
            verdict = self._danger(node, ranges)
            if old is not None and not newly_public and self._sends_on(node, ranges):
                verdict = Verdict.SAFE
            if node.balances and old is not None and newly_public:
                verdict = Verdict.DANGEROUS  # what was internal had no reason to guard itself against strangers
            title = f"{INTERNET} reaches {node.label} on {ports.called(ranges)}"
            yield _finding(verdict, title, node.urn, [*self._attributes(node, old), *self._ways(node)])
        elif newly_public and (old is not None or node.store) and node.routable:
            yield self._public(node, old)

    def _sends_on(self, node: Node, ranges: Iterable[Ports]) -> bool:
        """Whether what a balancer newly answers on some ports is a word of where HTTPS is, and no more."""
        doors = [
            door
            for door in self.after.attached.listeners(node.urn)
            if (port := number_of(door.raw("port"))) is not None and any(one.has(int(port)) for one in ranges)
        ]
        return bool(doors) and all(transport.sends_on(door) for door in doors)

    def _public(self, node: Node, old: Node | None) -> Finding:
        """It has a public address; its groups, as far as they are seen, do not let the internet in."""
        verb = "gets a public address" if old else "is created with a public address"
        if node.balances:
            verb = "becomes internet-facing" if old else "is created internet-facing"
        if self.after.told(node):
            title = f"{node.label} {verb}: its security groups alone keep {INTERNET} out"
            return _finding(Verdict.LOOK, title, node.urn, self._attributes(node, old))
        title = f"{node.label} {verb}, and whom its security groups let in is not shown here"
        dangerous = node.store or node.balances
        return _finding(Verdict.DANGEROUS if dangerous else Verdict.LOOK, title, node.urn, self._attributes(node, old))

    def _no_longer_public(self, node: Node, old: Node, ranges: tuple[Ports, ...]) -> Finding:
        """A balancer for the internet that the internet does not reach; some addresses of it still may."""
        some = node.routable is not False and any(
            addresses.breadth(audience.networks) >= addresses.Breadth.SOME or audience.named
            for port in node.ports
            if any(one.has(port) for one in ranges) and (audience := self.after.audience(node, port))
        )
        title = f"{INTERNET} no longer reaches {node.label} on {ports.called(ranges)}"
        details = [*self._attributes(node, old), f"before: {self.before.path(node.urn)}"]
        some = some or self._sends_on(node, ranges)
        verdict = Verdict.SAFE if not node.balances else Verdict.LOOK if some else Verdict.DANGEROUS
        return _finding(verdict, title, node.urn, details)

    def _may_have_moved(self, node: Node, old: Node | None) -> bool:
        if old is None:
            return True
        return any(self._group_moved(group) for group in node.groups) or (
            (node.groups, node.subnets, node.routable, node.ports) != (old.groups, old.subnets, old.routable, old.ports)
        )

    def _group_moved(self, group: str) -> bool:
        if group not in self._moved:
            old, new = (side.rules.of["ingress"].get(group, []) for side in (self.before, self.after))
            self._moved[group] = {*_bare(old)} != {*_bare(new)}
        return self._moved[group]

    def _attributes(self, node: Node, old: Node | None) -> Iterator[str]:
        if old is None:
            return
        if old.groups != node.groups:
            yield f"groups: {self._groups(old)} -> {self._groups(node)}"
        if old.why != node.why:
            yield f"before: {old.why or 'it had a way from the internet'}"

    def _groups(self, node: Node) -> str:
        return ", ".join(sorted(map(self._named, node.groups))) or "none"

    # Words

    def _ways(self, node: Node) -> Iterator[str]:
        """The whole way from the internet, before and after, and what lies behind."""
        old = self.before.path(node.urn)
        yield f"before: {old or f'no way from {INTERNET}'}"
        yield f"after: {self.after.path(node.urn) or f'{INTERNET} -> {node.label}'}"
        behind = [urn for urn in self.after.beyond(node.urn) if urn != node.urn and not self.before.path(urn)]
        yield from (f"and behind it: {self.after.path(urn)}" for urn in behind[:_MOST])

    def _sides(self, shift: Shift) -> list[str]:
        return [f"{_on(shift)}: {line}" for line in self._compared(shift.before, shift.after)]

    def _compared(self, before: Audience, after: Audience) -> list[str]:
        return [f"{self._who(before)} -> {self._who(after)}"]

    def _who(self, audience: Audience) -> str:
        words = [addresses.called(audience.networks)] if audience.networks else []
        words += sorted(self._peer(one) for one in audience.named)
        if len(words) > _MOST + 1:
            words = [*words[:_MOST], f"{len(words) - _MOST} more"]
        return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else "nobody"

    def _peer(self, one: Named) -> str:
        if one.kind == "group":
            members = [
                *dict.fromkeys(
                    node.label for side in (self.after, self.before) for node in side.members.get(one.identity, ())
                )
            ]
            inside = f" ({', '.join(members[:_MOST])}{' …' if len(members) > _MOST else ''})" if members else ""
            return f"{self._named(one.identity)}{inside}"
        if one.kind == "address":
            return f"the address of {self._named(one.identity)}"
        return "someone not known here" if one.kind == "unknown" else f"prefix list {one.identity}"

    def _by(self, group: str) -> list[str]:
        """The resources that say so, of those that change."""
        rules = self.after.rules.of["ingress"].get(group, [])
        return [self._named(urn) for urn in dict.fromkeys(rule.by for rule in rules) if self._touched(urn)]

    def _named(self, identity: str) -> str:
        if (change := self.preview.by_urn.get(identity)) is not None:
            return change.label
        if self._is_urn(identity):
            return f"{type_of(identity).rsplit(':', 1)[-1]} {identity.rsplit('::', 1)[-1].partition('#')[0]}"
        return f"security group {identity}"

    @staticmethod
    def _is_urn(identity: str) -> bool:
        return identity.startswith("urn:")

    def _touched(self, urn: str) -> bool:
        change = self.preview.by_urn.get(urn)
        return change is None or change.op != "same"


def _bare(rules: Iterable[Rule]) -> Iterator[tuple[Ports, object]]:
    return ((rule.ports, rule.peer) for rule in rules)


def _as_rules(ranges: Iterable[Ports]) -> list[Rule]:
    """Ports open to the world, to be compared as rules are."""
    world = addresses.network("0.0.0.0/0")
    return [Rule(one, world, "") for one in ranges if world is not None]


def _listening(node: Node, ranges: Iterable[Ports]) -> tuple[Ports, ...]:
    """Those of a resource's ports that are among some."""
    ranges = tuple(ranges)
    return tuple(Ports("tcp", port, port) for port in node.ports if any(one.has(port) for one in ranges))


def _meets(node: Node, ranges: Iterable[Ports]) -> bool:
    """Whether a resource listens there, or may."""
    return not node.ports or bool(_listening(node, ranges))


def _danger_of(ranges: Iterable[Ports]) -> Verdict:
    """Where what stands behind a group is not known."""
    return Verdict.LOOK if ports.for_strangers(ranges) else Verdict.DANGEROUS


def _on(shift: Shift) -> str:
    return ports.called(shift.ranges)


def _names(nodes: Iterable[Node]) -> str:
    labels = [label(node.state) for node in nodes]
    if len(labels) > _MOST:
        labels = [*labels[:_MOST], counted(len(labels) - _MOST, "other")]
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


def _finding(verdict: Verdict, title: str, resource: str, details: Iterable[str] = ()) -> Finding:
    about = resource.split("#", 1)[0] if resource.startswith("urn:") else ""
    return Finding(
        section=Section.EXPOSURE, verdict=verdict, title=title, resource=about, details=tuple(dict.fromkeys(details))
    )


def _spot(title: str, resource: str, details: Iterable[str]) -> Finding:
    about = resource if resource.startswith("urn:") else ""
    return Finding(
        section=Section.BLIND_SPOTS, verdict=Verdict.LOOK, title=title, resource=about, details=tuple(details)
    )
