"""What the SDK says of a resource type: which properties it takes, which it must have, how they nest.

The types that a program is written against are the types that its resources are checked against: one source, no copy.
"""

import importlib
import inspect
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from pulumi import _types as sdk_types

from local.provider.properties import Bag, has_unknown


@dataclass(frozen=True)
class Failure:
    """One mistake in a resource's inputs: where it is and what to do."""

    path: str
    reason: str


@dataclass(frozen=True)
class Block:
    """The properties of a resource or of a block inside one."""

    properties: Mapping[str, Any]
    required: frozenset[str]


@cache
def block(args: type) -> Block:
    """Read an `...Args` class of the SDK."""
    names = sdk_types.input_type_py_to_pulumi_names(args)
    required = frozenset(
        names[name]
        for name, parameter in inspect.signature(args).parameters.items()
        if parameter.default is inspect.Parameter.empty and name in names
    )
    types = sdk_types.input_type_types(args)
    return Block({pulumi: types.get(pulumi) for pulumi in names.values()}, required)


@cache
def resource_args(sdk_class: str) -> type:
    """The `...Args` class of `module:Class`, for example `pulumi_aws.sqs:Queue`."""
    module, _, name = sdk_class.partition(":")
    sdk = importlib.import_module(module)
    # Where a block of another resource has the name already, the SDK says Init.
    args: type = getattr(sdk, f"{name}InitArgs", None) or getattr(sdk, f"{name}Args")
    return args


def check(sdk_class: str, inputs: Bag) -> Iterator[Failure]:
    """Every unknown, missing or wrongly shaped property, at any depth."""
    yield from _check_block(resource_args(sdk_class), inputs, "")


def _check_block(args: type, value: Bag, path: str) -> Iterator[Failure]:
    known = block(args)
    for name in sorted(known.required - value.keys()):
        yield Failure(_join(path, name), "is required and missing")
    for name, item in value.items():
        if name.startswith("__"):
            continue
        if name not in known.properties:
            near = get_close_matches(name, known.properties, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            yield Failure(_join(path, name), f"is not a property here{hint}")
        elif not has_unknown(item) or isinstance(item, dict | list):
            yield from _check_value(known.properties[name], item, _join(path, name))


def _check_value(kind: Any, value: Any, path: str) -> Iterator[Failure]:
    kind = _plain(kind)
    origin = typing.get_origin(kind)
    if origin in (Sequence, list) or (inspect.isclass(origin) and issubclass(origin, Sequence)):
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from _check_value(typing.get_args(kind)[0], item, f"{path}[{index}]")
        elif not has_unknown(value):
            yield Failure(path, f"must be a list, not {_shape(value)}")
    elif inspect.isclass(kind) and sdk_types.is_input_type(kind):
        if isinstance(value, dict):
            yield from _check_block(kind, value, path)
        elif not has_unknown(value):
            yield Failure(path, f"must be a block, not {_shape(value)}")
    elif kind is int and isinstance(value, float) and not value.is_integer():
        yield Failure(path, f"must be a whole number, not {value}")
    elif kind in (int, float) and not _numeric(value):
        yield Failure(path, f"must be a number, not {_shape(value)}")
    elif kind is str and isinstance(value, dict | list):
        yield Failure(path, f"must be a string, not {_shape(value)}")


def _plain(kind: Any) -> Any:
    """The type itself, out of Optional, Input and Awaitable."""
    origin = typing.get_origin(kind)
    if origin is typing.Union or type(kind).__name__ == "UnionType":
        return _plain(typing.get_args(kind)[0])
    return kind


def _numeric(value: Any) -> bool:
    # The engine and AWS both take "80" where 80 is meant.
    return isinstance(value, int | float) or (
        isinstance(value, str) and (has_unknown(value) or value.lstrip("-").isdigit())
    )


def _shape(value: Any) -> str:
    return {dict: "a block", list: "a list", bool: "true or false", str: "a string"}.get(type(value), "a number")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
