"""A stack's monthly floor: what it costs for a month in which nobody uses it.

Every service runs its fewest tasks for 730 hours; nothing is stored but what is allocated, nothing is sent and no job
runs.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from infra.cost.ledger import Declared
from infra.cost.paid import PRICED
from infra.cost.prices import AS_OF, price


def floor(resources: Sequence[Declared], region: str) -> dict[str, Any]:
    """The floor as the stack exports it: the sum in US dollars, its parts, and what has no known price there."""
    parts, unknown, about = defaultdict[str, float](float), set[str](), False
    for resource in resources:
        pricing = PRICED.get(resource.type)
        for unit in pricing(resource, resources) if pricing else ():
            known = price(unit.unit, region)
            if known is None:
                unknown.add(unit.unit)
                continue
            parts[unit.of] += unit.count * unit.share * known.usd
            about = about or known.about
    return {
        "usd": round(sum(parts.values()), 2),
        "region": region,
        "pricesAsOf": AS_OF,
        "about": about,
        "parts": {name: round(usd, 2) for name, usd in parts.items()},
        "noPriceKnown": sorted(unknown),
    }
