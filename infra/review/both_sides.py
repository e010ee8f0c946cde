"""Both sides of a network beside each other, and the words for what is on them."""

from collections.abc import Iterable, Iterator
from typing import Final

from infra.review import addresses, ports
from infra.review.attached import Node
from infra.review.audiences import Audience, Shift
from infra.review.changes import counted
from infra.review.finding import Finding, Section, Verdict
from infra.review.ports import Ports
from infra.review.preview import Preview, label
from infra.review.reachability import INTERNET, Side
from infra.review.references import type_of
from infra.review.security_groups import Named, Rule

#: Named in a sentence; the rest is counted.
MOST: Final = 3


class BothSides:
    """A stack's network before and after."""

    def __init__(self, preview: Preview, before: Side, after: Side) -> None:
        self.preview, self.before, self.after = preview, before, after
        self._moved = dict[str, bool]()

    def moved(self, group: str) -> bool:
        """Whether a group lets others in than before."""
        if group not in self._moved:
            old, new = (side.rules.of["ingress"].get(group, []) for side in (self.before, self.after))
            self._moved[group] = {*bare(old)} != {*bare(new)}
        return self._moved[group]

    def touched(self, urn: str) -> bool:
        """Whether something happens to a resource."""
        change = self.preview.by_urn.get(urn)
        return change is None or change.op != "same"

    def ways(self, node: Node) -> Iterator[str]:
        """The whole way from the internet, before and after, and what lies behind."""
        old = self.before.path(node.urn)
        yield f"before: {old or f'no way from {INTERNET}'}"
        yield f"after: {self.after.path(node.urn) or f'{INTERNET} -> {node.label}'}"
        behind = [urn for urn in self.after.beyond(node.urn) if urn != node.urn and not self.before.path(urn)]
        yield from (f"and behind it: {self.after.path(urn)}" for urn in behind[:MOST])

    def sides(self, shift: Shift) -> list[str]:
        """Whom some ports are open to, before and after."""
        return [f"{on(shift)}: {self.who(shift.before)} -> {self.who(shift.after)}"]

    def who(self, audience: Audience) -> str:
        """An audience as a person says it."""
        words = [addresses.called(audience.networks)] if audience.networks else []
        words += sorted(self._peer(one) for one in audience.named)
        if len(words) > MOST + 1:
            words = [*words[:MOST], f"{len(words) - MOST} more"]
        return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else "nobody"

    def _peer(self, one: Named) -> str:
        if one.kind == "group":
            members = [
                *dict.fromkeys(
                    node.label for side in (self.after, self.before) for node in side.members.get(one.identity, ())
                )
            ]
            inside = f" ({', '.join(members[:MOST])}{' …' if len(members) > MOST else ''})" if members else ""
            return f"{self.named(one.identity)}{inside}"
        if one.kind == "address":
            return f"the address of {self.named(one.identity)}"
        return "someone not known here" if one.kind == "unknown" else f"prefix list {one.identity}"

    def named(self, identity: str) -> str:
        """A resource, or a group of another stack."""
        if (change := self.preview.by_urn.get(identity)) is not None:
            return change.label
        if is_urn(identity):
            return f"{type_of(identity).rsplit(':', 1)[-1]} {identity.rsplit('::', 1)[-1].partition('#')[0]}"
        return f"security group {identity}"


def bare(rules: Iterable[Rule]) -> Iterator[tuple[Ports, object]]:
    """What rules let through, whoever says so."""
    return ((rule.ports, rule.peer) for rule in rules)


def as_rules(ranges: Iterable[Ports]) -> list[Rule]:
    """Ports open to the world, to be compared as rules are."""
    world = addresses.network("0.0.0.0/0")
    return [Rule(one, world, "") for one in ranges if world is not None]


def is_urn(identity: str) -> bool:
    """Whether it is a resource of this stack, or of a rule of it."""
    return identity.startswith("urn:")


def on(shift: Shift) -> str:
    """The ports of a shift."""
    return ports.called(shift.ranges)


def names(nodes: Iterable[Node]) -> str:
    """Some resources, few of them by name."""
    labels = [label(node.state) for node in nodes]
    if len(labels) > MOST:
        labels = [*labels[:MOST], counted(len(labels) - MOST, "other")]
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


def finding(verdict: Verdict, title: str, resource: str, details: Iterable[str] = ()) -> Finding:
    """One of the exposure."""
    about = resource.split("#", 1)[0] if is_urn(resource) else ""
    return Finding(
        section=Section.EXPOSURE, verdict=verdict, title=title, resource=about, details=tuple(dict.fromkeys(details))
    )


def spot(title: str, resource: str, details: Iterable[str]) -> Finding:
    """What can't be seen, and matters."""
    about = resource.split("#", 1)[0] if is_urn(resource) else ""
    return Finding(
        section=Section.BLIND_SPOTS, verdict=Verdict.LOOK, title=title, resource=about, details=tuple(details)
    )
