"""A change's differences, found once: several parts of the review ask for those of one resource."""

from typing import Final

from infra.review.differences import Difference, differences
from infra.review.preview import Change

_FOUND: Final = "_differences"


def compared(change: Change) -> tuple[Difference, ...]:
    """What `differences` says of it; kept with the change, as a cached property is."""
    kept = vars(change)
    if _FOUND not in kept:
        try:
            kept[_FOUND] = differences(change)
        except RecursionError:  # JSON that is nested deeper than any real one: who asks says that it can't be read
            kept[_FOUND] = ()
    found: tuple[Difference, ...] = kept[_FOUND]
    return found
