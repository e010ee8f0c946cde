"""Sets of IP addresses, written as CIDR blocks: what they come to together, and how much of the world they are."""

import ipaddress
from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final

Network = IPv4Network | IPv6Network

#: What nobody on the internet has. Source: IANA's special-purpose address registries (RFC 6890).
_NOT_OF_THE_INTERNET: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.168.0.0/16", "224.0.0.0/3"),
    )
)
#: Groups say the same few blocks again and again; so many answers are kept.
_KEPT: Final = 4096
_GLOBAL_IPV6: Final = IPv6Network("2000::/3")
#: More than this is no office, no partner and no region of a cloud: a /8 of IPv4, a /20 of IPv6.
_MANY: Final = {4: 2**24, 6: 2**108}


class Breadth(IntEnum):
    """Whose addresses they are."""

    NOBODY = 0
    PRIVATE = 1
    SOME = 2
    WORLD = 3


def network(value: Any) -> Network | None:
    """A CIDR block, or one address; None for everything else. Bits of the host are passed over, as AWS does."""
    return _network(value) if isinstance(value, str) else None


@lru_cache(_KEPT)
def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def together(networks: Iterable[Network]) -> frozenset[Network]:
    """The same addresses in the fewest blocks: two halves of the world are the world."""
    return _together(frozenset(networks))


@lru_cache(_KEPT)
def _together(networks: frozenset[Network]) -> frozenset[Network]:
    four, six = _apart(networks)
    return frozenset([*ipaddress.collapse_addresses(four), *ipaddress.collapse_addresses(six)])


def without(networks: Iterable[Network], taken: Iterable[Network]) -> frozenset[Network]:
    """The addresses of some blocks that are in none of others."""
    return _difference(frozenset(networks), frozenset(taken))


@lru_cache(_KEPT)
def _difference(networks: frozenset[Network], taken: frozenset[Network]) -> frozenset[Network]:
    left = list(together(networks))
    for hole in together(taken):
        left = [part for one in left for part in _without(one, hole)]
    return together(left)


def _without(one: Network, hole: Network) -> list[Network]:
    if one.version != hole.version or not one.overlaps(hole):
        return [one]
    if covers(hole, one):
        return []
    return list(one.address_exclude(hole))  # type: ignore[arg-type]  # both are of one version


def covers(wide: Network, narrow: Network) -> bool:
    """Whether all of a block is in another."""
    if isinstance(wide, IPv4Network) and isinstance(narrow, IPv4Network):
        return narrow.subnet_of(wide)
    return isinstance(wide, IPv6Network) and isinstance(narrow, IPv6Network) and narrow.subnet_of(wide)


@lru_cache(_KEPT)
def breadth(networks: frozenset[Network]) -> Breadth:
    """Whose addresses some blocks are, of the one version or the other, whichever is wider."""
    if not networks:
        return Breadth.NOBODY
    four, six = _apart(networks)
    public = [
        without(four, _NOT_OF_THE_INTERNET),
        frozenset(
            one if covers(_GLOBAL_IPV6, one) else _GLOBAL_IPV6 for one in together(six) if one.overlaps(_GLOBAL_IPV6)
        ),
    ]
    if any(sum(one.num_addresses for one in side) > _MANY[one_of(side).version] for side in public if side):
        return Breadth.WORLD
    return Breadth.SOME if any(public) else Breadth.PRIVATE


def one_of(networks: frozenset[Network]) -> Network:
    """Any of them."""
    return next(iter(networks))


def of_version(networks: Iterable[Network], version: int) -> frozenset[Network]:
    """Those of IPv4, or of IPv6."""
    return frozenset(one for one in networks if one.version == version)


def called(networks: frozenset[Network]) -> str:
    """As a person says them: the internet, or the blocks."""
    if breadth(networks) is Breadth.WORLD:
        worlds = [breadth(of_version(networks, version)) is Breadth.WORLD for version in (4, 6)]
        whole = any(one.prefixlen == 0 for one in networks)
        who = "the internet" if whole else f"much of the internet ({listed(networks)})"
        return who if worlds[0] else f"{who} over IPv6"
    return listed(networks)


def listed(networks: Iterable[Network], most: int = 6) -> str:
    """The blocks, few of them."""
    ordered = sorted(networks, key=lambda one: (one.version, int(one.network_address), one.prefixlen))
    more = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return ", ".join(map(str, ordered[:most])) + more


def _apart(networks: Iterable[Network]) -> tuple[list[IPv4Network], list[IPv6Network]]:
    four, six = list[IPv4Network](), list[IPv6Network]()
    for one in networks:
        if isinstance(one, IPv4Network):
            four.append(one)
        else:
            six.append(one)
    return four, six
