"""What the program declares, written down as it does: the costs are those of the stack, not of a second list of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import register_stack_transformation
from pydantic.alias_generators import to_camel


@dataclass(frozen=True)
class Declared:
    """One resource: its type, logical name, the resource that it is part of, its properties by Python's names."""

    type: str
    name: str
    parent: int
    props: Mapping[str, Any]

    def get(self, *path: str) -> Any:
        """A property, or what lies in it; none where it is not given."""
        return inside(self.props, *path)


@dataclass
class Ledger:
    """The resources of the running program, from now on."""

    resources: list[Declared] = field(default_factory=list)

    def __post_init__(self) -> None:
        register_stack_transformation(self._note)

    def _note(self, made: pulumi.ResourceTransformationArgs) -> None:
        """Changes nothing: a transformation that returns none leaves the resource as it is."""
        props = made.props if isinstance(made.props, Mapping) else vars(made.props)
        self.resources.append(Declared(made.type_, made.name, id(made.opts.parent), props))


def inside(value: Any, *path: str) -> Any:
    """What lies in a property by Python's names, whether it was given as the SDK's class or as a dictionary."""
    for step in path:
        given = isinstance(value, Mapping)
        value = value.get(step, value.get(to_camel(step))) if given else getattr(value, step, None)
    return value
