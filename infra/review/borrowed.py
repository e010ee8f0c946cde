"""Rights that come with another identity: a service that runs under another role, a user in another group."""

from collections.abc import Iterator, Mapping
from typing import Final

from infra.policy.resources import Hidden
from infra.policy.rules.statements import many
from infra.review.finding import Finding, Section, Verdict
from infra.review.grants import uncovered
from infra.review.grants_said import listed, said
from infra.review.holders import GROUP, ROLE, UNDER, USER, Holders
from infra.review.preview import Change, State
from infra.review.rights import Held, Sides
from infra.review.weights import danger, danger_of_managed, document_of

#: Types whose role is the one that they give something to.
_GIVE: Final = ("aws:iam/rolePol", "aws:iam/policyAttachment")
_SET: Final = "aws:ssoadmin/permissionSet:PermissionSet"
#: Type: the property with who has the rights, and its type; the property with whose they are, and its type.
_MEMBERS: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "aws:iam/groupMembership:GroupMembership": ("users", USER, "group", GROUP),
    "aws:iam/userGroupMembership:UserGroupMembership": ("user", USER, "groups", GROUP),
    "aws:ssoadmin/accountAssignment:AccountAssignment": ("principalId", "", "permissionSetArn", _SET),
}


def find(sides: Sides) -> Iterator[Finding]:
    """Changes of which identity something acts as; who gets the same rights under another name is not told."""
    for change in sides.preview.changed:
        if change.type in _MEMBERS:
            if not change.pending and change.op != "forget" and not (change.op == "delete" and change.state.retain):
                yield from _members(sides, change)
        elif change.before and change.after and not change.type.startswith(_GIVE):
            yield from _runs(sides, change, change.before, change.after)


def _runs(sides: Sides, change: Change, before: State, after: State) -> Iterator[Finding]:
    for prop, called in UNDER.items():
        if before.raw(prop) == after.raw(prop) and before.links.get(prop) == after.links.get(prop):
            continue
        old, new = _roles(sides.before, before, prop), _roles(sides.after, after, prop)
        if not old or not new or old == new:
            continue
        yield from _gets(sides, change, f"has another {called}, {sides.called(new[0])}", old[0], new[0])


def _roles(side: Holders, state: State, prop: str) -> list[str]:
    """The role of a property; nothing where it has none, or what it has is no role."""
    if prop == "iamInstanceProfile":
        profiles = [found for urn in state.links.get(prop, ()) if (found := side.state(urn))]
        return [role for profile in profiles for role in side.named(profile, "role", ROLE)]
    if isinstance(state.raw(prop), Hidden | str):
        return [role for role in side.named(state, prop, ROLE) if role.startswith("urn:") or ":role/" in role]
    return []


def _gets(sides: Sides, change: Change, sentence: str, old: str, new: str) -> Iterator[Finding]:
    """What one identity may do, and the other may not."""
    if sides.after.state(new) is None:
        yield _finding(change, f"{change.label} {sentence}: what it may do can't be seen in this stack", Verdict.LOOK)
        return
    before, after = sides.comparison(old).rights[0], sides.comparison(new).rights[1]
    why, lines = _more(sides, before, after)
    _, less = _more(sides, after, before)
    if why:
        yield _finding(change, f"{change.label} {sentence}: {why}", Verdict.DANGEROUS, lines)
    elif lines:
        yield _finding(change, f"{change.label} {sentence}, and may do more", Verdict.LOOK, lines)
    elif less:
        title = f"{change.label} {sentence}, and may do less: what still calls it fails with AccessDenied"
        yield _finding(change, title, Verdict.LOOK, less)


def _more(sides: Sides, old: Held, new: Held) -> tuple[str, list[str]]:
    """What the new one may do and the old one may not, and why that is dangerous."""
    gained = uncovered(new.allowed, old.everything)
    policies = [
        arn
        for arn in sorted(new.managed - old.managed)
        if not (known := document_of(arn)) or uncovered(known, old.everything)
    ]
    why = next(filter(None, [*map(danger_of_managed, policies), *map(danger, gained)]), "")
    return why, [*(arn.rsplit("/", 1)[-1] for arn in policies), *said(gained, sides.names)]


def _members(sides: Sides, change: Change) -> Iterator[Finding]:
    (was, old), (will, new) = _membership(sides.before, change.before), _membership(sides.after, change.after)
    joined = [group for group in new if group not in old]
    users = [user for user in will if user not in was]
    for group in new if users else joined:
        why, lines = _more(sides, Held(), sides.comparison(group).rights[1])
        who = listed(map(sides.names.of, users if group not in joined and users else will)) or "somebody"
        seen = "" if sides.after.state(group) is not None else ": what that may do can't be seen in this stack"
        title = f"{who} may do what {sides.names.of(group)} may{f': {why}' if why else seen}"
        yield _finding(change, title, Verdict.DANGEROUS if why else Verdict.LOOK, lines)
    left = [group for group in old if group not in new]
    gone = [user for user in was if user not in will]
    if left or gone:
        who, what = (listed(map(sides.names.of, some)) for some in (gone or was, left or old))
        title = f"{who or 'somebody'} may no longer do what {what} may; what they still call fails with AccessDenied"
        yield _finding(change, title, Verdict.LOOK)


def _membership(side: Holders, state: State | None) -> tuple[list[str], list[str]]:
    """Who has the rights, and whose they are."""
    if state is None:
        return [], []
    who, its_type, whose, type_ = _MEMBERS[state.type]
    users = side.named(state, who, its_type) if its_type else [str(one) for one in many(state.raw(who))]
    return users, side.named(state, whose, type_)


def _finding(change: Change, title: str, verdict: Verdict, details: list[str] | None = None) -> Finding:
    return Finding(
        section=Section.PERMISSIONS,
        verdict=verdict,
        title=title,
        resource=change.urn,
        details=tuple(details or ()),
    )
