"""What the review has to say, and how bad it is."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from infra.review.preview import Change


class Verdict(IntEnum):
    """How much of a reader's care something needs; the worst finding's is the review's."""

    SAFE = 0
    LOOK = 1
    DANGEROUS = 2

    @property
    def word(self) -> str:
        """As it is said."""
        return self.name.lower()


class Section(StrEnum):
    """What a finding is about, in the order that a review is read; the value is the heading."""

    FAILED = "This preview failed"
    DATA_LOSS = "Data loss"
    DOWNTIME = "Downtime"
    CAUSES = "Why: from each cause to what follows"
    EXPOSURE = "Exposure"
    PERMISSIONS = "Permissions"
    CONTRACT = "Scaling, queues and the job contract"
    COST = "Cost"
    POLICY = "Policies"
    DRIFT = "Drift: what was changed outside of the program"
    CHANGES = "Changes, resource by resource"
    NOISE = "Noise"
    BLIND_SPOTS = "Blind spots: what this review can't see"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a reader should know.

    Attributes:
        title: a sentence without its full stop: what happens to what, and what that does. Names in it come from the
            reviewed program, so that every writer escapes it for its own format.
        resource: the URN that it is about; empty for the whole stack.
        details: more of it, a line each, in the order that they are read.
        irreversible: whether reverting the change does not bring back what was.
    """

    section: Section
    verdict: Verdict
    title: str
    resource: str = ""
    details: tuple[str, ...] = ()
    irreversible: bool = False


def of_data(
    change: Change, verdict: Verdict, title: str, details: tuple[str, ...] = (), *, irreversible: bool = False
) -> Finding:
    """What a change does to what a resource holds, or to what guards it."""
    return Finding(
        section=Section.DATA_LOSS,
        verdict=verdict,
        title=title,
        resource=change.urn,
        details=details,
        irreversible=irreversible,
    )
