"""Puts the review together: what each section finds, and the verdict over all of it."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from infra.review import (
    blind_spots,
    causes,
    changes,
    contract,
    data_loss,
    disagreements,
    downtime,
    drift,
    engines,
    expirations,
    exposure,
    guardians,
    guards,
    permissions,
    renames,
    retention,
    watchers,
)
from infra.review.changes import counted
from infra.review.finding import Finding, Section, Verdict
from infra.review.fingerprint import fingerprint
from infra.review.origin import Origin
from infra.review.preview import Preview

Finder = Callable[[Preview], Iterator[Finding]]
#: What finds; a finding says its section, and of equals there the first finder's is told first.
FINDERS: Final[tuple[Finder, ...]] = (
    changes.find,
    drift.find,
    blind_spots.find,
    contract.find,
    disagreements.find,
    permissions.find,
    downtime.find,
    exposure.find,
    causes.find,
    renames.find,
    data_loss.find,
    retention.find,
    expirations.find,
    engines.find,
    guards.find,
    guardians.find,
    watchers.find,
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
    found = [*more, *_failed(preview), *(finding for find in FINDERS for finding in _of(find, preview))]
    sections = list(Section)
    found.sort(key=lambda finding: (sections.index(finding.section), -finding.verdict))
    verdict = max((finding.verdict for finding in found), default=Verdict.SAFE)
    return Review(
        preview, tuple(found), verdict, _why(preview, verdict, found), fingerprint(preview), origin or Origin()
    )


def _of(find: Finder, preview: Preview) -> list[Finding]:
    """What one finds; one that fails on what no program had before is told, and the others have their say."""
    try:
        return list(find(preview))
    except Exception as error:  # noqa: BLE001 - whatever it is, a danger may have gone unseen
        check = find.__module__.rsplit(".", 1)[-1].replace("_", " ")
        return [
            Finding(
                section=Section.FAILED,
                verdict=Verdict.DANGEROUS,
                title=f"this review failed to look for {check}: whether there is any is not known",
                details=(f"{type(error).__name__}: {error}",),
            )
        ]


def _failed(preview: Preview) -> Iterator[Finding]:
    for error in preview.errors:
        first, *rest = error.removeprefix("error: ").splitlines()
        if first == "preview failed" and len(preview.errors) > 1:
            continue  # the engine's last word, after the reason
        while rest and rest[0][:1].islower():  # a sentence that goes on
            first = f"{first} {rest.pop(0)}"
        title, stop, after = first.partition(". ")
        yield Finding(
            section=Section.FAILED,
            verdict=Verdict.DANGEROUS,
            title=_named(preview, title.rstrip(".")),
            details=tuple(_named(preview, line) for line in ([after, *rest] if stop else rest)),
        )


def _named(preview: Preview, text: str) -> str:
    """A sentence of the engine's with resources' names in the place of their URNs; commands keep them."""
    for urn in _QUOTED_URN.findall(text):
        if urn in preview.by_urn:
            text = text.replace(f'"{urn}"', preview.by_urn[urn].label)
    return text


_QUOTED_URN: Final = re.compile(r'"(urn:pulumi:[^"]+)"')


def _why(preview: Preview, verdict: Verdict, found: Sequence[Finding]) -> str:
    worst = [finding for finding in found if finding.verdict is verdict]
    if verdict is Verdict.SAFE or not worst:
        if not preview.changed and not preview.drift:
            return "nothing changes"
        number = len(preview.changed)
        return f"{counted(number, 'change')}, and {'it needs no' if number == 1 else 'none of them needs your'} care"
    more = f"; and {len(worst) - 1} more" if len(worst) > 1 else ""
    return worst[0].title + more
