"""Why so much changes: from each change that the program makes of its own, to all that follows from it.

A change follows from another where a property of it that differs takes its value from that other resource, and the
other's value does differ: because it is new or replaced, or because of what the preview shows or hides of its outputs.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from infra.policy.resources import UNKNOWN
from infra.review.blind_spots import paths_to
from infra.review.changes import counted
from infra.review.compared import compared
from infra.review.differences import Difference
from infra.review.finding import Finding, Section, Verdict
from infra.review.preview import Change, Preview, State
from infra.review.serving import kind

_DONE: Final = {
    "create": "is created",
    "update": "is updated",
    "replace": "is replaced",
    "delete": "is deleted",
    "import": "is imported",
    "forget": "is left to itself",
}
#: Followers that are told by name, and how far a line is set in at most.
_TOLD: Final = 100
#: Chains that are told as one, where they are alike.
_MANY: Final = 4
_DEEPEST: Final = 12
#: Characters of a value that is too short to know it again by.
_SHORT: Final = 8


@dataclass
class _Node:
    """A change, what it follows from, and what follows from it, each with the property that carries it."""

    change: Change
    causes: dict[str, str] = field(default_factory=dict)
    followers: list[str] = field(default_factory=list)


def find(preview: Preview) -> Iterator[Finding]:
    """Each root with a follower: what it is, why it changes, and its followers, each below what it follows from."""
    alike: dict[Hashable, list[_Chain]] = defaultdict(list)
    for chain in _chains(preview):
        alike[chain.change.type, chain.change.op, chain.because, frozenset(chain.done.items())].append(chain)
    for chains in alike.values():
        if len(chains) < _MANY:
            yield from map(_told, chains)
        else:
            yield _told_together(chains)


def _chains(preview: Preview) -> "Iterator[_Chain]":
    nodes = {change.urn: _Node(change) for change in preview.changed if not change.pending}
    outputs = {urn: _new_outputs(node.change) for urn, node in nodes.items()}
    for node in nodes.values():
        for prop, urn in _causes(node.change, nodes, outputs):
            node.causes.setdefault(urn, prop)
    order = {urn: at for at, urn in enumerate(nodes)}
    for urn, node in nodes.items():
        # Of several, the one that comes last: it may itself follow from the others.
        if cause := min(node.causes, key=lambda one: (_FIRST.index(nodes[one].change.op), -order[one]), default=None):
            nodes[cause].followers.append(urn)
    told = set[str]()
    roots = [urn for urn, node in nodes.items() if not node.causes and node.followers]
    for urn in [*roots, *(urn for urn, node in nodes.items() if node.followers)]:  # those that follow in a circle
        if urn not in told:
            yield _chain(nodes, urn, told)


#: Of several causes, the one whose change explains most.
_FIRST: Final = ("replace", "import", "create", "update", "delete", "forget")


def _causes(
    change: Change, nodes: Mapping[str, _Node], outputs: Mapping[str, frozenset[str]]
) -> Iterator[tuple[str, str]]:
    """Properties that differ and the changed resources that their values come from."""
    if change.op not in ("update", "replace") or change.before is None or change.after is None:
        return
    tops = {re.split(r"[.\[]", reason)[0] for reason in [*change.reasons, *change.replace_reasons]}
    for prop in dict.fromkeys([*change.after.links, *change.before.links]):
        before, after = change.before.props.get(prop), change.after.props.get(prop)
        unknown = next(paths_to(UNKNOWN, after, prop), None) is not None
        if prop not in tops and not unknown and before == after:
            continue
        linked = [urn for urn in change.after.links.get(prop, ()) if urn in nodes and urn != change.urn]
        found = [urn for urn in linked if nodes[urn].change.op in ("replace", "create", "import")]
        texts = _texts(after) if linked and not unknown else ""
        found += [
            urn
            for urn in linked
            if nodes[urn].change.op == "update" and (unknown or any(text in texts for text in outputs[urn]))
        ]
        if not found:
            gone = [urn for urn in change.before.links.get(prop, ()) if urn in nodes and urn not in linked]
            found = [urn for urn in gone if nodes[urn].change.op in ("delete", "forget")]
        for urn in found:
            yield prop, urn


def _new_outputs(change: Change) -> frozenset[str]:
    """Texts that an update makes of a resource's outputs, where the preview knows them."""
    if change.op != "update" or change.before is None or change.after is None:
        return frozenset()
    old, new = change.before.outputs, change.after.outputs
    given = change.after.props.values()
    return frozenset(
        value
        for key, value in new.items()
        if isinstance(value, str) and len(value) >= _SHORT and value != old.get(key) and value not in given
    )


def _texts(value: Any) -> str:
    """All texts of a value, one after another."""
    found, waiting = list[str](), [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, Mapping):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return "\n".join(found)


@dataclass(frozen=True)
class _Chain:
    """A root, why it changes, and its followers: a line each, and how many of them are done what with."""

    change: Change
    because: str
    done: Mapping[str, int]
    lines: tuple[str, ...]

    @property
    def number(self) -> int:
        return sum(self.done.values())


def _told(chain: _Chain) -> Finding:
    change = chain.change
    follow = f"{counted(chain.number, 'resource')} follow{'s' if chain.number == 1 else ''}: {_ops(chain.done)}"
    return Finding(
        section=Section.CAUSES,
        verdict=Verdict.SAFE,
        title=f"{change.label} {_DONE[change.op]}{chain.because}; {follow}",
        resource=change.urn,
        details=chain.lines,
    )


