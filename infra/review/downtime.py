"""Who is not served because of a change, and for how long: what goes, restarts, moves or is cut off."""

from collections.abc import Callable, Iterator
from typing import Final

from infra.review import (
    names,
    networks,
    restarts,
    running_roles,
    services,
    serving,
    still_named,
    switches,
    traffic,
    unknown_kinds,
)
from infra.review.finding import Finding
from infra.review.preview import Preview

_PARTS: Final[tuple[Callable[[Preview], Iterator[Finding]], ...]] = (
    networks.find,  # first: what else is said follows from it
    services.find,
    running_roles.find,
    traffic.find,
    names.find,
    restarts.find,
    switches.find,
    serving.find,
    still_named.find,
    unknown_kinds.find,
)


def find(preview: Preview) -> Iterator[Finding]:
    """What each part finds; a preview without a change has no downtime."""
    if preview.changed:
        for part in _PARTS:
            yield from part(preview)
