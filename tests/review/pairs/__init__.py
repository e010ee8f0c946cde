"""Pairs of programs: what a stack is, what a change makes of it, and what its review must say."""

from collections.abc import Callable
from dataclasses import dataclass

from infra.review.finding import Verdict

Program = Callable[[], None]


@dataclass(frozen=True)
class Pair:
    """One change, with the verdict that a careful engineer would give it; `says` are parts of findings' titles."""

    name: str
    before: Program
    after: Program
    verdict: Verdict
    says: tuple[str, ...] = ()
    never_says: tuple[str, ...] = ()
