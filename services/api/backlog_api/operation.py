"""Says of a view what a client may send and get, for the OpenAPI document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

View = TypeVar("View", bound=Callable[..., Any])
_ATTRIBUTE = "__operation__"


@dataclass(frozen=True)
class Query:
    """A parameter of the query string; `schema` is JSON Schema."""

    name: str
    description: str
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """Answers are status -> (description, what it carries: a model, a list of one, or a media type)."""

    answers: Mapping[int, tuple[str, Any]]
    body: type[BaseModel] | None = None
    query: tuple[Query, ...] = field(default=())


def operation(
    answers: Mapping[int, tuple[str, Any]], *, body: type[BaseModel] | None = None, query: tuple[Query, ...] = ()
) -> Callable[[View], View]:
    """Describe the decorated view."""

    def describe(view: View) -> View:
        setattr(view, _ATTRIBUTE, Operation(answers, body, query))
        return view

    return describe


def of(view: Callable[..., Any]) -> Operation | None:
    """What was said of a view."""
    return getattr(view, _ATTRIBUTE, None)
