"""Resources that go while others come with the same inputs: a rename, or a move, of which the engine was not told.

To Pulumi another logical name, or another parent, is another resource; an alias says that it is not. Source: Pulumi's
documentation, "aliases"; children of an aliased component inherit its alias.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from infra.review.changes import counted
from infra.review.data_loss import shared_name
from infra.review.deletion import End, fate
from infra.review.finding import Finding, Section, Verdict
from infra.review.preview import Change, Preview, State, label
from infra.review.stateful import store_of

_STACK: Final = "pulumi:pulumi:Stack"
#: What a thing is called in its cloud, and what says so again.
_NAMES: Final = frozenset(
    {"name", "namePrefix", "identifier", "clusterIdentifier", "bucket", "tags", "tagsAll", "family", "description"}
)
_GENERATED: Final = re.compile(r"-[0-9a-f]{7}(\.fifo)?$")
#: Types that are a setting of another resource: the old one and the new one are the same thing in AWS.
_SETTINGS: Final = frozenset(
    {
        "aws:appautoscaling/target:Target",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders",
        "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws:iam/userPolicyAttachment:UserPolicyAttachment",
        "aws:kms/keyPolicy:KeyPolicy",
        "aws:route53/record:Record",
        "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketNotification:BucketNotification",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration",
        "aws:secretsmanager/secretPolicy:SecretPolicy",
        "aws:secretsmanager/secretRotation:SecretRotation",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:sqs/queuePolicy:QueuePolicy",
        "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy",
        "aws:sqs/redrivePolicy:RedrivePolicy",
        "aws:wafv2/webAclAssociation:WebAclAssociation",
    }
)


@dataclass(frozen=True)
class Rename:
    """Two resources that look like one.

    Attributes:
        named_anew: whether they differ in what the cloud calls them.
        a_setting: whether both are one thing in AWS, so that deleting the old one takes the new one away.
        alike: how many inputs of the program they share.
    """

    old: Change
    new: Change
    named_anew: bool = False
    a_setting: bool = False
    alike: int = 0

    @property
    def sides(self) -> tuple[State, State]:
        """The old one and the new one."""
        assert self.old.before is not None  # noqa: S101 - a delete has a state before
        assert self.new.after is not None  # noqa: S101 - a create has a state after
        return self.old.before, self.new.after

    @property
    def verdict(self) -> Verdict:
        """What is deleted with the old one decides; to be alike in one input or none is no news."""
        store = store_of(self.sides[0])
        kept = fate(self.old).end is End.KEPT
        lost = store is not None and not kept and store.kind.deleted is Verdict.DANGEROUS
        if lost or self.a_setting:
            return Verdict.DANGEROUS
        return Verdict.LOOK if store is not None or self.alike > 1 else Verdict.SAFE


def find(preview: Preview) -> Iterator[Finding]:
    """Each rename, or each component's with all that is in it."""
    found = list(renames(preview))
    components: dict[tuple[str, str], list[Rename]] = defaultdict(list)
    moves: dict[tuple[str, str], list[Rename]] = defaultdict(list)
    for rename in found:
        old, new = rename.sides
        if top := _component(preview, old, new):
            components[top].append(rename)
        elif _place(old.parent) != _place(new.parent):
            moves[old.parent, new.parent].append(rename)
        else:
            yield _one(rename)
    for (gone, come), inside in components.items():
        yield _of_component(preview.by_urn[gone], preview.by_urn[come], inside)
    for (gone, come), inside in moves.items():
        if len(inside) == 1:
            yield _one(inside[0])
        else:
            yield _moved(gone, come, inside)


