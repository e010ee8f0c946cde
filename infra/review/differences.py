"""What differs between two sides of a resource, by the names that people know: a container's variable, a statement.

Pulumi tells of a list by its positions and of a JSON text as a whole; here a list's entries are told by their own
names, and a text that is JSON by what stands in it.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from infra.policy.resources import SECRET, UNKNOWN, Hidden
from infra.policy.rules.secrets import looks_secret, names_a_secret
from infra.review.policy_text import name_of, paired, statements
from infra.review.preview import Change

#: Why a difference need not be read: a tag; an order; JSON that says the same; an image's digest or tag; a name of
#: Pulumi's own making; a provider's version. Empty for those that are to be read.
Noise = Literal["", "tags", "order", "formatting", "digest", "generated name"]

#: By which an entry of a list is known, the first that all entries have.
_IDENTITIES = ("name", "Sid", "id", "key", "Name", "Id", "Key", "containerName", "rulePriority", "priority", "type")
_TAGS = ("tags", "tagsAll", "labels")
_IMAGE = re.compile(r"^(?P<repository>[^@\s]+?)(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$")
#: What Pulumi adds to a name, and its name otherwise.
_GENERATED = re.compile(r"-[0-9a-f]{7}(?=\.fifo$|$)")


@dataclass(frozen=True)
class Difference:
    """One thing that differs; a side is None where it is not there."""

    path: str
    before: Any
    after: Any
    noise: Noise = ""

    @property
    def line(self) -> str:
        """As it is read: `container api: environment LOG_LEVEL: "info" -> "debug"`."""
        if self.noise == "order":
            return f"{self.path}: the same in another order"
        if self.noise == "formatting":
            return f"{self.path}: the same, written otherwise"
        old, new = (_veiled(self.path, side) for side in (self.before, self.after))
        if old is None:
            return f"{self.path}: + {shown(new)}"
        if new is None:
            return f"{self.path}: - {shown(old)}"
        before, after = _what_differs(old, new)
        return f"{self.path}: {before} -> {after}"


def differences(change: Change) -> tuple[Difference, ...]:
    """What differs, property by property; nothing for what only comes or goes."""
    if change.before is None or change.after is None or change.op == "same":
        return ()
    before, after = change.before.props, change.after.props
    found = list[Difference]()
    for name in dict.fromkeys([*before, *after]):
        found += _of(name, before.get(name), after.get(name), top=name)
    told = {re.split(r"[.\[:]", one.path.removeprefix("container "))[0] for one in found}
    for reason in change.reasons:
        top = re.split(r"[.\[]", reason)[0]
        if top not in told and top not in before.keys() ^ after.keys() and _hides(after.get(top)):
            told.add(top)
            found.append(Difference(top, SECRET, SECRET))
    generated = {name for name in after if name not in change.after.declared and change.after.declared}
    return tuple(_noted(one, generated) for one in found)


def _veiled(path: str, value: Any) -> Any:
    """A text that looks like a secret is not repeated, though it stands in the state in clear: comments are public."""
    name = re.split(r"[.\s\[]", path)[-1]
    if isinstance(value, str) and not value.startswith("arn:") and (names_a_secret(name) or looks_secret(value)):
        return Hidden("looks like a secret, and is not shown")
    return value


def shown(value: Any) -> str:
    """A value on one line, short."""
    if isinstance(value, Hidden):
        return f"({value.why})"
    text = json.dumps(_readable(value), ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 20]} … {text[-12:]}"


#: Characters of a value.
_LONGEST = 160


def _readable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _readable(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_readable(part) for part in value]
    return f"({value.why})" if isinstance(value, Hidden) else value


def _of(path: str, before: Any, after: Any, top: str) -> Iterator[Difference]:
    if before == after and not (before is SECRET or before is UNKNOWN):
        return
    if before is SECRET and after is SECRET:
        return  # whether two secrets differ is told by the provider's reasons alone
    if before is UNKNOWN and after is UNKNOWN:
        return
    if top in _TAGS:
        yield from _tags(path, before, after)
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            step = f"{path} {key}" if path.endswith(":") else f"{path}.{key}"
            yield from _of(step, before.get(key), after.get(key), top)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _lists(path, before, after, top)
    elif (documents := _documents(before, after)) is not None:
        yield from _json(path, *documents, top)
    else:
        yield Difference(path, before, after, _image(before, after))


def _tags(path: str, before: Any, after: Any) -> Iterator[Difference]:
    old = before if isinstance(before, Mapping) else {}
    new = after if isinstance(after, Mapping) else {}
    if isinstance(before, Hidden) or isinstance(after, Hidden):
        yield Difference(path, before, after)
        return
    for key in dict.fromkeys([*old, *new]):
        if old.get(key) != new.get(key):
            yield Difference(f"{path}.{key}", old.get(key), new.get(key), "tags")


def _lists(path: str, before: list[Any], after: list[Any], top: str) -> Iterator[Difference]:
    if sorted(map(_sortable, before)) == sorted(map(_sortable, after)):
        yield Difference(path, before, after, "order")
    elif identity := _identity([*before, *after], before, after):
        old, new = ({str(entry[identity]): entry for entry in side} for side in (before, after))
        for key in dict.fromkeys([*old, *new]):
            where = _place(path, key)
            if set(old.get(key, {})) | set(new.get(key, {})) <= {identity, "value", "valueFrom"}:
                yield from _of(where, _value_of(old.get(key)), _value_of(new.get(key)), top)
            else:
                yield from _of(where, old.get(key), new.get(key), top)
    elif all(not isinstance(entry, Mapping | list) for entry in [*before, *after]):
        gone, new_ones = [one for one in before if one not in after], [one for one in after if one not in before]
        yield Difference(path, gone or None, new_ones or None)
    elif len(before) == len(after) == 1:
        yield from _of(path, before[0], after[0], top)
    else:
        gone, new_ones = [one for one in before if one not in after], [one for one in after if one not in before]
        for entry in gone:
            yield Difference(path, entry, None)
        for entry in new_ones:
            yield Difference(path, None, entry)


def _place(path: str, key: str) -> str:
    """`container api` for an entry of the container definitions, `environment LOG_LEVEL` for one of its variables."""
    return f"container {key}:" if path in ("containerDefinitions", "containers") else f"{path} {key}"


def _value_of(entry: Mapping[str, Any] | None) -> Any:
    """A variable's value, or where a secret comes from."""
    return None if entry is None else entry.get("value", entry.get("valueFrom"))


