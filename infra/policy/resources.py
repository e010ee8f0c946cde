"""Resources as rules see them: plain dictionaries and lists, and what is not known says so when it is read."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final


class NotEvaluable(Exception):
    """A rule needs a value that is not known here; `args[0]` says which and why. Neither a pass nor a failure."""


@dataclass(frozen=True)
class Hidden:
    """Stands in the place of a value that can't be read, and says why."""

    why: str


UNKNOWN: Final = Hidden("known only after the update")
SECRET: Final = Hidden("a secret")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a stack.

    Attributes:
        type: Pulumi's type token, as `aws:sqs/queue:Queue`.
        urn: its identity in the stack.
        props: its properties by Pulumi's names, plain; `Hidden` where a value can't be read.
        protect: whether the engine refuses to delete it; None where the source does not tell.
        links: for each property, the URNs of the resources that its value comes from.
        default_tags: tags that the provider adds to every resource; None where the source does not tell.
        marks_secrets: whether secrets are told from other values (a policy pack is given both in clear).
    """

    type: str
    urn: str
    props: Mapping[str, Any]
    protect: bool | None = False
    links: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    default_tags: Mapping[str, str] | Hidden | None = None
    marks_secrets: bool = True

    @property
    def name(self) -> str:
        """The logical name."""
        return self.urn.rsplit("::", 1)[-1]

    def raw(self, path: str) -> Any:
        """The value at a dotted path, Hidden as it is; None where there is none."""
        value: Any = self.props
        for key in path.split("."):
            if isinstance(value, Mapping):
                value = value.get(key)
            elif isinstance(value, list) and key.isdecimal():
                value = value[int(key)] if int(key) < len(value) else None
            if value is None or isinstance(value, Hidden):
                break
        return value

    def get(self, path: str, default: Any = None) -> Any:
        """The value at a dotted path (`a.0.b`); the empty text and nothing at all are `default`.

        Raises:
            NotEvaluable: the value, or a part of it, can't be read.
        """
        value = self.raw(path)
        if hidden := next(hidden_parts(value), None):
            raise NotEvaluable(f"{path} is {hidden.why}")
        return default if value in (None, "") else value

    def document(self, path: str) -> Any:
        """The JSON document that is the text at a path; an empty dictionary where there is none.

        Raises:
            NotEvaluable: the text can't be read.
        """
        return json.loads(self.get(path, "{}"))


def hidden_parts(value: Any) -> Iterator[Hidden]:
    """What can't be read of a value, however deep it lies."""
    if isinstance(value, Hidden):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from hidden_parts(part)
    elif isinstance(value, list):
        for part in value:
            yield from hidden_parts(part)


def stack_of_urn(urn: str) -> str:
    """The stack's name: urn:pulumi:STACK::PROJECT::TYPE::NAME."""
    return urn.split("::", 1)[0].rsplit(":", 1)[-1]


class Stack:
    """All resources of a stack; `name` chooses levels and thresholds (levels.py)."""

    def __init__(self, name: str, resources: Iterable[Resource]) -> None:
        self.name = name
        self.resources = tuple(resources)
        self._by_urn = {resource.urn: resource for resource in self.resources}

    def of(self, *types: str) -> list[Resource]:
        """Resources of some types."""
        return [resource for resource in self.resources if resource.type in types]

    def linked(self, resource: Resource, prop: str, type_: str) -> list[Resource]:
        """The resources of a type that a property's value comes from; known even where the value is not."""
        found = (self._by_urn.get(urn) for urn in resource.links.get(prop, ()))
        return [target for target in found if target is not None and target.type == type_]

    def referring(self, type_: str, prop: str, target: Resource) -> list[Resource]:
        """The resources of a type whose property comes from `target`: a queue's policies, for example."""
        return [resource for resource in self.of(type_) if target.urn in resource.links.get(prop, ())]
