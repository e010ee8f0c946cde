"""What AWS's own API model says of values: which words, how long, how large, what form.

A property is held against the member of the request that has its name. What the SDK calls otherwise is not checked
here; what it lets pass and AWS refuses otherwise is in local/resources/.
Source: the service models of botocore, from which AWS's own clients are made.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

import botocore.session

from local.provider.properties import Bag, has_unknown
from local.provider.schema import Failure

_NUMBERS = ("integer", "long", "float", "double")
_MOST_TOLD = 12  # words of a longer list tell nobody anything


def check_values(request: str, inputs: Bag) -> Iterator[Failure]:
    """Every value that the request (`service:Operation`, or a member of it: `service:Operation.Member`) refuses."""
    yield from _check(_shape(request), inputs, "")


@cache
def _shape(request: str) -> Any:
    service, _, rest = request.partition(":")
    operation, *members = rest.split(".")
    shape = botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape
    for member in members:
        shape = shape.members[member]
    return shape


def _check(shape: Any, value: Any, path: str) -> Iterator[Failure]:
    rule: Mapping[str, Any] = shape.metadata
    match shape.type_name, value:
        case "structure", dict():
            for name, item in value.items():
                if member := _member(shape, name, item):
                    yield from _check(member, item, f"{path}.{name}" if path else name)
        case "list", list():
            if not rule.get("min", 0) <= len(value) <= rule.get("max", len(value)):
                yield Failure(path, f"has {len(value)} entries; AWS takes {_limits(rule)}")
            for index, item in enumerate(value):
                yield from _check(shape.member, item, f"{path}[{index}]")
        case "string", str() if not has_unknown(value):
            yield from _check_text(rule, value, path)
        case kind, int() | float() if kind in _NUMBERS and not isinstance(value, bool):
            if not rule.get("min", value) <= value <= rule.get("max", value):
                yield Failure(path, f"is {value}; AWS takes {_limits(rule)}")


def _check_text(rule: Mapping[str, Any], text: str, path: str) -> Iterator[Failure]:
    """The text itself is told where it is one of a list of words; else it may be a secret."""
    words = rule.get("enum")
    if words:
        if text not in words:
            told = ", ".join(get_close_matches(text, words, n=3, cutoff=0.3) if len(words) > _MOST_TOLD else words)
            yield Failure(path, f"{text!r} is no word that AWS knows here; it knows {told or f'{len(words)} others'}")
    elif not rule.get("min", 0) <= len(text) <= rule.get("max", len(text)):
        yield Failure(path, f"has {len(text)} characters; AWS takes {_limits(rule)}")
    elif (pattern := _pattern(rule.get("pattern"))) and not pattern.fullmatch(text):
        yield Failure(path, f"has not the form that AWS takes: {pattern.pattern}")


@cache
def _pattern(text: str | None) -> re.Pattern[str] | None:
    """The models are written for Java: where Python reads a pattern otherwise, or not at all, there is none."""
    if text is None or "\\p{" in text:
        return None
    try:
        return re.compile(text)
    except re.error:
        return None


def _limits(rule: Mapping[str, Any]) -> str:
    bounds = [f"{word} {rule[key]}" for word, key in (("at least", "min"), ("at most", "max")) if key in rule]
    return " and ".join(bounds)


def _member(shape: Any, name: str, value: Any) -> Any:
    """The member of this name; else the only one that ends in it, as a queue's `name` is its `QueueName`.

    A block may also begin as its member does: `redirect` is a `RedirectConfig`.
    """
    members, stem = {_stem(member): found for member, found in shape.members.items()}, _stem(name)
    if stem in members:
        return members[stem]
    near = [found for member, found in members.items() if member.endswith(stem)]
    if not near and isinstance(value, dict):
        near = [found for member, found in members.items() if member.startswith(stem)]
    return near[0] if len(near) == 1 else None


def _stem(name: str) -> str:
    """The SDK has lists in the plural and begins small; the API mostly neither."""
    small = name.lower()
    return f"{small[:-3]}y" if small.endswith("ies") else small.removesuffix("s")
