"""What this review can't see: it is said, and never passed over."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.policy.resources import SECRET, UNKNOWN, Hidden
from infra.review.changes import counted
from infra.review.finding import Finding, Section, Verdict
from infra.review.preview import Change, Preview


def find(preview: Preview) -> Iterator[Finding]:
    """Unknown and secret values, an order that is not shown, resources that the preview leaves out."""
    yield from _values(preview, UNKNOWN, "known only after the update", "value")
    yield from _values(preview, SECRET, "secret, and not compared: that one differs is Pulumi's word alone", "value")
    unordered = [change.label for change in preview.changed if change.op == "replace" and change.deleted_first is None]
    if unordered:
        title = "whether the old one goes before the new one comes is not shown: add --show-replacement-steps"
        yield _spot(f"of {counted(len(unordered), 'replacement')}, {title}", unordered, Verdict.LOOK)
    if preview.changed and not preview.shows_sames:
        title = "no unchanged resource is shown: who depends on a change may be missing; add --show-sames"
        yield _spot(title, [], Verdict.LOOK)
    if left := [change.label for change in preview.changed if change.pending]:
        title = f"{counted(len(left), 'replaced resource')} of an update that broke off still to be deleted"
        yield _spot(title, left, Verdict.LOOK)
    if read := [change.label for change in preview.changes if change.op == "read"]:
        title = f"{counted(len(read), 'resource')} of others only read: what happens to them is not this stack's to say"
        yield _spot(title, read)
    for warning in preview.warnings:
        first, *rest = warning.splitlines()
        yield _spot(f"Pulumi warns: {first}", rest)


def _values(preview: Preview, hidden: Hidden, why: str, noun: str) -> Iterator[Finding]:
    """Where the values that can't be read are; those of resources that only come are counted, and not told."""
    told, number, of_new = list[str](), 0, 0
    for change in preview.changed:
        paths = [path for name, value in _props(change).items() for path in paths_to(hidden, value, name)]
        number += len(paths)
        if change.op == "create":
            of_new += len(paths)
        elif paths:
            told.append(f"{change.label}: {', '.join(paths)}")
    if number:
        among = f", {of_new} of them of resources that are new" if of_new else ""
        yield _spot(f"{counted(number, noun)} of what changes {'is' if number == 1 else 'are'} {why}{among}", told)


def _props(change: Change) -> Mapping[str, Any]:
    return change.after.props if change.after else {}


def paths_to(hidden: Hidden, value: Any, path: str) -> Iterator[str]:
    """The paths under which a kind of hidden value stands."""
    if value is hidden:
        yield path
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from paths_to(hidden, part, f"{path}.{key}")
    elif isinstance(value, list):
        for at, part in enumerate(value):
            yield from paths_to(hidden, part, f"{path}[{at}]")


def _spot(title: str, details: list[str], verdict: Verdict = Verdict.SAFE) -> Finding:
    return Finding(section=Section.BLIND_SPOTS, verdict=verdict, title=title, details=tuple(details))
