"""Who may do more than before, and who less: grants of identities and of resources, compared in one form.

A grant that is written otherwise, or elsewhere, is the same grant, and is not told.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from infra.review import borrowed, credentials, identities, openings
from infra.review.finding import Finding, Section, Verdict
from infra.review.grants_said import Names, listed, said
from infra.review.holders import Managed
from infra.review.preview import Preview, label
from infra.review.rights import Compared, Held, Item, Sides


def find(preview: Preview) -> Iterator[Finding]:
    """Grants gained and lost by each identity and of each resource; those that come narrow, or go, folded."""
    sides = Sides(preview)
    told, come, gone, unread = dict[_Told, list[str]](), list[Compared](), list[Compared](), list[Compared]()
    for holder in sides.compared():
        if holder.goes:
            gone.append(holder)
            continue
        for one in _told(holder):
            told.setdefault(one, []).append(holder.holder)
        unread.append(holder)
        if holder.comes:
            come.append(holder)
    for one, holders in told.items():
        yield one.finding(sides, holders)
    yield from _come(come)
    yield from _gone(gone)
    yield from _unreadable(unread)
    yield from borrowed.find(sides)
    yield from credentials.find(sides)


@dataclass(frozen=True)
class _Told:
    """What a holder gains, or loses; several do alike through a policy that they share."""

    items: tuple[Item, ...]
    gain: bool

    def finding(self, sides: Sides, holders: list[str]) -> Finding:
        items = sorted(self.items, key=lambda one: -one.weight.verdict)
        worst, *rest = items
        who = sides.called(holders[0])
        if len(holders) > 1:
            who = f"each of {len(holders)} ({listed(map(sides.names.of, holders))})"
        fails = "" if self.gain or worst.weight.why else "; what still calls it fails with AccessDenied"
        return Finding(
            section=Section.PERMISSIONS,
            verdict=worst.weight.verdict,
            title=f"{who} {worst.line}{f'; and {len(rest)} more' if rest else ''}{fails}",
            resource=holders[0] if holders[0].startswith("urn:") else "",
            details=tuple(one.line for one in items) if rest else (),
        )


def _told(holder: Compared) -> Iterator[_Told]:
    items = [*identities.items(holder), *openings.of_trust(holder), *openings.of_resource(holder)]
    if holder.comes:  # what is narrow of it is folded
        items = [item for item in items if item.weight.verdict is Verdict.DANGEROUS or item.weight.why]
    for gain in (True, False):
        if some := tuple(item for item in items if item.gain is gain):
            yield _Told(some, gain)


def _come(holders: Iterable[Compared]) -> Iterator[Finding]:
    """What comes, folded: what of it needs care is told apart."""
    lines, others, number = list[str](), list[str](), 0
    for holder in holders:
        rights, trust, use = (holder.held(kind)[1] for kind in ("identity", "trust", "resource"))
        names, called = holder.sides.names, holder.sides.called(holder.holder)
        number += len(rights.allowed) + len(rights.managed)
        if not rights.nothing or trust.allowed:
            takers = _who(trust, names)
            lines.append(f"{called}{f', taken by {takers}' if takers else ''}{_rights(rights, names)}")
        elif use.allowed:
            others.append(f"{called} lets in {_who(use, names)}")
    if lines:
        what = _counted(len(lines), "new identity or policy", "new identities and policies")
        yield _finding(f"{what} with {_counted(number, 'grant', 'grants')}", Verdict.SAFE, lines)
    if others:
        what = _counted(len(others), "new resource has a policy of its own", "new resources have policies of their own")
        yield _finding(what, Verdict.SAFE, others)


def _gone(holders: Iterable[Compared]) -> Iterator[Finding]:
    """Identities that go, folded: what they could do nobody can under their name."""
    lines, missed = list[str](), False
    for holder in holders:
        if not holder.holder.partition("::")[2].partition("::")[2].rpartition("$")[2].startswith("aws:iam/"):
            continue
        users = holder.sides.preview.dependents(holder.holder)
        users = tuple(user for user in users if not user.type.startswith("aws:iam/"))
        missed = missed or not users or any(user.after is not None for user in users)
        lines.append(f"{holder.sides.called(holder.holder)}{_rights(holder.rights[0], holder.sides.names)}")
    if lines:
        what = _counted(len(lines), "identity or policy goes", "identities and policies go")
        refused = ": whoever is still to use them is refused" if missed else ", and so does what used them"
        yield _finding(f"{what}{refused}", Verdict.LOOK if missed else Verdict.SAFE, lines)


def _unreadable(holders: Iterable[Compared]) -> Iterator[Finding]:
    """Policies whose text is not there to be read: whose they are, and what they wait for."""
    told = dict[tuple[str, bool], dict[str, None]]()
    for holder in holders:
        names = holder.sides.names
        for written, why in holder.unreadable():
            source = written.source
            urns = dict.fromkeys(urn for some in source.links.values() for urn in some)
            waits = listed(names.of(urn) for urn in urns if urn not in (holder.holder, source.urn))
            of = f" of {holder.sides.called(holder.holder)}" if holder.holder != source.urn else ""
            line = f"{label(source)}{of}{f' (it takes values of {waits})' if waits else ''}"
            told.setdefault((why, holder.comes), {})[line] = None
    for (why, new), lines in told.items():
        what = next(iter(lines)) if len(lines) == 1 else f"{len(lines)} policies{' of what is new' if new else ''}"
        yield Finding(
            section=Section.BLIND_SPOTS,
            verdict=Verdict.LOOK,
            title=f"what is allowed by {what} can't be weighed: {why}",
            details=tuple(lines) if len(lines) > 1 else (),
        )


def _rights(held: Held, names: Names) -> str:
    told = [*said(held.allowed, names), *(Managed(arn).name for arn in sorted(held.managed))]
    return f": {'; '.join(told)}" if told else ""


def _who(held: Held, names: Names) -> str:
    return listed(dict.fromkeys(names.who(who) for who in sorted({one.who for one in held.allowed})))


def _counted(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"


def _finding(title: str, verdict: Verdict, details: list[str]) -> Finding:
    return Finding(section=Section.PERMISSIONS, verdict=verdict, title=title, details=tuple(sorted(details)))
