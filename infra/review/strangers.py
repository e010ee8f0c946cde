"""How bad it is that the internet is let in to a resource."""

from collections.abc import Iterable

from infra.review import ports
from infra.review.attached import Node
from infra.review.contract import number_of
from infra.review.finding import Verdict
from infra.review.ports import Ports
from infra.review.reachability import Side
from infra.review.transport import sends_on as door_sends_on


def danger(side: Side, node: Node, ranges: Iterable[Ports]) -> Verdict:
    """How bad it is that the internet is let in to a resource on some ports."""
    ranges = tuple(ranges)
    on = listening_on(node, ranges)
    if ports.for_strangers(ranges):
        return Verdict.DANGEROUS if node.store and on and node.routable is not False else Verdict.LOOK
    if node.balances:
        return _danger_of_balancer(side, node, ranges, on)
    if ports.sensitive(ranges) or node.routable is not False or (node.store and on):
        return Verdict.DANGEROUS
    return Verdict.LOOK


def _danger_of_balancer(side: Side, node: Node, ranges: tuple[Ports, ...], on: tuple[Ports, ...]) -> Verdict:
    """It answers on its listeners' ports alone; what a listener of TCP passes on is what stands behind it."""
    if any((one.low, one.high) == (0, ports.LAST) for one in ranges) or (not node.ports and ports.sensitive(ranges)):
        return Verdict.DANGEROUS
    layer_seven = all(
        str(one.raw("protocol") or "HTTP") in ("HTTP", "HTTPS") for one in side.attached.listeners(node.urn)
    )
    return Verdict.DANGEROUS if ports.sensitive(on) and not layer_seven else Verdict.LOOK


def sends_on(side: Side, node: Node, ranges: Iterable[Ports]) -> bool:
    """Whether what a balancer newly answers on some ports is a word of where HTTPS is, and no more."""
    doors = [
        door
        for door in side.attached.listeners(node.urn)
        if (port := number_of(door.raw("port"))) is not None and any(one.has(int(port)) for one in ranges)
    ]
    return bool(doors) and all(door_sends_on(door) for door in doors)


def danger_of_unseen(ranges: Iterable[Ports]) -> Verdict:
    """Where what stands behind a group is not known."""
    return Verdict.LOOK if ports.for_strangers(ranges) else Verdict.DANGEROUS


def listening_on(node: Node, ranges: Iterable[Ports]) -> tuple[Ports, ...]:
    """Those of a resource's ports that are among some."""
    ranges = tuple(ranges)
    return tuple(Ports("tcp", port, port) for port in node.ports if any(one.has(port) for one in ranges))


def meets(node: Node, ranges: Iterable[Ports]) -> bool:
    """Whether a resource listens there, or may."""
    return not node.ports or bool(listening_on(node, ranges))