def _told_together(chains: Sequence[_Chain]) -> Finding:
    """Roots of one type that change for the same reason, with the same to follow."""
    first, done = chains[0], Counter[str]()
    for chain in chains:
        done.update(chain.done)
    lines = [line for chain in chains for line in (chain.change.label, *(f"  {one}" for one in chain.lines))]
    if len(lines) > _TOLD:
        lines[_TOLD:] = [f"and {len(lines) - _TOLD:,} lines more"]
    what = f"{len(chains):,} of {first.change.label.split()[0]} {_DONE[first.change.op].replace('is ', 'are ', 1)}"
    follow = f"{counted(sum(done.values()), 'resource')} follow: {_ops(done)}"
    return Finding(
        section=Section.CAUSES,
        verdict=Verdict.SAFE,
        title=f"{what}{first.because.replace(' its ', ' their ')}; {follow}",
        details=tuple(lines),
    )


def _ops(done: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {_DONE[op].removeprefix('is ')}" for op, count in done.items())


def _chain(nodes: Mapping[str, _Node], root: str, told: set[str]) -> _Chain:
    """A root and its followers, depth first, so that each stands below what it follows from."""
    told.add(root)
    lines, done, number = list[str](), Counter[str](), 0
    waiting = [(urn, root, 1) for urn in reversed(nodes[root].followers)]
    while waiting:
        urn, cause, depth = waiting.pop()
        if urn in told:
            continue
        told.add(urn)
        node, number = nodes[urn], number + 1
        done[node.change.op] += 1
        if number <= _TOLD:
            lines.append(f"{'  ' * (min(depth, _DEEPEST) - 1)}-> {_follower(nodes, node, cause)}")
        waiting += [(follower, urn, depth + 1) for follower in reversed(node.followers)]
    if number > _TOLD:
        lines.append(f"and {number - _TOLD:,} more")
    change = nodes[root].change
    return _Chain(change, _because(change), done, tuple(lines))


def _follower(nodes: Mapping[str, _Node], node: _Node, cause: str) -> str:
    """`ecs/Service worker is updated: taskDefinition`."""
    line = f"{node.change.label} {_DONE[node.change.op]}: {node.causes[cause]}"
    others = [nodes[urn].change.label for urn in node.causes if urn != cause]
    if others:
        line += f" (and {', '.join(others[:_OTHERS])}{' and others' if len(others) > _OTHERS else ''})"
    given = node.change.state.declared
    own = [top for top in _tops(node.change) if top not in _carried(node, nodes) and (top in given or not given)]
    return f"{line}; and for its own: {', '.join(own)}" if own else line


_OTHERS: Final = 3


def _tops(change: Change) -> list[str]:
    """Properties that differ, without what the provider makes of tags."""
    tops = dict.fromkeys(re.split(r"[.\[]", reason)[0] for reason in [*change.reasons, *change.replace_reasons])
    return [top for top in tops if top != "tagsAll"]


def _carried(node: _Node, nodes: Mapping[str, _Node]) -> set[str]:
    """The properties through which causes come."""
    sides = [side for side in (node.change.before, node.change.after) if side]
    return {
        prop
        for side in sides
        for prop, urns in side.links.items()
        if any(urn in node.causes and urn in nodes for urn in urns)
    }


def _because(change: Change) -> str:
    if change.op in ("create", "import", "delete", "forget"):
        return ""
    found = compared(change)
    forcing = {re.split(r"[.\[]", reason)[0] for reason in change.replace_reasons}
    telling = [one for one in found if _top(one) in forcing] or list(found)
    words = dict.fromkeys(_word(one, change.after) for one in telling if one.noise != "generated name")
    read = list(words) or list(dict.fromkeys([*change.replace_reasons, *change.reasons]))
    if read:
        more = f" and {len(read) - _REASONS} more" if len(read) > _REASONS else ""
        return f" because of {', '.join(read[:_REASONS])}{more}"
    if change.before and change.after and change.before.provider != change.after.provider:
        return " because its provider changed"
    return ", and the preview does not say why"


_REASONS: Final = 3


def _top(one: Difference) -> str:
    found = re.split(r"[.\[: ]", one.path)[0]
    return "containerDefinitions" if found == "container" else found


def _word(one: Difference, after: State | None) -> str:
    """What differs, as a person says it."""
    if one.noise:
        return _NOISES[one.noise]
    if variable := re.search(r"environment (\S+)$", one.path):
        return f"the variable {variable[1]}"
    if statement := re.search(r": statement ?(\S*?)(?::|$)", one.path):
        name = statement[1] or "that comes or goes"
        return f"the policy's statement {name}"
    if re.search(r"\bimage$", one.path):
        return "another image"
    if re.search(r"secrets \S+$", one.path):
        return f"the secret {one.path.rsplit(' ', 1)[-1]}"
    if after is not None and kind(after.type) == "aws:ecs/taskDefinition" and one.path.startswith("container "):
        return one.path
    return one.path


_NOISES: Final = {
    "tags": "its tags",
    "order": "the order of a list",
    "formatting": "how its JSON is written",
    "digest": "its image's digest",
    "generated name": "its generated name",
}