def _identity(entries: Sequence[Any], before: list[Any], after: list[Any]) -> str | None:
    if not entries or not all(isinstance(entry, Mapping) for entry in entries):
        return None
    for key in _IDENTITIES:
        if all(isinstance(entry.get(key), str | int) for entry in entries) and all(
            len({str(entry[key]) for entry in side}) == len(side) for side in (before, after)
        ):
            return key
    return None


def _documents(before: Any, after: Any) -> tuple[Any, Any] | None:
    """Both sides as JSON, if both are texts of an object or a list."""
    documents = []
    for side in (before, after):
        if not isinstance(side, str) or side.lstrip()[:1] not in ("{", "["):
            return None
        try:
            documents.append(json.loads(side))
        except (ValueError, RecursionError):
            return None
    return None if any(map(_is_too_deep, documents)) else (documents[0], documents[1])


def _is_too_deep(document: Any) -> bool:
    """Whether what reads it would call itself too often; no document of AWS comes near."""
    level = [document]
    for _ in range(_DEEPEST):
        parts = (part.values() if isinstance(part, Mapping) else part for part in level)
        level = [one for part in parts for one in part if isinstance(one, Mapping | list)]
        if not level:
            return False
    return True


_DEEPEST: Final = 60


def _json(path: str, before: Any, after: Any, top: str) -> Iterator[Difference]:
    if before == after:
        yield Difference(path, None, None, "formatting")
    elif isinstance(before, Mapping) and isinstance(after, Mapping) and "Statement" in {*before, *after}:
        yield from _policy(path, before, after)
    else:
        yield from _of(path, before, after, top)


def _policy(path: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    """A policy by its statements; those that stay are told by what differs in them."""
    old, new = statements(before), statements(after)
    if sorted(map(_sortable, old)) == sorted(map(_sortable, new)):
        yield Difference(path, None, None, "order")
    for former, latter in paired(old, new):
        if former is None or latter is None:
            yield Difference(f"{path}: statement", former, latter)
            continue
        where = f"{path}: statement {name_of(latter)}"
        for key in dict.fromkeys([*former, *latter]):
            yield from _of(f"{where}: {key}", former.get(key), latter.get(key), path)
    rest = [{key: value for key, value in side.items() if key != "Statement"} for side in (before, after)]
    yield from _of(path, rest[0], rest[1], path)


def _sortable(value: Any) -> str:
    return json.dumps(_readable(value), sort_keys=True, default=str)


def _image(before: Any, after: Any) -> Noise:
    """Two references of one repository."""
    if not isinstance(before, str) or not isinstance(after, str) or "/" not in before or before.startswith("arn:"):
        return ""
    old, new = _IMAGE.match(before), _IMAGE.match(after)
    same = old and new and old["repository"] == new["repository"]
    return "digest" if same and (old[2] or old[3]) and (new[2] or new[3]) else ""  # type: ignore[index]


def _noted(one: Difference, generated: set[str]) -> Difference:
    """A name that the program does not give, and that differs in what Pulumi adds, is Pulumi's own."""
    top = re.split(r"[.\[ :]", one.path)[0]
    if one.noise or top not in generated or not isinstance(one.before, str) or not isinstance(one.after, str):
        return one
    bare = [_GENERATED.sub("", side) for side in (one.before, one.after)]
    return Difference(one.path, one.before, one.after, "generated name") if bare[0] == bare[1] else one


def _hides(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_hides(part) for part in value.values())
    if isinstance(value, list):
        return any(_hides(part) for part in value)
    return value is SECRET


def _what_differs(before: Any, after: Any) -> tuple[str, str]:
    """Both on one line; of two long texts only the part that differs."""
    if isinstance(before, str) and isinstance(after, str) and max(len(before), len(after)) > _LONGEST // 2:
        start = next((at for at, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0)
        start = max(0, start - 12)
        lead = "…" if start else ""
        return (shown(f"{lead}{before[start:]}"), shown(f"{lead}{after[start:]}"))
    return shown(before), shown(after)
