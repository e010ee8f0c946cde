"""Previews that are written by hand: of types that the embedded cloud has not, and of shapes it never makes."""

from collections.abc import Mapping
from typing import Any

from infra.review.preview import Change, Op, Preview, State

Links = Mapping[str, tuple[str, ...]]


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:test::backlog::{type_}::{name}"


def state(type_: str, name: str, props: Mapping[str, Any], links: Links | None = None, **more: Any) -> State:
    return State(type=type_, urn=urn(type_, name), props=props, links=links or {}, **more)


def change(before: State | None, after: State | None, op: Op | None = None) -> Change:
    found = after or before
    assert found is not None
    if op is None:
        op = "create" if before is None else "delete" if after is None else "same" if before == after else "update"
    return Change(urn=found.urn, op=op, before=before, after=after)


def preview(before: list[State], after: list[State], **more: Any) -> Preview:
    """The preview of one list of resources where another stands."""
    old, new = ({one.urn: one for one in side} for side in (before, after))
    return Preview(
        stack="test",
        changes=tuple(change(old.get(one), new.get(one)) for one in dict.fromkeys([*old, *new])),
        **more,
    )
