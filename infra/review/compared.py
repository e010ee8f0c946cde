"""A change's differences, found once: several parts of the review ask for those of one resource."""

from typing import Final

from infra.review.differences import Difference, differences
from infra.review.preview import Change

_FOUND: Final = "_differences"


def compared(change: Change) -> tuple[Difference, ...]:
    """What `differences` says of it; kept with the change, as a cached property is."""
    kept = vars(change)
    if _FOUND not in kept:
        kept[_FOUND] = differences(change)
    found: tuple[Difference, ...] = kept[_FOUND]
    return found
