"""Property bags between Pulumi's wire format and plain Python."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf import json_format, struct_pb2

Bag = dict[str, Any]

#: Sentinels of Pulumi's wire format (pulumi/sdk/go/common/resource: sig.go, properties.go).
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the marker of a secret, not one


def from_struct(struct: struct_pb2.Struct) -> Bag:
    """A plain mapping; whole numbers become int, as they were before the wire made them floats."""
    bag: Bag = _whole(json_format.MessageToDict(struct))
    return bag


def to_struct(bag: Mapping[str, Any]) -> struct_pb2.Struct:
    """The wire form of a mapping; None is left out, as an absent property."""
    struct = struct_pb2.Struct()
    struct.update({key: value for key, value in bag.items() if value is not None})
    return struct


def secret(value: Any) -> Bag:
    """Mark a value secret: the engine encrypts it in the state and masks it on the screen."""
    return {_SIGNATURE: _SECRET, "value": value}


def has_unknown(value: Any) -> bool:
    """Whether a value, or anything inside it, is not known before the update."""
    if isinstance(value, dict):
        return any(map(has_unknown, value.values()))
    if isinstance(value, list):
        return any(map(has_unknown, value))
    return isinstance(value, str) and UNKNOWN in value


def same(old: Any, new: Any) -> bool:
    """Equality as AWS sees it: two JSON documents are the same however they are spaced or ordered by key."""
    if old == new:
        return True
    if isinstance(old, str) and isinstance(new, str) and old[:1] in ("{", "[") and new[:1] in ("{", "["):
        try:
            return bool(json.loads(old) == json.loads(new))
        except ValueError:
            return False
    return False


def changed_paths(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Paths of the leaves that differ, in the form of a detailed diff: `a.b[0].c`."""
    if same(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            if not key.startswith("__"):  # the engine's own, such as __defaults
                yield from changed_paths(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before, after = (side[index] if index < len(side) else None for side in (old, new))
            yield from changed_paths(before, after, f"{path}[{index}]")
    else:
        yield path


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