def renames(preview: Preview) -> Iterator[Rename]:
    """Pairs of a resource that is deleted and one that is created, of one type and with the same inputs."""
    gone = [change for change in preview.changed if change.op == "delete" and change.before and not change.pending]
    come = [change for change in preview.changed if change.op == "create" and change.after]
    found = list(_paired(gone, come, frozenset()))
    paired = {change.urn for rename in found for change in (rename.old, rename.new)}
    gone, come = ([change for change in side if change.urn not in paired] for side in (gone, come))
    # Of what holds nothing, one that has another name and others' values is another one.
    found += [rename for rename in _paired(gone, come, _NAMES) if store_of(rename.sides[0])]
    became = {rename.old.urn: rename.new.urn for rename in found}
    for rename in found:
        old, new = rename.sides
        if store_of(old) or _sources(old, became) == _sources(new, {}):
            yield replace(rename, a_setting=_a_setting(preview, old, new))


def _sources(state: State, became: Mapping[str, str]) -> dict[str, list[str]]:
    """For each property where its value comes from, once what is renamed has its new name."""
    return {prop: sorted(became.get(urn, urn) for urn in urns) for prop, urns in state.links.items()}


def _a_setting(preview: Preview, old: State, new: State) -> bool:
    """Whether both are settings of one thing, that stays as it is."""
    if old.type not in _SETTINGS or old.retain or dict(old.links) != dict(new.links):
        return False
    targets = [preview.by_urn.get(urn) for urns in new.links.values() for urn in urns]
    return all(target is None or target.op in ("same", "update", "read", "refresh") for target in targets)


def _paired(gone: list[Change], come: list[Change], ignored: frozenset[str]) -> Iterator[Rename]:
    old, new = (_by_inputs(side, ignored) for side in (gone, come))
    for key in [key for key in old if key in new]:
        for one, other in _matched(old[key], new[key]):
            yield Rename(one, other, named_anew=bool(ignored), alike=len(_given(one.state, ignored)))


def _matched(gone: list[Change], come: list[Change]) -> Iterator[tuple[Change, Change]]:
    """Each with the one of its own name; the others in the order of their names, which one word before all keeps."""
    named: dict[str, list[Change]] = defaultdict(list)
    for change in come:
        named[change.name].append(change)
    rest = []
    for change in gone:
        if named[change.name]:
            yield change, named[change.name].pop()
        else:
            rest.append(change)
    left = [change for changes in named.values() for change in changes]
    yield from zip(*(sorted(side, key=lambda change: change.name) for side in (rest, left)), strict=False)


def _by_inputs(changes: list[Change], ignored: frozenset[str]) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        found[_inputs(change.state, ignored)].append(change)
    return found


def _inputs(state: State, ignored: frozenset[str]) -> str:
    return json.dumps([state.type, _given(state, ignored)], sort_keys=True, default=str)


def _given(state: State, ignored: frozenset[str]) -> dict[str, Any]:
    """What a program gives a resource, without what Pulumi makes up; of other resources' values their types."""
    return {
        name: [_kind(urn) for urn in state.links[name]] if state.links.get(name) else value
        for name, value in state.props.items()
        if (not state.declared or name in state.declared) and not _made_up(state, name, value) and name not in ignored
    }


def _made_up(state: State, name: str, value: Any) -> bool:
    """Whether a name is Pulumi's own, where the preview does not tell what the program gives."""
    return not state.declared and name in _NAMES and isinstance(value, str) and bool(_GENERATED.search(value))


def _kind(urn: str) -> str:
    """The type token of a URN; of what is none, itself."""
    return urn.split("::")[2].rsplit("$", 1)[-1] if urn.count("::") > 1 else urn


def _component(preview: Preview, old: State, new: State) -> tuple[str, str] | None:
    """The outermost component that goes, and the one that comes in its place, around two resources."""
    top, one, other = None, old.parent, new.parent
    while one and other and one != other:
        gone, come = preview.by_urn.get(one), preview.by_urn.get(other)
        if gone is None or come is None or gone.after is not None or come.before is not None:
            break
        top = (one, other)
        one, other = gone.state.parent, come.state.parent
    return top


