"""Whether anyone may read or write a bucket: its policy, its access list, and what closes both of them.

Source: S3 User Guide, "Blocking public access to your Amazon S3 storage".
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from infra.policy.resources import Hidden
from infra.review.finding import Finding, Section, Verdict
from infra.review.open_policies import Unread, anyone_may, denies_plain_text, document
from infra.review.preview import Preview, State, label
from infra.review.references import References, leaves, read

BUCKETS: Final = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
_POLICY: Final = ("aws:s3/bucketPolicy:BucketPolicy",)
_BLOCK: Final = ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",)
_ACL: Final = ("aws:s3/bucketAcl:BucketAcl", "aws:s3/bucketAclV2:BucketAclV2")
_OWNERSHIP: Final = ("aws:s3/bucketOwnershipControls:BucketOwnershipControls",)
_OF_ACCOUNT: Final = (
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
    "aws:s3control/accountPublicAccessBlock:AccountPublicAccessBlock",
)
_SPEAK: Final = (*BUCKETS, *_POLICY, *_BLOCK, *_ACL, *_OWNERSHIP)
_FLAGS: Final = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_PUBLIC_ACLS: Final = {
    "public-read": ("read",),
    "public-read-write": ("read", "write"),
    "authenticated-read": ("read",),
}
_EVERYONE: Final = ("/global/AllUsers", "/global/AuthenticatedUsers")


@dataclass
class _Bucket:
    """One bucket on one side, with all that speaks of it."""

    actions: set[str] = field(default_factory=set)
    acl: set[str] = field(default_factory=set)
    flags: set[str] = field(default_factory=set)
    unread: str = ""
    owner_enforced: bool = False
    tls_only: bool = False
    there: bool = True

    @property
    def by_policy(self) -> frozenset[str]:
        """What anyone may do, by the policy; the block closes it whatever it says."""
        return frozenset() if "restrictPublicBuckets" in self.flags else frozenset(self.actions)

    @property
    def by_acl(self) -> frozenset[str]:
        """What anyone may do, by the access list."""
        closed = self.owner_enforced or "ignorePublicAcls" in self.flags
        return frozenset() if closed else frozenset(self.acl)

    @property
    def open(self) -> frozenset[str]:
        """What anyone may do in the end."""
        return _words(self.by_policy) | self.by_acl

    @property
    def said(self) -> frozenset[str]:
        """What anyone could do if nothing closed it."""
        return _words(self.actions) | frozenset(self.acl)


def find(
    preview: Preview, references: References, before: Mapping[str, State], after: Mapping[str, State]
) -> Iterator[Finding]:
    """Each bucket that something of its own changes for."""
    touched = {change.urn for change in preview.changed if change.type in _SPEAK}
    if not touched and not any(change.type in _OF_ACCOUNT for change in preview.changed):
        return
    old, new = (_read(side, references) for side in (before, after))
    speakers = _speakers([*before.values(), *after.values()], references)
    for identity in dict.fromkeys([*old, *new]):
        if not speakers.get(identity, set()) & touched:
            continue
        one = old.get(identity, _Bucket(there=False))
        # A bucket of another stack stays, whatever goes that speaks of it here.
        two = new.get(identity, _Bucket(there=not identity.startswith("urn:")))
        if two.there:
            yield from _compared(preview, identity, one, two)
    for change in preview.changed:
        if change.type in _OF_ACCOUNT and change.before is not None:
            lost = [
                name
                for name in _FLAGS
                if change.before.raw(name) is True and not (change.after and change.after.raw(name) is True)
            ]
            if lost and change.urn in before:
                title = "the account's public access block is lifted: policies and access lists of its buckets count"
                yield _finding(Verdict.DANGEROUS, title, change.urn, [f"no longer: {', '.join(lost)}"])


def _compared(preview: Preview, identity: str, old: _Bucket, new: _Bucket) -> Iterator[Finding]:
    what = _named(preview, identity)
    resource = identity if identity.startswith("urn:") else ""
    lost = sorted(old.flags - new.flags)
    details = [f"no longer: {', '.join(lost)}"] if lost else []
    if more := new.open - old.open:
        title = f"anyone on the internet may {_listed(more)} {what}"
        said = [f"its policy: {one}" for one in sorted(new.by_policy)] + (
            [f"its access list: {_listed(new.by_acl)}"] if new.by_acl else []
        )
        yield _finding(Verdict.DANGEROUS, title, resource, [*said, *details])
    elif new.said - old.said - new.open:
        title = f"{what} lets anyone {_listed(new.said - old.said)} it, if its public access block did not keep it shut"
        yield _finding(Verdict.LOOK, title, resource, details)
    elif lost and old.there:
        yield _lifted(what, resource, old, new, details)
    elif gone := old.open - new.open:
        yield _finding(Verdict.SAFE, f"no longer may anyone {_listed(gone)} {what}", resource, [])
    if new.unread and old.there and "restrictPublicBuckets" not in new.flags:
        title = f"whom {what} lets in can't be known: its policy is {new.unread}"
        yield Finding(section=Section.BLIND_SPOTS, verdict=Verdict.LOOK, title=title, resource=resource)
    if old.tls_only and not new.tls_only and not new.unread:
        yield _finding(Verdict.LOOK, f"{what} takes requests without TLS", resource, [])


def _lifted(what: str, resource: str, old: _Bucket, new: _Bucket, details: list[str]) -> Finding:
    """The block goes: nothing of what is seen opens the bucket, and the lists of its objects are not seen."""
    lists = {"ignorePublicAcls", "blockPublicAcls"} & (old.flags - new.flags)
    if (lists and not new.owner_enforced) or new.unread:
        title = f"{what} loses its public access block: objects whose own access lists say public become so"
        return _finding(
            Verdict.DANGEROUS, title, resource, [*details, "not seen here: the access lists of single objects"]
        )
    title = (
        f"{what} loses its public access block: nothing seen here opens it, and nothing keeps the next policy from it"
    )
    return _finding(Verdict.LOOK, title, resource, details)


def _read(states: Mapping[str, State], references: References) -> dict[str, _Bucket]:
    found: dict[str, _Bucket] = {}
    for state in states.values():
        if state.type in BUCKETS:
            bucket = found.setdefault(state.urn, _Bucket())
            _policy(bucket, state)
            _acl(bucket, state)
    for state in states.values():
        for identity in _of(state, references):
            bucket = found.setdefault(identity, _Bucket())
            if state.type in _POLICY:
                _policy(bucket, state)
            elif state.type in _ACL:
                _acl(bucket, state)
            elif state.type in _BLOCK:
                bucket.flags |= {name for name in _FLAGS if read(state, name) is True}
            elif state.type in _OWNERSHIP:
                bucket.owner_enforced = read(state, "rule.objectOwnership") == "BucketOwnerEnforced"
    return found


def _policy(bucket: _Bucket, state: State) -> None:
    try:
        found = document(state, "policy")
    except Unread as unread:
        bucket.unread = str(unread)
        return
    bucket.actions |= anyone_may(found)
    bucket.tls_only = bucket.tls_only or denies_plain_text(found)


def _acl(bucket: _Bucket, state: State) -> None:
    acl = read(state, "acl")
    if isinstance(acl, Hidden):
        bucket.unread = acl.why
    elif isinstance(acl, str):
        bucket.acl |= set(_PUBLIC_ACLS.get(acl, ()))
    for grants in (leaves(read(state, "accessControlPolicy"), "grants"), leaves(read(state, "grants"))):
        for grant in grants:
            bucket.acl |= _granted(grant)


def _granted(grant: Any) -> set[str]:
    if not isinstance(grant, Mapping):
        return set()
    uris = [str(uri) for uri in (*leaves(grant, "grantee.uri"), *leaves(grant, "uri"))]
    if not any(uri.endswith(_EVERYONE) for uri in uris):
        return set()
    words = {str(one) for one in (*leaves(grant, "permission"), *leaves(grant, "permissions"))}
    return ({"read"} if words & {"READ", "FULL_CONTROL"} else set()) | (
        {"write"} if words & {"WRITE", "WRITE_ACP", "FULL_CONTROL"} else set()
    )


def _of(state: State, references: References) -> frozenset[str]:
    """The bucket that a resource speaks of."""
    if state.type not in (*_POLICY, *_BLOCK, *_ACL, *_OWNERSHIP):
        return frozenset()
    return references.of(state, [read(state, "bucket")], "bucket", BUCKETS)[0]


def _speakers(states: Iterable[State], references: References) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for state in states:
        for identity in [state.urn] if state.type in BUCKETS else _of(state, references):
            found[identity].add(state.urn)
    return found


def _words(actions: Iterable[str]) -> frozenset[str]:
    """What actions come to. Source: Service Authorization Reference, Amazon S3."""
    found = set[str]()
    for action in actions:
        name = action.split(":")[-1].lower()
        if name == "*" or action.startswith("all but"):
            found |= {"read", "list", "write", "delete"}
        elif name.startswith("get"):
            found.add("read")
        elif name.startswith("list"):
            found.add("list")
        elif name.startswith("delete"):
            found.add("delete")
        else:
            found.add("write")
    return frozenset(found)


def _listed(words: Iterable[str]) -> str:
    order = ("read", "list", "write", "delete")
    found = [word for word in order if word in set(words)]
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}" if found else "use"


def _named(preview: Preview, identity: str) -> str:
    change = preview.by_urn.get(identity)
    return label(change.state) if change else f"bucket {identity.rsplit('::', 1)[-1]}"


def _finding(verdict: Verdict, title: str, resource: str, details: Iterable[str]) -> Finding:
    return Finding(section=Section.EXPOSURE, verdict=verdict, title=title, resource=resource, details=tuple(details))
