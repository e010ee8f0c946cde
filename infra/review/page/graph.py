"""The stack as the page's script draws it: resources, and who takes what from whom."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from infra.policy.resources import UNKNOWN
from infra.review.blind_spots import paths_to
from infra.review.compared import compared
from infra.review.differences import Difference
from infra.review.finding import Finding
from infra.review.page.lines import line
from infra.review.preview import Change, Op, Preview, State, label
from infra.review.visible import visible

#: Of so many changes what differs is shown with the resource; of more the findings alone tell it, or the page would be
#: too large.
_SHOWN: Final = 1000
#: Properties of one of them at most.
_PROPERTIES: Final = 40
_STACK: Final = "pulumi:pulumi:Stack"
_PROVIDER: Final = "pulumi:providers:"
#: Properties by which a difference may be told, without the position or the name in it.
_TOP: Final = re.compile(r"[.\[: ]")


def of(preview: Preview, findings: Sequence[Finding]) -> dict[str, Any]:
    """Plain data for the page; `findings` are named by their position.

    Each edge is [the resource that is used, the one that uses it, by which properties, whether it is `new`, `gone` or
    neither, whether the change of the one is why the other changes]; resources are named by their position.
    """
    shown = [change for change in preview.by_urn.values() if _is_drawn(change)]
    position = {change.urn: at for at, change in enumerate(shown)}
    about = defaultdict[str, list[int]](list)
    for at, finding in enumerate(findings):
        about[finding.resource].append(at)
    drifted = {change.urn for change in preview.drift}
    few = sum(change.op != "same" for change in shown) <= _SHOWN
    return {
        "resources": [
            {
                **_resource(change, position, differences_too=few),
                "findings": about[change.urn],
                "verdict": max((findings[at].verdict for at in about[change.urn]), default=0),
                **({"drifted": True} if change.urn in drifted else {}),
            }
            for change in shown
        ],
        "edges": list(_edges(shown, position)),
    }


def _is_drawn(change: Change) -> bool:
    """The stack itself is all of it; a provider is drawn where it changes, and what hangs on it may with it."""
    return change.type != _STACK and not (change.type.startswith(_PROVIDER) and change.op == "same")


def _resource(change: Change, position: Mapping[str, int], *, differences_too: bool) -> dict[str, Any]:
    kind, _, _ = label(change.state).partition(" ")
    known: dict[str, Any] = {
        "urn": visible(change.urn),
        "name": visible(change.name),
        "kind": visible(kind),
        "op": change.op,
        "parent": position.get(change.state.parent, -1),
    }
    if not change.state.custom:
        known["component"] = True
    if change.op == "same":
        return known
    if differences_too:
        known["differences"] = [_difference(one) for one in compared(change) or _values(change)]
    if change.replace_reasons:
        known["replacedFor"] = [visible(reason) for reason in change.replace_reasons]
    if change.op == "replace" and change.deleted_first is not None:
        known["deletedFirst"] = change.deleted_first
    known["marks"] = [
        mark for mark, holds in (("protected", change.state.protect), ("kept in the cloud", _kept(change))) if holds
    ]
    return known


def _kept(change: Change) -> bool:
    return change.op in ("delete", "replace") and change.before is not None and change.before.retain


def _values(change: Change) -> Iterator[Difference]:
    """What one that comes or goes is given; of what has parts only that it is there, as secrets may stand in it."""
    if change.op not in ("create", "delete"):
        return
    for name, value in [*change.state.props.items()][:_PROPERTIES]:
        given = _outline(value)
        if given is not None:
            yield Difference(name, None, given) if change.op == "create" else Difference(name, given, None)


def _outline(value: Any) -> Any:
    text = value.lstrip() if isinstance(value, str) else ""
    if isinstance(value, Mapping) or text.startswith("{"):
        return "{…}"
    return "[…]" if isinstance(value, list) or text.startswith("[") else value


def _difference(one: Difference) -> list[str | None]:
    """Its path and its sides, as `Difference.line` shows them; and why it need not be read."""
    told = line(one.line)
    return [
        visible(told.text),
        None if told.before is None else visible(told.before),
        None if told.after is None else visible(told.after),
        one.noise,
    ]


def _edges(shown: Sequence[Change], position: Mapping[str, int]) -> Iterator[list[Any]]:
    ops = {change.urn: change.op for change in shown}
    for change in shown:
        before, after = (_uses(side) for side in (change.before, change.after))
        causes = _causes(change, ops)
        for urn in dict.fromkeys([*before, *after]):
            if urn not in position or urn == change.urn:
                continue
            properties = dict.fromkeys([*before.get(urn, ()), *after.get(urn, ())])
            standing = ""
            if change.before and change.after:
                standing = "new" if urn not in before else "gone" if urn not in after else ""
            shown_properties = [visible(name) for name in properties]
            yield [position[urn], position[change.urn], shown_properties, standing, int(urn in causes)]


def _causes(change: Change, ops: Mapping[str, Op]) -> set[str]:
    """The changes that a change comes from, by the properties that differ.

    Of what a property takes its value from, what is new, replaced or gone is why it differs; what is only updated is so
    where the value is not known before.
    """
    found = set[str]()
    if change.op not in ("update", "replace") or change.after is None:
        return found
    for top in {_TOP.split(path)[0] for path in (*change.reasons, *change.replace_reasons)}:
        linked = {urn for side in (change.before, change.after) if side for urn in side.links.get(top, ())}
        unknown = next(paths_to(UNKNOWN, change.after.props.get(top), top), None) is not None
        found |= {
            urn for urn in linked if ops.get(urn) not in (None, "same", "read", *(() if unknown else ("update",)))
        }
    return found


def _uses(state: State | None) -> Mapping[str, list[str]]:
    """By URN, the properties that come from it; none where it is only waited for."""
    found: dict[str, list[str]] = {}
    if state is not None:
        for urn in state.dependencies:
            found.setdefault(urn, [])
        for name, urns in state.links.items():
            for urn in urns:
                found.setdefault(urn, []).append(name)
    return found
