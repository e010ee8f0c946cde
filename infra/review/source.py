"""Where a preview is taken from, and what is known beside it: costs, policies, what stood aside."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import yaml

from infra.policy import from_state
from infra.policy.resources import Hidden, Stack
from infra.review import costs, digest, policies, revisions
from infra.review.changes import counted
from infra.review.finding import Finding, Section, Verdict
from infra.review.origin import Origin
from infra.review.preview import Preview
from infra.review.saved import text_of
from local.folder import CHECKOUT

Costs = Mapping[str, float]


@dataclass(frozen=True)
class Taken:
    """A preview, whence it is, and the findings that it does not hold itself."""

    preview: Preview
    origin: Origin
    beside: tuple[Finding, ...]


def compared(base: str, stack: str, prices: Costs, checkout: Path = CHECKOUT) -> Taken:
    """This checkout over a base revision; an empty `base` is main, as the remote has it where there is one.

    Raises:
        Mistakes: see `revisions.against`.
        NotAPreview: what the engine printed is none.
    """
    found = revisions.against(base or revisions.main_of(checkout), stack, checkout)
    preview = digest.read(found.digest)
    before, after = _stack(_by_new_names(found.before, preview.renamed), stack), _stack(found.after, stack)
    beside = [*_of_both(before, after, _region_of_file(stack, checkout), prices), *_aside(found)]
    return Taken(preview, Origin(how="compared", commit=found.commit, base=found.base), tuple(beside))


def live(stack: str, prices: Costs, *, refresh: bool = True, checkout: Path = CHECKOUT) -> Taken:
    """This checkout over the stack as it is, with the credentials of whoever asks.

    Raises:
        Mistakes: see `revisions.live`.
        NotAPreview: what Pulumi printed is none.
    """
    preview = digest.read(revisions.live(stack, refresh=refresh))
    beside = _of_both(preview.before, preview.after, _region(preview) or _region_of_file(stack, checkout), prices)
    return Taken(preview, Origin(how="live", commit=revisions.commit_of(checkout)), tuple(beside))


def file(name: str, prices: Costs) -> Taken:
    """A saved digest, of any program; this project's policies are not asked of it, as it may be another's.

    Raises:
        NotAPreview: it is none.
    """
    preview = digest.read(text_of(name))
    beside = costs.delta(preview.before, preview.after, _region(preview), prices)
    return Taken(preview, Origin(how="file", file=name), tuple(beside))


def _of_both(before: Stack, after: Stack, region: str, prices: Costs) -> Iterator[Finding]:
    yield from costs.delta(before, after, region, prices)
    yield from policies.delta(before, after, _today())


def _aside(found: revisions.Compared) -> Iterator[Finding]:
    """What a comparison of two revisions can't see."""
    if found.placeholders:
        yield Finding(
            section=Section.BLIND_SPOTS,
            verdict=Verdict.SAFE,
            title=f"{counted(len(found.placeholders), 'secret')} of the configuration stood aside: only the stack's own"
            " key opens them, and that one changed is not seen",
            details=found.placeholders,
        )
    if found.libraries:
        yield Finding(
            section=Section.BLIND_SPOTS,
            verdict=Verdict.LOOK,
            title="both revisions ran with this checkout's libraries: what their new versions do is not seen, a live"
            " review (LIVE=1) shows it",
            details=found.libraries,
        )


def _by_new_names(exported: Mapping[str, Any], renamed: Mapping[str, str]) -> Mapping[str, Any]:
    """What has an alias is the same before and after, in its costs and in what policies find of it."""
    text = _URN.sub(lambda urn: f'"{renamed.get(urn[1], urn[1])}"', json.dumps(exported))
    found: Mapping[str, Any] = json.loads(text)
    return found


_URN: Final = re.compile(r'"(urn:pulumi:[^"\\]+)"')


def _stack(exported: Mapping[str, Any], name: str) -> Stack:
    try:
        return from_state.read(exported)
    except ValueError:  # an empty one: the stack is new, or all of it goes
        return Stack(name, ())


def _region(preview: Preview) -> str:
    """The region of the stack's own configuration, as the preview shows it."""
    found = preview.config.get("aws:region") if isinstance(preview.config, Mapping) else None
    return found if isinstance(found, str) and not isinstance(found, Hidden) else ""


def _region_of_file(stack: str, checkout: Path) -> str:
    file = checkout / f"Pulumi.{stack}.yaml"
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))["config"]["aws:region"]
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError):
        return ""  # the bill then says which region's prices it took
    return str(found)


def _today() -> date:
    return datetime.now(UTC).date()
