"""How much a preview and its review hold: the numbers that stand beside a verdict."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from infra.review.changes import counted
from infra.review.finding import Finding, Verdict
from infra.review.preview import Preview

#: What happened to a resource in one word, the gravest first.
_DONE: Final = {
    "delete": "deleted",
    "replace": "replaced",
    "update": "updated",
    "create": "created",
    "import": "imported",
    "forget": "forgotten",
    "same": "unchanged",
    "read": "read",
}
_NO_CHANGE: Final = ("unchanged", "read", "drifted")


def of_changes(preview: Preview) -> Mapping[str, int]:
    """The number of resources by what happens to them; components are none, and the words without any are left out."""
    found = Counter(change.op for change in preview.changes if change.state.custom)
    numbers = {word: found[op] for op, word in _DONE.items() if found[op]}  # type: ignore[index]
    return {**numbers, "drifted": len(preview.drift)} if preview.drift else numbers


def sentence(preview: Preview) -> str:
    """`3 changes: 1 replaced, 2 created; 40 unchanged`."""
    found = of_changes(preview)
    numbers = {word: number for word, number in found.items() if word not in _NO_CHANGE}
    beside = {word: number for word, number in found.items() if word in _NO_CHANGE}
    told = counted(len(preview.changed), "change") + (f": {_listed(numbers)}" if numbers else "")
    return f"{told}; {_listed(beside)}" if beside else told


def of_verdicts(findings: Iterable[Finding]) -> Mapping[Verdict, int]:
    """The number of findings of each verdict, the gravest first; those without any are left out."""
    found = Counter(finding.verdict for finding in findings)
    return {verdict: found[verdict] for verdict in sorted(found, reverse=True)}


def verdicts(findings: Iterable[Finding]) -> str:
    """`1 dangerous, 3 to look at, 12 safe`."""
    return _listed({_SAID[verdict]: number for verdict, number in of_verdicts(findings).items()})


_SAID: Final = {Verdict.DANGEROUS: "dangerous", Verdict.LOOK: "to look at", Verdict.SAFE: "safe"}


def _listed(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {word}" for word, number in numbers.items())
