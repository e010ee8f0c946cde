"""Which resource a value refers to: by its identity where that is known, by where the value comes from otherwise."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from infra.policy.resources import Hidden
from infra.review.preview import Preview, State

#: Under which of its properties others may know a resource.
_KNOWN_BY: Final = ("id", "arn", "name", "url")


def sides(preview: Preview) -> tuple[tuple[State, ...], tuple[State, ...]]:
    """What stands in the cloud before and after: what is imported was there, and what is kept on its delete stays."""
    before, after = list[State](), list[State]()
    for change in preview.by_urn.values():
        old, new = change.before, change.after
        if old is None and change.op in ("import", "read"):
            old = new
        if new is None and old is not None and (change.op == "forget" or old.retain):
            new = old
        if old is not None:
            before.append(old)
        if new is not None:
            after.append(new)
    return tuple(before), tuple(after)


def read(state: State, path: str) -> Any:
    """What the program gives; of what is only read, what the cloud has."""
    found = state.raw(path)
    if found is None and state.external:
        value: Any = state.outputs
        for key in path.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        return value
    return found


def leaves(value: Any, path: str = "") -> Iterator[Any]:
    """The values at a dotted path, of every entry of the lists on the way; what is hidden stays so."""
    if isinstance(value, list):
        for part in value:
            yield from leaves(part, path)
    elif not path or isinstance(value, Hidden):
        if value is not None:
            yield value
    elif isinstance(value, Mapping):
        key, _, rest = path.partition(".")
        yield from leaves(value.get(key), rest)


class References:
    """The resources of a preview by all that they are known by."""

    def __init__(self, preview: Preview) -> None:
        self.types: dict[str, str] = {}
        self._urns: dict[tuple[str, str], str] = {}
        named = dict[tuple[str, str], str]()
        for change in preview.by_urn.values():
            for state in (change.before, change.after):
                if state is None:
                    continue
                self.types[state.urn] = state.type
                for known in _KNOWN_BY:
                    value = state.outputs.get(known)
                    if isinstance(value, str) and value:
                        (named if known == "name" else self._urns)[state.type, value] = state.urn
                name = state.props.get("name")
                if isinstance(name, str):
                    named.setdefault((state.type, name), state.urn)
                if state.id:
                    self._urns[state.type, state.id] = state.urn
        self._urns = {**named, **self._urns}

    def linked(self, state: State, prop: str, types: Collection[str]) -> list[str]:
        """The resources of some types that a property's value comes from."""
        return [urn for urn in state.links.get(prop, ()) if self._type(urn) in types]

    def of(self, state: State, values: Iterable[Any], prop: str, types: Collection[str]) -> tuple[frozenset[str], bool]:
        """Identities of what a property's values name, and whether all of them are known.

        An identity is a URN for a resource of this stack, and else what the value says.
        """
        found, loose, hidden = dict[str, None](), list[str](), 0
        for value in values:
            if isinstance(value, Hidden):
                hidden += 1
            elif isinstance(value, str) and value:
                urn = next((self._urns[type_, value] for type_ in types if (type_, value) in self._urns), None)
                if urn:
                    found[urn] = None
                else:
                    loose.append(value)
        left = [urn for urn in self.linked(state, prop, types) if urn not in found]
        if hidden or loose:
            found |= dict.fromkeys(left)
        if len(left) <= hidden:  # what is hidden is what is linked, and the rest no resource of this stack
            found |= dict.fromkeys(loose)
        return frozenset(found), hidden <= len(left)

    def _type(self, urn: str) -> str:
        return self.types.get(urn) or type_of(urn)


def type_of(urn: str) -> str:
    """The type that a URN names."""
    parts = urn.split("::")
    return parts[2].rsplit("$", 1)[-1] if len(parts) > 3 else ""  # noqa: PLR2004 - urn:pulumi:STACK::PROJECT::TYPE::NAME
