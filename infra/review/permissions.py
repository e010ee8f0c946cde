"""Who may do more than before, and who less: grants of identities and of resources, compared in one form.

A grant that is written otherwise, or elsewhere, is the same grant, and is not told.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from infra.review import borrowed, credentials, identities, openings
from infra.review.finding import Finding, Section, Verdict
from infra.review.grants_said import Names, listed, said
from infra.review.holders import Managed, type_of
from infra.review.preview import Preview, label
from infra.review.rights import Compared, Held, Item, Sides


def find(preview: Preview) -> Iterator[Finding]:
    """Grants gained and lost by each identity and of each resource; those that come narrow, or go, folded."""
    sides = Sides(preview)
    told, come = dict[_Told, list[str]](), list[Compared]()
    compared = list(sides.compared())
    gone = {_what_it_may(holder, was=True): holder for holder in compared if holder.goes}
    for holder in compared:
        if holder.goes:
            continue
        if (
            holder.comes
            and not holder.rights[1].nothing
            and (former := gone.pop(_what_it_may(holder, was=False), None))
        ):
            yield _in_its_place(former, holder)
            continue
        for one in _told(holder):
            told.setdefault(one, []).append(holder.holder)
        if holder.comes:
            come.append(holder)
    for one, holders in told.items():
        yield one.finding(sides, holders)
    yield from _come(come)
    yield from _gone(gone.values())
    yield from _unreadable(holder for holder in compared if not holder.goes)
    yield from _unweighed(preview)
    yield from borrowed.find(sides)
    yield from credentials.find(sides)


def _what_it_may(holder: Compared, *, was: bool) -> object:
    """What tells an identity from others but for its name; of one that may do nothing its name."""
    side = 0 if was else 1
    rights = holder.rights[side]
    if rights.nothing or rights.unknown:
        return holder.holder
    return type_of(holder.holder), rights, holder.held("trust")[side]


def _in_its_place(former: Compared, holder: Compared) -> Finding:
    """An identity under another name is another one to all who name it."""
    names = holder.sides.names
    title = (
        f"{holder.sides.called(holder.holder)} takes the place of {names.of(former.holder)}, with the same grants: "
        "who names the old one is refused"
    )
    return Finding(section=Section.PERMISSIONS, verdict=Verdict.LOOK, title=title, resource=holder.holder)


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
        if not type_of(holder.holder).startswith("aws:iam/"):
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


#: Types that say who may do what, and are not read here.
_UNWEIGHED: Final = re.compile(
    r"^aws-native:iam:|^aws:(organizations/policy|lakeformation/|ssoadmin/(customerManaged|permissionsBoundary))|"
    r"^aws:iam/(openIdConnect|saml)Provider:|^gcp:.*iam(Member|Binding|Policy):|^azure.*:RoleAssignment$|"
    r"^kubernetes:rbac\.",
    re.IGNORECASE,
)


def _unweighed(preview: Preview) -> Iterator[Finding]:
    """Changes of permissions that are of other clouds, or of other parts of this one."""
    labels = [change.label for change in preview.changed if _UNWEIGHED.search(change.type)]
    if labels:
        what = _counted(len(labels), "change of who may do what is", "changes of who may do what are")
        yield Finding(
            section=Section.BLIND_SPOTS,
            verdict=Verdict.LOOK,
            title=f"{what} of a kind that is not weighed here",
            details=tuple(sorted(labels)),
        )


@lru_cache(maxsize=1_024)
def _rights(held: Held, names: Names) -> str:
    told = [*said(held.allowed, names), *(Managed(arn).name for arn in sorted(held.managed))]
    return f": {'; '.join(told)}" if told else ""


def _who(held: Held, names: Names) -> str:
    return listed(dict.fromkeys(names.who(who) for who in sorted({one.who for one in held.allowed})))


def _counted(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"


def _finding(title: str, verdict: Verdict, details: list[str]) -> Finding:
    return Finding(section=Section.PERMISSIONS, verdict=verdict, title=title, details=tuple(sorted(details)))
