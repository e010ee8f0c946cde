"""Reads the digest that `pulumi preview --json` prints, of any program.

Source: pulumi/pkg, display.PreviewDigest; and apitype.ResourceV3 for each state in it.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from infra.policy.resources import SECRET, UNKNOWN, Hidden, stack_of_urn
from infra.review.preview import Change, Op, Preview, State

#: Bytes of a digest at most: some 60,000 resources.
LARGEST: Final = 512 * 1024 * 1024
COMMAND: Final = "pulumi preview --json --show-sames --show-replacement-steps"
#: How the engine writes what is known only after the update, a mark for each type. Source: pulumi/sdk, plugin/rpc.go.
_UNKNOWN: Final = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
#: Of a URN: urn:pulumi:STACK::PROJECT::TYPE::NAME is in three by `::`.
_PARTS: Final = 3
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the mark of a secret, and no secret
_OPS: Final[Mapping[str, Op]] = {
    "create": "create",
    "update": "update",
    "delete": "delete",
    "same": "same",
    "read": "read",
    "import": "import",
    "discard": "forget",
    "refresh": "refresh",
}
_REPLACES: Final = ("replace", "create-replacement", "delete-replaced", "import-replacement", "discard-replaced")
_READS: Final = {"read-replacement": "read", "remove-pending-replace": "same", "read-discard": "discard"}
#: The sides that a step must have: what it has only one of, the other is nothing.
_SIDES: Final[Mapping[str, tuple[str, ...]]] = {
    "create": ("newState",),
    "import": ("newState",),
    "update": ("oldState", "newState"),
    "delete": ("oldState",),
    "discard": ("oldState",),
    "refresh": ("oldState",),
    "delete-replaced": ("oldState",),
}


class NotAPreview(ValueError):
    """What was given is no preview; the sentence says what it is, and what to give."""


def read(text: str) -> Preview:
    """The preview in what the command printed; text before the digest is passed over.

    Raises:
        NotAPreview: there is no digest in it, it is cut off, or it is something else of Pulumi's.
    """
    found = _digest(text)
    del text  # of a large stack it is hundreds of megabytes, and most of them stack traces
    return of_digest(found)


def of_digest(digest: Mapping[str, Any]) -> Preview:
    """The preview of a parsed digest.

    Raises:
        NotAPreview: it is something else.
    """
    steps = digest.get("steps")
    if not isinstance(steps, list):
        raise NotAPreview(_what_it_is(digest))
    for number, step in enumerate(steps):
        _check(number, step)
    diagnostics = [entry for entry in _list(digest.get("diagnostics")) if isinstance(entry, Mapping)]
    if not steps and not diagnostics:
        raise NotAPreview("this preview has no steps, not even the stack's own: it ended before the program ran")
    names = {_text(_mapping(step.get("oldState")).get("urn")): step["urn"] for step in steps}
    renamed = {old: urn for old, urn in names.items() if old and old != urn}
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for step in steps:
        groups[step["urn"]].append(_by_new_names(step, renamed) if renamed else step)
    # The engine works on several at once: its order is another each time, and a review's should not be.
    found = [change for urn in sorted(groups) for change in _changes(urn, groups[urn])]
    return Preview(
        stack=stack_of_urn(steps[0]["urn"]) if steps else "",
        changes=tuple(change for change in found if change.op != "refresh"),
        drift=tuple(change for change in found if change.op == "refresh" and _drifted(change)),
        errors=tuple(_said(diagnostics, "error")),
        warnings=tuple(_said(diagnostics, "warning")),
        shows_sames=any(step["op"] == "same" for step in steps),
        config=_mapping(digest.get("config")),
        renamed=renamed,
    )


def _digest(text: str) -> Mapping[str, Any]:
    if len(text) > LARGEST:
        raise NotAPreview(f"this is {len(text) / 2**20:,.0f} MB of text; a preview has {LARGEST / 2**20:,.0f} at most")
    decoder, failure, at = json.JSONDecoder(), None, text.find("{")
    other: Mapping[str, Any] | None = None
    if at < 0:
        what = "nothing" if not text.strip() else "no JSON"
        raise NotAPreview(f"there is {what} in it; give what `{COMMAND}` prints")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except RecursionError:
            raise NotAPreview("this JSON is nested deeper than any preview is") from None
        except json.JSONDecodeError as error:
            # Of several failures the one that came farthest is the digest's: braces in the text before it fail at once.
            failure = max((failure, error), key=lambda found: found.pos if found else -1)
            passed = error.pos - at < _FAILS_AT_ONCE and not _is_cut_off(text, error)
            at = text.find("{", at + 1) if passed else -1
            continue
        if isinstance(value, dict) and "steps" in value:
            return value
        other = other or value
        at = text.find("{", end)
    if other is not None:
        raise NotAPreview(_what_it_is(other))
    assert failure is not None  # noqa: S101 - each round ends in a value or a failure
    what = "is cut off" if _is_cut_off(text, failure) else f"is broken: {failure.msg}"
    raise NotAPreview(f"the JSON {what} at line {failure.lineno}, character {failure.colno}; run the preview again")


def _is_cut_off(text: str, failure: json.JSONDecodeError) -> bool:
    return failure.msg.startswith("Unterminated") or _SIGN.search(text, failure.pos + 1) is None


_SIGN: Final = re.compile(r"\S")


#: Characters: a brace in a sentence is no JSON within these; a digest that is broken is so farther on.
_FAILS_AT_ONCE = 256


def _what_it_is(digest: Mapping[str, Any]) -> str:
    if "deployment" in digest:
        what = "an export of a stack's state"
    elif "sequence" in digest or any(str(key).endswith("Event") for key in digest):
        what = "an event stream (it can be given beside the digest, with --events)"
    elif "resourcePlans" in digest:
        what = "an update plan"
    else:
        what = f"some other JSON (its keys: {', '.join(sorted(map(str, digest))[:6]) or 'none'})"
    return f"this is {what}, and no preview; give what `{COMMAND}` prints"


def _check(number: int, step: Any) -> None:
    if not isinstance(step, Mapping):
        raise NotAPreview(f"step {number + 1} is {step!r:.60}, and no step of a preview")
    urn, op = step.get("urn"), step.get("op")
    if not isinstance(urn, str) or urn.count("::") < _PARTS:
        raise NotAPreview(f"step {number + 1} names no resource: its urn is {urn!r:.80}")
    if not isinstance(op, str) or (op not in _OPS and op not in _REPLACES and op not in _READS):
        raise NotAPreview(f"step {number + 1} ({urn}) is {op!r:.40}, which this review does not know; is it newer?")
    for side in ("oldState", "newState"):
        if not isinstance(step.get(side) or {}, Mapping):
            raise NotAPreview(f"step {number + 1} ({urn}): its {side} is no resource")
    if not step.get("oldState") and not step.get("newState"):
        raise NotAPreview(f"step {number + 1} ({urn}) has neither an old nor a new state")
    for side in _SIDES.get(_READS.get(op, op), ()):
        if not step.get(side):
            raise NotAPreview(f"step {number + 1} ({urn}) is {op!r}, and has no {side}")


def _by_new_names(step: Mapping[str, Any], renamed: Mapping[str, str]) -> Mapping[str, Any]:
    """The step with its old side, too, by the names of now: what has an alias had another one in the state."""
    old = _mapping(step.get("oldState"))
    links = _mapping(old.get("propertyDependencies"))
    return {
        **step,
        "oldState": old
        and {
            **old,
            "parent": renamed.get(_text(old.get("parent")), old.get("parent")),
            "dependencies": [renamed.get(urn, urn) for urn in _texts(old.get("dependencies"))],
            "propertyDependencies": {
                prop: [renamed.get(urn, urn) for urn in _texts(urns)] for prop, urns in links.items()
            },
        },
    }


def _changes(urn: str, steps: list[Mapping[str, Any]]) -> Iterator[Change]:
    """What the steps of one resource come to: one change, and what a refresh found or an update left behind."""
    left = _left_behind(steps)
    replaces = [step for step in steps if step["op"] in _REPLACES and step not in left]
    if replaces:
        yield _replacement(urn, replaces)
    for step in steps:
        if step in replaces:
            continue
        op = "delete" if step in left else _OPS[_READS.get(step["op"], step["op"])]
        old, new = step.get("oldState"), step.get("newState")
        if op == "delete" and step not in left and any(other["op"] in ("create", "import") for other in steps):
            continue  # part of the replacement that follows
        yield Change(
            urn=urn,
            op=op,
            before=None if op in ("create", "import") else _state(urn, old),
            after=None if op in ("delete", "forget") else _state(urn, new),
            pending=step in left,
            **_difference([step]),
        )


def _left_behind(steps: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The ends of what an earlier update replaced, before it broke off; what is replaced now has another identity."""
    now = [_id(step) for step in steps if step["op"] in _REPLACES and step["op"] != "delete-replaced"]
    ends = [step for step in steps if step["op"] in ("delete", "delete-replaced")]
    return [step for step in ends if (step.get("oldState") or {}).get("delete") and _id(step) not in now]


