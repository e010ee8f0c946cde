"""Every option that a stack's configuration has, read off the typed settings: for the table in docs/ and for tests."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.settings.model import Model
from infra.settings.stack import Settings

_BOUNDS = (("minimum", "ge", "≥"), ("maximum", "le", "≤"))


@dataclass(frozen=True)
class Option:
    """One key, as it is written: `api.spot`; in a list of blocks, `subscriptions[].protocol`.

    `values` are all it can be, where that is a short list; `limits` says what it can be where it is not.
    """

    key: str
    kind: str
    values: tuple[Any, ...]
    limits: str
    default: Any
    required: bool
    description: str


def options(of: type[Model] = Settings) -> list[Option]:
    """All of them, in the order of the settings, a block's own before those of the blocks in it."""
    schema = of.model_json_schema(by_alias=True)
    return list(_of_block(schema, schema.get("$defs", {}), ""))


def _of_block(block: Mapping[str, Any], blocks: Mapping[str, Any], path: str) -> Iterator[Option]:
    inner = []
    for name, written in block["properties"].items():
        schema = _only(written)
        key = f"{path}{name}"
        if named := _reference(schema):
            inner.append((f"{key}.", blocks[named]))
        elif named := _reference(schema.get("items", {})):
            inner.append((f"{key}[].", blocks[named]))
        yield Option(
            key=key,
            kind="block" if _reference(schema) else "list" if schema.get("type") == "array" else str(schema["type"]),
            values=_values(schema),
            limits=_limits(schema),
            default=written.get("default"),
            required=name in block.get("required", ()),
            description=written.get("description", ""),
        )
    for deeper, inside in inner:
        yield from _of_block(inside, blocks, deeper)


def _only(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """An option that may be absent is one of its own type or null: its own type."""
    (one, *_) = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]
    return one  # type: ignore[no-any-return] # JSON


def _reference(schema: Mapping[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _values(schema: Mapping[str, Any]) -> tuple[Any, ...]:
    if schema.get("type") == "boolean":
        return (False, True)
    return tuple(schema.get("enum", [schema["const"]] if "const" in schema else []))


def _limits(schema: Mapping[str, Any]) -> str:
    found = [f"{sign} {schema[key]}" for *keys, sign in _BOUNDS for key in keys if key in schema]
    return ", ".join([*found, *([f"`{schema['pattern']}`"] if "pattern" in schema else [])])
