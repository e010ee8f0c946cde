"""How much is on the queue."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Depth:
    """Messages that wait, and those that are received or delayed: None where the broker does not say."""

    waiting: int
    hidden: int | None
