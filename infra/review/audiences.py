"""What a set of rules lets through, port by port, and where two sets of rules differ in it.

However rules are cut into pieces, two sets that let the same through are the same here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from infra.review.addresses import Breadth, Network, breadth, of_version, together, without
from infra.review.ports import Ports
from infra.review.security_groups import Named, Rule


@dataclass(frozen=True)
class Audience:
    """Whom some ports are open to: addresses in the fewest blocks, and those that have names."""

    networks: frozenset[Network] = field(default_factory=frozenset)
    named: frozenset[Named] = field(default_factory=frozenset)

    @property
    def world(self) -> bool:
        """Whether the internet, or much of it, is among them."""
        return breadth(self.networks) is Breadth.WORLD

    def __bool__(self) -> bool:
        """Whether there is anyone."""
        return bool(self.networks or self.named)


@dataclass(frozen=True)
class Shift:
    """Ports on which the audience is another."""

    ranges: tuple[Ports, ...]
    before: Audience
    after: Audience

    @property
    def to_the_world(self) -> bool:
        """Whether the internet comes in that was not in: a second version of IP brings nobody who was not."""
        return self.after.world and not self.before.world

    @property
    def over_ipv6(self) -> bool:
        """Whether the internet comes in over IPv6 that came in over IPv4 alone, or the other way round."""
        return any(
            breadth(of_version(self.after.networks, version)) is Breadth.WORLD
            and breadth(of_version(self.before.networks, version)) is not Breadth.WORLD
            for version in (4, 6)
        )

    @property
    def came(self) -> Audience:
        """Who comes in."""
        return Audience(without(self.after.networks, self.before.networks), self.after.named - self.before.named)

    @property
    def went(self) -> Audience:
        """Who no longer does."""
        return Audience(without(self.before.networks, self.after.networks), self.before.named - self.after.named)


def shifts(before: Iterable[Rule], after: Iterable[Rule]) -> list[Shift]:
    """Where two sets of rules differ; ports with the same difference together."""
    found: dict[tuple[Audience, Audience], list[Ports]] = defaultdict(list)
    for ports, old, new in _side_by_side(before, after):
        if old != new:
            found[old, new].append(ports)
    return [Shift(joined(ranges), old, new) for (old, new), ranges in found.items()]


def audiences(rules: Iterable[Rule]) -> list[tuple[Ports, Audience]]:
    """Who is let in where."""
    return [(ports, new) for ports, _, new in _side_by_side((), rules) if new]


def audience_at(rules: Iterable[Rule], port: int) -> Audience:
    """Who is let in on a port of TCP."""
    return _audience(rule.peer for rule in rules if rule.ports.has(port))


def _side_by_side(before: Iterable[Rule], after: Iterable[Rule]) -> Iterator[tuple[Ports, Audience, Audience]]:
    """Each piece of the ports in which both sides are of one mind."""
    pieces: dict[str, list[dict[tuple[int, int], list[Network | Named]]]] = {}
    for side, rules in enumerate((before, after)):
        for rule in rules:
            both = pieces.setdefault(rule.ports.protocol, [defaultdict(list), defaultdict(list)])
            both[side][rule.ports.low, rule.ports.high].append(rule.peer)
    for protocol, both in pieces.items():
        ends = sorted({end for side in both for low, high in side for end in (low, high + 1)})
        for low, next_low in pairwise(ends):
            old, new = (
                _audience(peer for (first, last), peers in side.items() if first <= low <= last for peer in peers)
                for side in both
            )
            yield Ports(protocol, low, next_low - 1), old, new


def _audience(peers: Iterable[Network | Named]) -> Audience:
    networks, named = list[Network](), set[Named]()
    for peer in peers:
        if isinstance(peer, Named):
            named.add(peer)
        else:
            networks.append(peer)
    return Audience(together(networks), frozenset(named))


def joined(ranges: Iterable[Ports]) -> tuple[Ports, ...]:
    """Neighbours as one."""
    return tuple(_joined(ranges))


def _joined(ranges: Iterable[Ports]) -> Iterator[Ports]:
    last: Ports | None = None
    for one in sorted(ranges):
        if last and last.protocol == one.protocol and last.high + 1 == one.low:
            last = Ports(one.protocol, last.low, one.high)
            continue
        if last:
            yield last
        last = one
    if last:
        yield last
