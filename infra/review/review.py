"""Puts the review together: what each section finds, and the verdict over all of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from infra.review import blind_spots, causes, changes, contract, disagreements, downtime, drift, permissions
from infra.review.finding import Finding, Section, Verdict
from infra.review.fingerprint import fingerprint
from infra.review.origin import Origin
from infra.review.preview import Preview

#: What finds; their order is of no matter, a finding says its section.
FINDERS: Final[tuple[Callable[[Preview], Iterator[Finding]], ...]] = (
    changes.find,
    drift.find,
    blind_spots.find,
    contract.find,
    disagreements.find,
    permissions.find,
    downtime.find,
    causes.find,
)

_UNTOLD: Final = Origin()


@dataclass(frozen=True)
class Review:
    """A preview and what there is to say of it, worst first within each section.

    Attributes:
        why: the verdict's reason in one sentence.
        origin: whence the preview comes.
    """

    preview: Preview
    findings: tuple[Finding, ...]
    verdict: Verdict
    why: str
    fingerprint: str
    origin: Origin

    def of(self, section: Section) -> tuple[Finding, ...]:
        """The findings of a section."""
        return tuple(finding for finding in self.findings if finding.section is section)


def review(preview: Preview, more: Sequence[Finding] = (), origin: Origin = _UNTOLD) -> Review:
    """Review a preview; `more` are findings from outside of it: of costs, or of the policies."""
    found = [*more, *_failed(preview), *(finding for find in FINDERS for finding in find(preview))]
    sections = list(Section)
    found.sort(key=lambda finding: (sections.index(finding.section), -finding.verdict))
    verdict = max((finding.verdict for finding in found), default=Verdict.SAFE)
    return Review(
        preview, tuple(found), verdict, _why(preview, verdict, found), fingerprint(preview), origin or Origin()
    )


def _failed(preview: Preview) -> Iterator[Finding]:
    for error in preview.errors:
        first, *rest = error.removeprefix("error: ").splitlines()
        if first == "preview failed" and len(preview.errors) > 1:
            continue  # the engine's last word, after the reason
        yield Finding(section=Section.FAILED, verdict=Verdict.DANGEROUS, title=first, details=tuple(rest))


def _why(preview: Preview, verdict: Verdict, found: Sequence[Finding]) -> str:
    if not preview.changed and not preview.drift and not found:
        return "nothing changes"
    worst = [finding for finding in found if finding.verdict is verdict]
    if verdict is Verdict.SAFE or not worst:
        number = len(preview.changed)
        return f"{number} {'change' if number == 1 else 'changes'}, and none of them needs your care"
    more = f"; and {len(worst) - 1} more" if len(worst) > 1 else ""
    return worst[0].title + more
