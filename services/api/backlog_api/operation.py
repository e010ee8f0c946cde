"""Says of a view what a client may send and get, for the OpenAPI document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

View = TypeVar("View", bound=Callable[..., Any])
_ATTRIBUTE = "__operation__"
LARGEST_BODY = 1024 * 1024  # bytes


@dataclass(frozen=True)
class Query:
    """A parameter of the query string, or a header; `schema` is JSON Schema."""

    name: str
    description: str
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """Answers are status -> (description, what it carries: a model, a list of one, a media type, or None: nothing).

    `largest` is the size of a body, in bytes, from which on it is refused; `headers` are those that it looks at,
    and `tells` those that it answers with where it did what it was asked.
    """

    answers: Mapping[int, tuple[str, Any]]
    body: type[BaseModel] | None = None
    query: tuple[Query, ...] = field(default=())
    headers: tuple[Query, ...] = field(default=())
    tells: tuple[Query, ...] = field(default=())
    largest: int = LARGEST_BODY


def operation(
    answers: Mapping[int, tuple[str, Any]],
    *,
    body: type[BaseModel] | None = None,
    query: tuple[Query, ...] = (),
    headers: tuple[Query, ...] = (),
    tells: tuple[Query, ...] = (),
    largest: int = LARGEST_BODY,
) -> Callable[[View], View]:
    """Describe the decorated view."""

    def describe(view: View) -> View:
        setattr(view, _ATTRIBUTE, Operation(answers, body, query, headers, tells, largest))
        return view

    return describe


def of(view: Callable[..., Any]) -> Operation | None:
    """What was said of a view."""
    return getattr(view, _ATTRIBUTE, None)
