"""What is lost with the resources that a change deletes or replaces, weighed by the guards they stand under."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from infra.policy.resources import Hidden
from infra.review.changes import counted
from infra.review.deletion import End, Fate, fate
from infra.review.finding import Finding, Section, Verdict
from infra.review.preview import Change, Preview, State
from infra.review.stateful import SECRET, SECRET_VERSION, Kind, Store, store_of

_SHOWN: Final = 6  # names of those who use what goes; one line
#: Properties that name a thing in its cloud.
_NAMES: Final = ("identifier", "clusterIdentifier", "bucket", "name", "replicationGroupId", "clusterId")
#: Types of which two may have one name.
_NAMESAKES: Final = (
    "aws:cognito/userPool:UserPool",
    "aws:route53/zone:Zone",
    "aws:apigateway/restApi:RestApi",
    "aws:apigatewayv2/api:Api",
)
_LIGHT: Final = (Kind.COPY, Kind.RELEASE)
_TOLD_APIECE: Final = 3  # findings of one type that weigh little; more of them are one


def find(preview: Preview) -> Iterator[Finding]:
    """Each resource that holds something and is deleted, replaced or let go."""
    small: dict[tuple[str, str, str], list[Finding]] = defaultdict(list)
    for change in preview.changed:
        if change.op not in ("delete", "replace", "forget") or change.before is None or change.before.external:
            continue
        store = store_of(change.before)
        if store is None or (change.op == "replace" and store.kind is Kind.RELEASE):
            continue
        found = _replaced(preview, change, store) if change.op == "replace" else _deleted(preview, change, store)
        if store.kind in _LIGHT:
            kind, _, name = change.label.rpartition(" ")
            small[change.op, kind, found.title.removeprefix(f"{kind} {name}")].append(found)
        else:
            yield found
    for (_, kind, rest), findings in small.items():
        if len(findings) <= _TOLD_APIECE:
            yield from findings
        else:
            yield _together(findings, f"{counted(len(findings), kind)}: each{rest}")


def _together(findings: list[Finding], title: str) -> Finding:
    names = tuple(finding.resource.rsplit("::", 1)[-1] for finding in findings)
    worst = max(finding.verdict for finding in findings)
    return Finding(section=Section.DATA_LOSS, verdict=worst, title=title, details=names)


def _deleted(preview: Preview, change: Change, store: Store) -> Finding:
    end, what = fate(change), f"{change.label} is "
    verdict, irreversible = store.kind.deleted, False
    match end.end:
        case End.KEPT:
            verdict = Verdict.LOOK
            what += f"let go: it stays in the cloud with {store.holds}, and nobody looks after it ({end.why})"
        case End.REFUSED:
            what += f"to be deleted, and {store.holds} with it: {end.why}, and the update fails"
        case End.REFUSED_UNLESS_EMPTY:
            verdict = Verdict.LOOK
            what += f"deleted if it is empty; AWS refuses while it has {store.holds}, and the update fails"
        case End.DELAYED:
            verdict = Verdict.LOOK if change.type == SECRET else verdict
            what += f"deleted, and {store.holds} with it: unusable at once, and gone for good after {end.days:g} days"
            irreversible = change.type != SECRET
        case End.COPIED:
            what += f"deleted, and {store.holds} with it, but for a copy: {end.why}"
        case End.GONE:
            what += f"deleted, and {store.holds} with it"
            irreversible = store.kind not in _LIGHT
    if change.pending:
        what += " (the rest of an update that broke off)"
    return _finding(preview, change, store, verdict, what, end, irreversible=irreversible)


def _replaced(preview: Preview, change: Change, store: Store) -> Finding:
    end, why = fate(change), ", ".join(change.replace_reasons)
    what = f"{change.label} is replaced{f' for {why}' if why else ''}: "
    verdict, irreversible = store.kind.replaced, False
    new = f"a new{_content(change, store)} one takes its place, and the old one"
    match end.end:
        case End.KEPT:
            verdict = store.kind.kept
            what += f"{new} stays in the cloud with {store.holds} ({end.why})"
        case End.REFUSED_UNLESS_EMPTY:
            verdict = store.kind.kept
            what += f"{new} stays behind with {store.holds}: AWS deletes no full one, and the update fails"
        case End.REFUSED:
            what += f"{new} is to go with {store.holds}: {end.why}, and the update fails"
        case End.DELAYED:
            what += f"{new} goes with {store.holds}: it can be had back for {end.days:g} days"
            irreversible = change.type != SECRET
        case End.COPIED:
            what += f"{new} goes with {store.holds}, but for a copy: {end.why}"
        case End.GONE:
            what += f"{new} goes with {store.holds}"
            irreversible = store.kind not in _LIGHT
    if change.type == SECRET and end.end is not End.REFUSED and _written_anew(preview, change):
        verdict, irreversible = Verdict.LOOK, False
        what += "; the program writes its value into the new one"
    return _finding(preview, change, store, verdict, what, end, irreversible=irreversible)


def _content(change: Change, store: Store) -> str:
    """What a new one begins with."""
    if change.after is not None and any(change.after.raw(name) for name in _FROM_A_COPY):
        return ", restored"
    return store.kind.begins


#: Properties by which a new one begins as a copy, of an earlier day.
_FROM_A_COPY: Final = (
    "snapshotIdentifier",
    "snapshotName",
    "snapshotArns",
    "snapshotId",
    "restoreToPointInTime",
    "restoreSourceName",
    "sourceDbSnapshotIdentifier",
    "backupId",
)


def _written_anew(preview: Preview, secret: Change) -> bool:
    """Whether the program has the value: of a secret that is rotated it has an old one."""
    users = [user for user in preview.dependents(secret.urn) if user.after is not None]
    written = any(user.type == SECRET_VERSION and user.op in ("create", "replace", "update") for user in users)
    return written and not any(user.type == _ROTATION for user in users)


_ROTATION: Final = "aws:secretsmanager/secretRotation:SecretRotation"


def _finding(
    preview: Preview, change: Change, store: Store, verdict: Verdict, title: str, end: Fate, *, irreversible: bool
) -> Finding:
    details = [store.means] if store.means and end.end is not End.KEPT else []
    if end.why and end.end not in (End.COPIED, End.KEPT, End.REFUSED):
        details.append(end.why)
    if end.how:
        details.append(f"to have it back: {end.how}")
    if change.op == "replace":
        details += _order(change, end)
    if change.after is not None and change.before is not None and change.after.retain and not change.before.retain:
        details.append("retainOnDelete is new with this change: it does not count for the old one, which is deleted")
    users = [user for user in preview.dependents(change.urn) if user.state.custom and user.after is not None]
    if users:
        more = f", and {len(users) - _SHOWN} more" if len(users) > _SHOWN else ""
        details.append(f"used by {', '.join(user.label for user in users[:_SHOWN])}{more}")
    return Finding(
        section=Section.DATA_LOSS,
        verdict=verdict,
        title=title,
        resource=change.urn,
        details=tuple(details),
        irreversible=irreversible,
    )


def _order(change: Change, end: Fate) -> Iterator[str]:
    name = shared_name(change.before, change.after) if change.before and change.after else ""
    stays = end.end is End.KEPT or (change.type == SECRET and end.end is End.DELAYED)
    if name and (stays or change.deleted_first is False):
        why = "the old one keeps its name" if stays else "the new one comes first"
        yield f"both are called {name}, and {why}: AWS refuses the new one, and the update fails"
    elif change.deleted_first is True:
        yield "the old one goes before the new one comes: in between there is none"
    elif change.deleted_first is False:
        yield "the new one comes before the old one goes: nothing is copied from one to the other"


def shared_name(before: State, after: State) -> str:
    """The name that both have by the program's own word, where AWS knows them by it; empty where there is none."""
    for name in _NAMES if after.type not in _NAMESAKES else ():
        old, new = before.raw(name), after.raw(name)
        if name in after.declared and old == new and not isinstance(new, Hidden) and new:
            return str(new)
    return ""
