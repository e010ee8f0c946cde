"""What a change of security groups' rules exposes, and to whom."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from infra.review import addresses, ports
from infra.review.attached import Node
from infra.review.audiences import Audience, Shift, audiences, joined, shifts
from infra.review.both_sides import MOST, BothSides, as_rules, bare, finding, is_urn, names, on, spot
from infra.review.finding import Finding, Verdict
from infra.review.ports import Ports
from infra.review.reachability import INTERNET, Side
from infra.review.security_groups import Direction, Named, Rule
from infra.review.strangers import danger, danger_of_unseen, listening_on, meets

#: Source: EC2 API Reference, AuthorizeSecurityGroupIngress. A group that no longer says its rules does not revoke them.
_DUPLICATE: Final = "if AWS refuses one with InvalidPermission.Duplicate, it is there already, and is to be imported"


class Groups:
    """The rules of all groups, compared; `reached` are those of which it says that the internet reaches them."""

    def __init__(self, both: BothSides) -> None:
        self.both = both
        self.reached = set[str]()

    def found(self) -> Iterator[Finding]:
        """Group by group: who is newly let in or out, and who no longer is."""
        judges = {"ingress": self._ingress, "egress": self._egress}
        for direction in ("ingress", "egress"):
            for group in sorted({*self.both.before.rules.of[direction], *self.both.after.rules.of[direction]}):
                yield from self._group(group, direction, judges[direction])

    def _group(
        self, group: str, direction: Direction, judged: Callable[[str, Shift], Iterator[Finding]]
    ) -> Iterator[Finding]:
        old, new = (side.rules.of[direction].get(group, []) for side in (self.both.before, self.both.after))
        if group in self.both.before.states and group not in self.both.after.states:
            return  # the group goes, and lets nothing through
        if not any(self.both.touched(rule.by) for rule in [*old, *new]) and {*bare(old)} == {*bare(new)}:
            return
        differences = shifts(old, new)
        world = [shift for shift in differences if shift.to_the_world] if direction == "ingress" else []
        if world:
            yield self._opened(group, world)
        for shift in differences:
            if shift not in world:
                yield from judged(group, shift)
        if not differences and {*bare(old)} != {*bare(new)} and {rule.by for rule in old} ^ {rule.by for rule in new}:
            title = f"the rules of {self.both.named(group)} are written otherwise, and let the same through"
            yield finding(Verdict.SAFE, title, group)
        elif not differences and old and {rule.by for rule in old} != {rule.by for rule in new}:
            title = f"the rules of {self.both.named(group)} are declared elsewhere, and let the same through"
            yield finding(Verdict.SAFE, title, group, [_DUPLICATE] if direction == "ingress" else [])
        if direction == "ingress":
            yield from self._unknown(group, new)
        yield from self._assumed(group, new)

    def _ingress(self, group: str, shift: Shift) -> Iterator[Finding]:
        if shift.after.world and shift.over_ipv6:
            title = f"{self.both.named(group)} lets the internet in over both versions of IP on {on(shift)}"
            yield finding(Verdict.LOOK, title, group, self.both.sides(shift))
        elif shift.came.networks or (shift.came and not shift.after.world):
            yield from self._widened(group, shift)
        elif shift.went:
            yield self._narrowed(group, shift)
        lists = [one.identity for one in shift.came.named if one.kind == "prefix list"]
        if lists:
            title = f"which addresses {', '.join(sorted(lists))} holds, and so who may reach {self.both.named(group)}"
            yield spot(f"{title}, is not shown here", group, [])

    def _opened(self, group: str, opened: list[Shift]) -> Finding:
        """The internet is let in: on what, and is there a way to it."""
        ranges = joined(one for shift in opened for one in shift.ranges)
        who = addresses.called(addresses.together(block for shift in opened for block in shift.after.networks))
        where, members = ports.called(ranges), self.both.after.members.get(group, [])
        met = [node for node in members if meets(node, ranges)]
        reached = [node for node in met if node.routable is not False]
        verdict = max((danger(self.both.after, node, ranges) for node in members), default=danger_of_unseen(ranges))
        details = [f"by {line}" for line in self._by(group)]
        if members and all(self._was_open(node, ranges) for node in members):
            title = f"{self.both.named(group)} lets {_in(who)} on {where}, which reached {names(members)} before"
            return finding(Verdict.SAFE, title, group, details)
        details += [line for shift in opened[:MOST] for line in self.both.sides(shift)]
        if reached:
            self.reached |= {node.urn for node in reached}
            here = listening_on(reached[0], ranges) if len(reached) == 1 else ()
            verb = "reaches" if any(node.routable for node in reached) else "may reach"
            title = f"{who} {verb} {names(reached)} on {ports.called(here) if here else where}"
            details += [line for node in reached[:MOST] for line in self.both.ways(node)]
        else:
            title = f"{self.both.named(group)} lets {_in(who)} on {where}"
            if met:
                title += f": routing alone keeps it from {names(met)}, as {met[0].why}"
            elif members and all(node.balances for node in members):
                title += f", where {names(members)} has no listener"
        details += [f"{node.label}: {node.why}" for node in met if node.why][:MOST]
        if not members:
            details.append("what is in this group is not shown here")
        return finding(verdict, title, group, details)

    def _was_open(self, node: Node, ranges: Iterable[Ports]) -> bool:
        """Whether other groups let the internet in to a resource before, with no less of a way to it."""
        old = self.both.before.nodes.get(node.urn)
        if old is None or (old.routable is False and node.routable is not False):
            return False
        before = as_rules(self.both.before.open_to_the_world(old.groups))
        return not any(shift.came for shift in shifts(before, [*before, *as_rules(ranges)]))

    def _widened(self, group: str, shift: Shift) -> Iterator[Finding]:
        """Others than the internet come in."""
        came = shift.came
        known = Audience(came.networks, frozenset(one for one in came.named if one.kind != "unknown"))
        if not known:
            return
        members = [node for node in self.both.after.members.get(group, []) if meets(node, shift.ranges)]
        new = group not in self.both.before.states and is_urn(group)
        what = names(members) if members else self.both.named(group)
        wider = shift.after.networks - shift.before.networks  # as they are written, and not only what is new of them
        who = self.both.who(Audience(wider, known.named))
        if members and all(self._let_in_before(node, shift, known) for node in members):
            title = f"{self.both.named(group)} lets {_in(who)} on {on(shift)}, as other groups of {what} did"
            yield finding(Verdict.SAFE, title, group)
            return
        breadth = addresses.breadth(came.networks)
        look = not new or breadth >= addresses.Breadth.SOME
        peers = [one for one in known.named if one.kind == "group"]
        if new or (peers and not known.networks and all(one.identity not in self.both.before.states for one in peers)):
            look = look and breadth >= addresses.Breadth.SOME
            look = look or bool(members and not new and any(node.urn in self.both.before.nodes for node in members))
        title = f"{who} may newly reach {what} on {on(shift)}"
        yield finding(Verdict.LOOK if look else Verdict.SAFE, title, group, self.both.sides(shift))

    def _let_in_before(self, node: Node, shift: Shift, known: Audience) -> bool:
        """Whether other groups let the same in to a resource before."""
        old = self.both.before.nodes.get(node.urn)
        if old is None:
            return False
        for one in shift.ranges:
            for piece, audience in audiences(self.both.before.ingress(old.groups)):
                if piece.covers(one) and not addresses.without(known.networks, audience.networks):
                    peers = {urn for peer in audience.named for urn in _members(self.both.before, peer)}
                    if all(set(_members(self.both.after, peer)) <= peers for peer in known.named):
                        break
            else:
                return False
        return True

    def _narrowed(self, group: str, shift: Shift) -> Finding:
        """Fewer are let in; whether someone in this stack is cut off is asked of each resource apart."""
        went = shift.went
        written = Audience(shift.before.networks - shift.after.networks, went.named)
        title = f"{self.both.named(group)} no longer lets in {self.both.who(written)} on {on(shift)}"
        if shift.after.networks and went.networks and not shift.before.world:
            title = f"{self.both.named(group)} lets in fewer on {on(shift)}: {self.both.who(shift.after)}"
        peers = any(one.kind == "group" and one.identity in self.both.after.states for one in went.named)
        shut = bool(went.networks) and not shift.after and not ports.for_administration(shift.ranges)
        verdict = Verdict.LOOK if peers or shut else Verdict.SAFE
        return finding(verdict, title, group, self.both.sides(shift))

    def _egress(self, group: str, shift: Shift) -> Iterator[Finding]:
        if group not in self.both.before.states or group not in self.both.after.states:
            return  # a new group's way out is no news
        if not self.both.before.rules.of["egress"].get(group):
            title = (
                f"{self.both.named(group)} has rules for its way out for the first time: {self.both.who(shift.after)}"
            )
            yield finding(Verdict.LOOK, f"{title} on {on(shift)}", group, self.both.sides(shift))
        elif shift.to_the_world:
            title = f"{self.both.named(group)} may newly connect to {INTERNET} on {on(shift)}"
            yield finding(Verdict.LOOK, title, group, self.both.sides(shift))
        elif shift.came:
            title = f"{self.both.named(group)} may newly connect to {self.both.who(shift.came)} on {on(shift)}"
            yield finding(Verdict.SAFE, title, group, self.both.sides(shift))
        else:
            title = f"{self.both.named(group)} may no longer connect to {self.both.who(shift.went)} on {on(shift)}"
            yield finding(Verdict.LOOK, title, group, self.both.sides(shift))

    def _unknown(self, group: str, rules: Iterable[Rule]) -> Iterator[Finding]:
        """Peers that can't be read, of rules that are new or in which something differs."""
        hidden = [
            rule
            for rule in rules
            if isinstance(rule.peer, Named) and rule.peer.kind == "unknown" and self._rewritten(rule.by)
        ]
        if hidden:
            where = ports.called(joined({rule.ports for rule in hidden}))
            title = f"who may reach {self.both.named(group)} on {where} can't be known before the update"
            yield spot(title, group, dict.fromkeys(f"by {self.both.named(rule.by)}" for rule in hidden))

    def _rewritten(self, urn: str) -> bool:
        """Whether the change of a rule, or of a group, is of whom it lets in."""
        change = self.both.preview.by_urn.get(urn)
        if change is None or change.op in ("same", "read"):
            return False
        told = {re.split(r"[.\[]", reason)[0] for reason in change.reasons}
        return change.before is None or not told or not told <= {"tags", "tagsAll", "description"}

    def _assumed(self, group: str, rules: Iterable[Rule]) -> Iterator[Finding]:
        told = sorted({f"{self.both.named(rule.by)}: {rule.assumed}" for rule in rules if rule.assumed})
        if told and any(self.both.touched(rule.by) for rule in rules if rule.assumed):
            yield spot(f"what {self.both.named(group)} lets in can't be known before the update", group, told)

    def _by(self, group: str) -> list[str]:
        """The resources that say so, of those that change."""
        rules = self.both.after.rules.of["ingress"].get(group, [])
        return [self.both.named(urn) for urn in dict.fromkeys(rule.by for rule in rules) if self.both.touched(urn)]


def _members(side: Side, peer: Named) -> Iterator[str]:
    """The resources that a name stands for, or the name itself."""
    yield from [node.urn for node in side.members.get(peer.identity, ())] or [peer.identity]


def _in(who: str) -> str:
    """`the internet in over IPv6`."""
    whom = who.removesuffix(_OVER_IPV6)
    return f"{whom} in{who[len(whom) :]}"


_OVER_IPV6: Final = " over IPv6"