def _id(step: Mapping[str, Any]) -> str:
    return _text((step.get("oldState") or {}).get("id"))


def _replacement(urn: str, steps: list[Mapping[str, Any]]) -> Change:
    order = [step["op"] for step in steps]
    made = next((at for at, op in enumerate(order) if op in ("create-replacement", "import-replacement")), None)
    gone = next((at for at, op in enumerate(order) if op in ("delete-replaced", "discard-replaced")), None)
    sides = {side: next((step[side] for step in steps if step.get(side)), None) for side in ("oldState", "newState")}
    new = next((step["newState"] for step in steps if step["op"] != "delete-replaced" and step.get("newState")), None)
    before, after = _state(urn, sides["oldState"]), _state(urn, new or sides["newState"])
    if before is None or after is None:
        raise NotAPreview(f"{urn} is replaced, and the preview shows only one of the two; run it again")
    return Change(
        urn=urn,
        op="replace",
        before=before,
        after=after,
        deleted_first=None if made is None or gone is None else gone < made,
        **_difference(steps),
    )


def _difference(steps: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    reasons, replaces, kinds = dict[str, None](), dict[str, None](), dict[str, str]()
    for step in steps:
        detailed = _mapping(step.get("detailedDiff"))
        kinds |= {path: str(_mapping(found).get("kind", "update")) for path, found in detailed.items()}
        reasons |= dict.fromkeys([*detailed, *_texts(step.get("diffReasons"))])
        replaces |= dict.fromkeys(_texts(step.get("replaceReasons")))
    replaces |= dict.fromkeys(path for path, kind in kinds.items() if kind.endswith("-replace"))
    return {"reasons": tuple(reasons), "replace_reasons": tuple(replaces), "kinds": kinds}


def _state(urn: str, entry: Mapping[str, Any] | None) -> State | None:
    if not entry:
        return None
    links = _mapping(entry.get("propertyDependencies"))
    return State(
        type=_text(entry.get("type")) or urn.split("::")[2].rsplit("$", 1)[-1],
        urn=urn,
        props=_properties(entry.get("inputs")),
        outputs=_properties(entry.get("outputs")),
        protect=bool(entry.get("protect")),
        links={prop: found for prop in sorted(links) if (found := _urns(links[prop]))},
        id=_text(entry.get("id")),
        parent=_text(entry.get("parent")),
        dependencies=_urns(entry.get("dependencies")),
        retain=bool(entry.get("retainOnDelete")),
        declared=frozenset(links),
        provider=_text(entry.get("provider")),
        custom=bool(entry.get("custom")),
        external=bool(entry.get("external")),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(one for one in _list(value) if isinstance(one, str))


def _urns(value: Any) -> tuple[str, ...]:
    """In one order, as a program's language has them in sets."""
    return tuple(sorted(_texts(value)))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _properties(value: Any) -> Mapping[str, Any]:
    return {name: _plain(part) for name, part in _mapping(value).items() if name != "__defaults"}


def _plain(value: Any, depth: int = 0) -> Any:
    """A value with what can't be read marked as such."""
    if depth > _DEEPEST:
        return _TOO_DEEP
    if isinstance(value, dict):
        if value.get(_SIGNATURE) == _SECRET:
            return SECRET
        return {key: _plain(part, depth + 1) for key, part in value.items() if key != "__defaults"}
    if isinstance(value, list):
        return [_plain(part, depth + 1) for part in value]
    if value == "[secret]":
        return SECRET
    return UNKNOWN if isinstance(value, str) and value in _UNKNOWN else value


#: Levels of a property: no resource of any provider comes near; and what reads them calls itself for each.
_DEEPEST: Final = 60
_TOO_DEEP: Final = Hidden("nested deeper than this review reads")


def _drifted(change: Change) -> bool:
    before, after = change.before, change.after
    return before is None or after is None or before.outputs != after.outputs or before.props != after.props


def _said(diagnostics: Iterable[Mapping[str, Any]], severity: str) -> Iterator[str]:
    for entry in diagnostics:
        if entry.get("severity") == severity and (message := str(entry.get("message") or "").strip()):
            yield message
