"""A preview as the review sees it: each resource before and after, what happens to it, and who depends on whom."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from infra.policy.resources import Resource, Stack

Op = Literal["create", "update", "replace", "delete", "same", "read", "import", "forget", "refresh"]


@dataclass(frozen=True, kw_only=True)
class State(Resource):
    """A resource on one side of the change; `props` are its inputs.

    Attributes:
        outputs: what the provider said of it; empty on the side that is yet to come, where it is not known.
        id: the provider's own identity of it; empty where it has none yet.
        parent: URN of the component that it is part of; empty for a stack's own.
        dependencies: URNs of the resources that it waits for, through a property or by `depends_on`.
        retain: whether a delete leaves the thing itself in the cloud (`retainOnDelete`).
        declared: the properties that the program gives; others are Pulumi's own, as a generated name.
        custom: whether a provider has it; a component has none.
        external: whether it is only read, and not the stack's own.
    """

    outputs: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    parent: str = ""
    dependencies: tuple[str, ...] = ()
    retain: bool = False
    declared: frozenset[str] = frozenset()
    provider: str = ""
    custom: bool = True
    external: bool = False


@dataclass(frozen=True, kw_only=True)
class Change:
    """What happens to one resource; `same` is nothing.

    Attributes:
        reasons: paths of the properties that differ, as the provider says.
        replace_reasons: those of them that can't be changed in place.
        kinds: by path, Pulumi's kind of difference: add, delete, update, and each of them with `-replace`.
        deleted_first: whether the old one goes before the new one comes; None where the preview does not tell.
        pending: whether it is the rest of an update that broke off: a replaced thing that is still to be deleted.
    """

    urn: str
    op: Op
    before: State | None
    after: State | None
    reasons: tuple[str, ...] = ()
    replace_reasons: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    deleted_first: bool | None = None
    pending: bool = False

    @property
    def state(self) -> State:
        """The resource as it will be, or was, where it goes."""
        found = self.after or self.before
        assert found is not None  # noqa: S101 - the reader makes no change without a side
        return found

    @property
    def type(self) -> str:
        """Pulumi's type token."""
        return self.state.type

    @property
    def name(self) -> str:
        """The logical name."""
        return self.state.name

    @property
    def label(self) -> str:
        """Kind and name as a person says them: `rds/Instance database`."""
        return label(self.state)


def label(resource: Resource) -> str:
    """A resource as a person says it: `rds/Instance database` of `aws:rds/instance:Instance`."""
    package, _, rest = resource.type.partition(":")
    module, _, kind = rest.rpartition(":")
    module = module.split("/")[0]
    shown = f"{module}/{kind}" if package == "aws" and module else kind or resource.type
    return f"{shown} {resource.name}"


@dataclass(frozen=True)
class Preview:
    """All of a stack, before and after.

    Attributes:
        stack: its name.
        changes: one for each resource, unchanged ones too where the preview shows them, by URN.
        drift: what a refresh found to differ from the state, apart from what the program changes.
        errors: what the engine, a provider or the program said as errors: the preview is then not all there.
        shows_sames: whether unchanged resources are part of it; without them dependents can be missing.
        config: the stack's configuration as the preview shows it.
        renamed: for the URN that the state has of what an alias renames, the one of now; changes have the latter alone.
    """

    stack: str
    changes: tuple[Change, ...]
    drift: tuple[Change, ...] = ()
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    shows_sames: bool = True
    config: Mapping[str, Any] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def changed(self) -> tuple[Change, ...]:
        """Changes that do something; a component is only a name around them."""
        return tuple(change for change in self.changes if change.op not in ("same", "read") and change.state.custom)

    @cached_property
    def by_urn(self) -> Mapping[str, Change]:
        """The change of each resource; not of what an update left behind."""
        return {change.urn: change for change in self.changes if not change.pending}

    @cached_property
    def before(self) -> Stack:
        """The stack as it is."""
        return Stack(self.stack, (change.before for change in self.by_urn.values() if change.before))

    @cached_property
    def after(self) -> Stack:
        """The stack as it will be."""
        return Stack(self.stack, (change.after for change in self.by_urn.values() if change.after))

    @cached_property
    def _dependents(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for change in self.by_urn.values():
            for side in (change.before, change.after):
                for target in sources(side):
                    found[target][change.urn] = None
        return {urn: tuple(users) for urn, users in found.items()}

    def dependents(self, urn: str) -> tuple[Change, ...]:
        """Who waits for a resource directly, before or after."""
        return tuple(self.by_urn[user] for user in self._dependents.get(urn, ()))

    def blast_radius(self, urn: str) -> tuple[Change, ...]:
        """Everything that depends on a resource, near ones first; each once, however long the chains."""
        seen, waiting = {urn: None}, [urn]
        for current in waiting:
            for user in self._dependents.get(current, ()):
                if user not in seen:
                    seen[user] = None
                    waiting.append(user)
        return tuple(self.by_urn[user] for user in waiting[1:])


def sources(state: State | None) -> Iterator[str]:
    """URNs that a resource takes values from or waits for."""
    if state is not None:
        yield from state.dependencies
        for urns in state.links.values():
            yield from urns


def custom(changes: Iterable[Change]) -> Iterator[Change]:
    """Those that a provider has."""
    return (change for change in changes if change.state.custom)
