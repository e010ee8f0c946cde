"""How a resource type is made real on one machine, beside being synthesised."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from local.provider.properties import Bag
    from local.resources import Resource


class ResourceError(Exception):
    """What went wrong with a resource, in a sentence for the person at the terminal."""


#: Set when the engine was told to stop: whatever waits for something gives up, so that the state is written and kept.
CANCELLED = threading.Event()


def pause(seconds: float) -> None:
    """Sleep between two looks at something that is awaited.

    Raises:
        ResourceError: the command was interrupted.
    """
    if CANCELLED.wait(seconds):
        raise ResourceError("interrupted while waiting for it")


class Realised(Protocol):
    """How one type is made real on this machine. `outputs` are the synthesised ones; what is returned replaces them."""

    def create(self, resource: Resource, outputs: Bag) -> Bag:
        """Make it, or take over what an interrupted run left; ready when this returns."""

    def alive(self, state: Bag) -> bool:
        """Whether it is still there and works; if not, the engine makes it anew."""

    def update(self, resource: Resource, old: Bag, outputs: Bag) -> Bag:
        """Bring it to the new inputs, or raise with the old ones still in force."""

    def delete(self, state: Bag) -> None:
        """Remove it and all that belongs to it; it being gone already is no error."""


Cloud = Mapping[str, Realised]
