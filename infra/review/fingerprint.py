"""A short name of what a preview would do: an approval of one is not an approval of another."""

import hashlib
import json
from typing import Any

from infra.policy.resources import Hidden
from infra.review.preview import Change, Preview, State


def fingerprint(preview: Preview) -> str:
    """16 hexadecimal digits of SHA-256 over the steps that do something, in no order.

    A synthesised preview and a live one of the same change have the same: what the program gives a resource is part of
    it; what the cloud makes of it (identities, generated names, values of other resources) is not.
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
    """The properties that the program gives: those of its own by value, those from elsewhere by whence they come."""
    if state is None:
        return None
    given = {
        name: [*state.links[name]] if name in state.links else _shown(state.props.get(name)) for name in state.declared
    }
    return {**given, "protect": state.protect, "retain": state.retain}


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shown(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_shown(part) for part in value]
    return value.why if isinstance(value, Hidden) else value
