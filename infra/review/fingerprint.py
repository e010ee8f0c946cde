"""A short name of what a preview would do: an approval of one is not an approval of another."""

import hashlib
import json
from typing import Any

from infra.policy.resources import Hidden, hidden_parts
from infra.review.preview import Change, Preview, State


def fingerprint(preview: Preview) -> str:
    """16 hexadecimal digits of SHA-256 over the steps that do something, in no order.

    What the program gives each resource is part of it, as far as it is known; of a value that is not known yet, whence
    it comes. What the cloud makes of a resource is not. So two previews of one change over one stack have the same; one
    over a base revision and one over the stack itself may not, as the second knows less.
    """
    steps = sorted(json.dumps(_step(change), sort_keys=True) for change in preview.changed)
    return hashlib.sha256("\n".join(steps).encode()).hexdigest()[:16]


def _step(change: Change) -> list[Any]:
    return [
        change.urn,
        change.op,
        sorted(change.replace_reasons),
        [_given(state) for state in (change.before, change.after)],
    ]


def _given(state: State | None) -> dict[str, Any] | None:
    """The properties that the program gives, by value; and by whence they come, where a value is not known."""
    if state is None:
        return None
    given = {name: _with_source(state, name) for name in state.declared}
    return {**given, "protect": state.protect, "retain": state.retain}


def _with_source(state: State, name: str) -> Any:
    value = state.props.get(name)
    hidden = next(hidden_parts(value), None)
    return [_shown(value), sorted(state.links.get(name, ()))] if hidden else _shown(value)


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shown(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_shown(part) for part in value]
    return value.why if isinstance(value, Hidden) else value