def _one(rename: Rename) -> Finding:
    old, new = rename.sides
    store = store_of(old)
    if old.name == new.name:
        title = f"{label(new)} moves from {_place(old.parent)} to {_place(new.parent)}, and nothing says so"
    else:
        like = "the same but for its name" if rename.named_anew else "with the same inputs"
        title = f"{label(old)} goes and {label(new)} comes, {like}: is it a rename?"
        title += " Then an alias is missing"
    if rename.a_setting:
        title += ": to AWS both are one thing, and the old one's deletion takes the new one away"
    elif store is not None and fate(rename.old).end is not End.KEPT:
        title += f": as it stands, the old one goes with {store.holds}"
    else:
        title += ": as it stands, one is deleted and another made"
    details = [f"if it is: {label(new)} needs opts={_alias(old, new)}"]
    details += [f"and keep {name} = {old.raw(name)!r}: another one replaces it" for name in _kept_names(rename)]
    if store is not None and (name := shared_name(old, new)):
        details.append(f"if not: both are called {name}, AWS refuses the new one while there is the old one")
    return _finding(rename.verdict, title, details, new.urn, data=store is not None)


def _kept_names(rename: Rename) -> Iterator[str]:
    old, new = rename.sides
    for name in sorted(_NAMES - {"tags", "tagsAll", "description"}):
        if name in old.declared and isinstance(old.raw(name), str) and old.raw(name) != new.raw(name):
            yield name


def _of_component(gone: Change, come: Change, inside: list[Rename]) -> Finding:
    title = f"component {gone.label} goes and {come.label} comes, with {counted(len(inside), 'resource')} the same"
    title += f": is it a rename? Then an alias is missing: as it stands, {_what_goes(inside)}"
    details = [
        f"if it is: {come.label} needs opts={_alias(gone.state, come.state)}; what is in it follows",
        *_lines(inside),
    ]
    return _finding(_worst(inside), title, details, come.urn, data=_data(inside))


def _moved(gone: str, come: str, inside: list[Rename]) -> Finding:
    title = f"{counted(len(inside), 'resource')} move from {_place(gone)} to {_place(come)}, and nothing says so"
    title += f": as it stands, {_what_goes(inside)}"
    details = [f"{label(new)} needs opts={_alias(old, new)}" for old, new in (rename.sides for rename in inside)]
    return _finding(_worst(inside), title, details, "", data=_data(inside))


def _lines(inside: list[Rename]) -> list[str]:
    return [
        label(old) if old.name == new.name else f"{label(old)} -> {label(new)}"
        for old, new in (rename.sides for rename in inside)
    ]


def _what_goes(inside: list[Rename]) -> str:
    held = [(rename.sides[0], store_of(rename.sides[0])) for rename in inside if rename.verdict is Verdict.DANGEROUS]
    lost = [f"{label(state)} goes with {store.holds}" for state, store in held if store is not None]
    return " and ".join(lost[:3]) + (f" and {len(lost) - 3} more" if len(lost) > 3 else "") or "all are made anew"  # noqa: PLR2004 - three are a sentence


def _worst(inside: list[Rename]) -> Verdict:
    return max(rename.verdict for rename in inside)


def _data(inside: list[Rename]) -> bool:
    return any(store_of(rename.sides[0]) for rename in inside)


def _alias(old: State, new: State) -> str:
    """The options that say that the new one is the old one."""
    said = []
    if old.name != new.name:
        said.append(f'name="{old.name}"')
    if old.type != new.type:
        said.append(f'type_="{old.type}"')
    if _place(old.parent) != _place(new.parent):
        at_top = not old.parent or _kind(old.parent) == _STACK
        said.append("parent=pulumi.ROOT_STACK_RESOURCE" if at_top else f'parent="{old.parent}"')
    return f"pulumi.ResourceOptions(aliases=[pulumi.Alias({', '.join(said)})])"


def _place(parent: str) -> str:
    if not parent or _kind(parent) == _STACK:
        return "the stack"
    return f"{_kind(parent).rsplit(':', 1)[-1]} {parent.rsplit('::', 1)[-1]}"


def _finding(verdict: Verdict, title: str, details: list[str], urn: str, *, data: bool) -> Finding:
    section = Section.DATA_LOSS if data else Section.DOWNTIME
    return Finding(section=section, verdict=verdict, title=title, resource=urn, details=tuple(details))
