"""Keys and passwords of users that are made, or begin to work again: who has them may do what their user may.

Source: IAM User Guide, "Security best practices in IAM": temporary credentials rather than access keys.
"""

from collections.abc import Iterator
from typing import Final

from infra.review.finding import Finding, Section, Verdict
from infra.review.holders import USER, Holders
from infra.review.preview import Change, State
from infra.review.rights import Sides, Weight, broad

#: Type: what it is, and the property with the user that it is of.
_KINDS: Final = {
    "aws:iam/accessKey:AccessKey": ("an access key", "user"),
    "aws:iam/serviceSpecificCredential:ServiceSpecificCredential": ("a password for one service", "userName"),
    "aws:iam/signingCertificate:SigningCertificate": ("a signing certificate", "userName"),
    "aws:iam/userLoginProfile:UserLoginProfile": ("a password for the console", "user"),
}


def find(sides: Sides) -> Iterator[Finding]:
    """Credentials that come, and those that end."""
    for change in sides.preview.changed:
        if change.type not in _KINDS or change.pending:
            continue
        was, will = _works(change.before), _works(change.after)
        if will and (not was or change.op == "replace"):
            yield _comes(sides, change)
        if was and (not will or change.op == "replace") and not (change.before and change.before.retain):
            what, user = _of(sides.before, change.before)
            yield Finding(
                section=Section.PERMISSIONS,
                verdict=Verdict.LOOK,
                title=f"{change.label}, {what} of {sides.names.of(user)}, ends: whoever still uses it is refused",
                resource=change.urn,
            )


def _works(state: State | None) -> bool:
    return state is not None and state.raw("status") != "Inactive"


def _of(side: Holders, state: State | None) -> tuple[str, str]:
    assert state is not None  # noqa: S101 - see find
    what, prop = _KINDS[state.type]
    return what, next(iter(side.named(state, prop, USER)), "a user")


def _comes(sides: Sides, change: Change) -> Finding:
    what, user = _of(sides.after, change.after)
    weight = _weight(sides, user)
    lasts = "it lasts until somebody deletes it, and the state has its secret"
    return Finding(
        section=Section.PERMISSIONS,
        verdict=weight.verdict,
        title=f"{sides.names.of(user)} gets {what}: {weight.why or lasts}",
        resource=change.urn,
        details=(lasts,) if weight.why else (),
    )


def _weight(sides: Sides, user: str) -> Weight:
    """As much as the user may do."""
    if sides.after.state(user) is None:
        return Weight(Verdict.LOOK, "what that user may do can't be seen in this stack")
    why = broad(sides.comparison(user).rights[1])
    return Weight(Verdict.DANGEROUS if why else Verdict.LOOK, f"the user has wide rights ({why})" if why else "")
