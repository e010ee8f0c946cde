"""A policy document's statements, in one way of writing, and which of two documents' statements belong together."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

Statement = Mapping[str, Any]


def statements(document: Mapping[str, Any]) -> list[Statement]:
    """The statements; `"a"` and `["a"]` say the same, and so do two orders of a list."""
    found = document.get("Statement")
    listed = found if isinstance(found, list) else [] if found is None else [found]
    return [_ordered(one) if isinstance(one, Mapping) else {"": one} for one in listed]


def paired(old: list[Statement], new: list[Statement]) -> Iterator[tuple[Statement | None, Statement | None]]:
    """Statements that differ: each new one with the old one that it was, by its Sid or by most of what it says."""
    gone = [one for one in old if one not in new]
    for statement in [one for one in new if one not in old]:
        former = max(gone, key=lambda one: _likeness(one, statement), default=None)
        if former is not None and _likeness(former, statement) >= _ALIKE:
            gone.remove(former)
            yield former, statement
        else:
            yield None, statement
    for statement in gone:
        yield statement, None


#: Of two statements: half of their keys, or their name.
_ALIKE = 0.5


def name_of(statement: Statement) -> str:
    """What to call it: its Sid, or its first action."""
    action = statement.get("Action") or statement.get("NotAction") or ""
    return str(statement.get("Sid") or (action[0] if isinstance(action, list) and action else action))


def _likeness(one: Statement, other: Statement) -> float:
    if one.get("Sid") and one.get("Sid") == other.get("Sid"):
        return 1.0
    keys = ({*one} | {*other}) - {"Effect", "Sid"}
    if one.get("Effect") != other.get("Effect"):
        return 0.0
    return [one.get(key) == other.get(key) for key in keys].count(True) / max(1, len(keys))


def _ordered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _ordered(part) for key, part in value.items()}
    if isinstance(value, list):
        parts = [_ordered(part) for part in value]
        return (
            sorted(parts, key=lambda part: json.dumps(part, sort_keys=True, default=str))
            if len(parts) != 1
            else parts[0]
        )
    return value
