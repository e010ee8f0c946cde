"""What changes, resource by resource; and apart from it what need not be read, folded with its count."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

from infra.review.compared import compared
from infra.review.differences import Difference
from infra.review.finding import Finding, Section, Verdict
from infra.review.preview import Change, Preview

_DONE: Final = {
    "create": "created",
    "update": "updated in place",
    "replace": "replaced",
    "delete": "deleted",
    "import": "imported: it is there already, and becomes the stack's own",
    "forget": "no longer the stack's own: it stays in the cloud",
}
_NOISES: Final = {
    "tags": "tags alone",
    "order": "order alone",
    "formatting": "the way that JSON is written",
    "digest": "an image's digest or tag alone",
    "generated name": "a generated name",
}
_VERSION = re.compile(r"_(\d+)_(\d+)_(\d+)(?:$|::)")


def find(preview: Preview) -> Iterator[Finding]:
    """Each change with its differences; those that only come or go, by their number; noise, folded."""
    noise: dict[str, list[str]] = defaultdict(list)
    come_and_go: dict[str, list[Change]] = defaultdict(list)
    for change in preview.changed:
        found = compared(change)
        kinds = {one.noise for one in found}
        if change.op == "update" and found and "" not in kinds:
            noise[" and ".join(_NOISES[kind] for kind in _NOISES if kind in kinds)].append(change.label)
        elif found or change.op in ("update", "replace"):
            yield _told(change, found)
        else:
            come_and_go[change.op].append(change)
    for op, changes in come_and_go.items():
        yield Finding(
            section=Section.CHANGES,
            verdict=Verdict.SAFE,
            title=f"{counted(len(changes), 'resource')} {'is' if len(changes) == 1 else 'are'} {_DONE[op]}",
            resource=changes[0].urn if len(changes) == 1 else "",
            details=tuple(sorted(change.label for change in changes)),
        )
    for what, labels in noise.items():
        title = f"{counted(len(labels), 'update')} of {what}"
        yield Finding(section=Section.NOISE, verdict=Verdict.SAFE, title=title, details=tuple(sorted(labels)))
    yield from _providers(preview)


def _told(change: Change, found: tuple[Difference, ...]) -> Finding:
    read = [one.line for one in found if not one.noise]
    folded = Counter(one.noise for one in found if one.noise)
    read += [f"(and {counted(number, 'difference')} of {_NOISES[kind]})" for kind, number in folded.items() if kind]
    if change.replace_reasons:
        read.insert(0, f"replaced for: {', '.join(change.replace_reasons)}")
    if not found and change.reasons:
        read.append(f"differs in: {', '.join(change.reasons)}")
    return Finding(
        section=Section.CHANGES,
        verdict=Verdict.SAFE,
        title=f"{change.label} is {_DONE[change.op]}",
        resource=change.urn,
        details=tuple(read),
    )


def _providers(preview: Preview) -> Iterator[Finding]:
    """A provider's version, of which Pulumi tells in the name of its default provider alone."""
    moved: Counter[tuple[str, str, str]] = Counter()
    for change in preview.by_urn.values():
        if change.before and change.after:
            package = change.after.type.split(":")[0]
            old, new = (_version(side.provider) for side in (change.before, change.after))
            if old and new and old != new:
                moved[package, old, new] += 1
    for (package, old, new), number in moved.items():
        major = old.split(".")[0] != new.split(".")[0]
        yield Finding(
            section=Section.CHANGES,
            verdict=Verdict.LOOK if major else Verdict.SAFE,
            title=f"the provider {package} goes from {old} to {new} for {counted(number, 'resource')}"
            + (": a major version may change defaults and replace resources; read its release notes" if major else ""),
        )


def _version(provider: str) -> str:
    found = _VERSION.search(provider)
    return ".".join(found.groups()) if found else ""


def counted(number: int, noun: str) -> str:
    """`1 change`, `2 changes`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
