"""One holder's policies on both sides of a change, and what they come to."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Final

from infra.policy.resources import Hidden
from infra.review.finding import Verdict
from infra.review.grants import Grant, Unreadable, bounded, grants, in_order
from infra.review.grants_said import Names, uses
from infra.review.holders import Holders, Kind, Managed, Written
from infra.review.preview import Change, Preview, State
from infra.review.weights import danger, danger_of_managed, document_of


@dataclass(frozen=True)
class Weight:
    """How much care something needs, and why; `why` is empty for what speaks for itself."""

    verdict: Verdict
    why: str = ""


@dataclass(frozen=True)
class Item:
    """One thing that a holder gains, or else loses: `may now call sqs:SendMessage on sqs/Queue jobs`."""

    sentence: str
    weight: Weight
    gain: bool = True

    @property
    def line(self) -> str:
        """With its reason."""
        return f"{self.sentence}: {self.weight.why}" if self.weight.why else self.sentence


@dataclass(frozen=True)
class Held:
    """What one side of a holder's policies of one kind comes to.

    Attributes:
        managed: ARNs of managed policies that are not of this stack.
        documented: what those of AWS's are known to allow.
        unknown: whether there is a policy that can't be read.
    """

    allowed: frozenset[Grant] = frozenset()
    denied: frozenset[Grant] = frozenset()
    managed: frozenset[str] = frozenset()
    documented: frozenset[Grant] = frozenset()
    unknown: bool = False

    @cached_property
    def everything(self) -> frozenset[Grant]:
        """All that is known to be allowed."""
        return self.allowed | self.documented

    @property
    def nothing(self) -> bool:
        """Whether it allows nothing at all."""
        return not (self.allowed or self.managed or self.unknown)


class Sides:
    """A preview's policies before and after, the account that it is of, and what its resources are called."""

    def __init__(self, preview: Preview) -> None:
        self.preview = preview
        self.own = _own_account(preview)
        self.names = Names(preview, self.own)
        changes = preview.by_urn.values()
        self.before = Holders(state for change in changes if (state := _standing(change)))
        formerly = [change.before for change in changes if change.before and change.op != "replace"]
        self.after = Holders((state for change in changes if (state := _remaining(change))), formerly)
        self._give_to_nobody()

    def _give_to_nobody(self) -> None:
        """A managed policy that the stack gives to nobody is somebody's all the same."""
        old = {written.holder: written for written in self.before.unattached()}
        for written in self.after.unattached():
            if written.holder in old or self.before.state(written.holder) is None:
                self.after.of[written.holder].append(written)
        for urn, written in old.items():
            if urn not in self.after.attached:
                self.before.of[urn].append(written)

    def compared(self) -> Iterator["Compared"]:
        """The holders whose policies are not word for word what they were."""
        for holder in dict.fromkeys([*self.before.of, *self.after.of]):
            found = self.comparison(holder)
            if not self._alike(found):
                yield found

    def _alike(self, holder: "Compared") -> bool:
        """Whether both sides say the same word for word, and nothing of it is hidden that a change may be in."""
        old, new = ([(written.kind, written.value) for written in side] for side in (holder.old, holder.new))
        return old == new and not any(
            isinstance(written.value, Hidden) and self.preview.by_urn[written.source.urn].op != "same"
            for written in holder.new
        )

    def comparison(self, holder: str) -> "Compared":
        """One holder before and after, whether it changed or not."""
        return Compared(self, holder, tuple(self.before.of.get(holder, ())), tuple(self.after.of.get(holder, ())))

    def called(self, holder: str) -> str:
        """A holder by its label, and what runs under it."""
        if not holder.startswith("urn:"):
            return f"{holder} (not of this stack)"
        return f"{self.names.of(holder)}{uses(self.preview, holder)}"


@dataclass(frozen=True)
class Compared:
    """A holder before and after."""

    sides: Sides
    holder: str
    old: tuple[Written, ...]
    new: tuple[Written, ...]

    @property
    def comes(self) -> bool:
        """Whether the holder itself is new."""
        return self._is(self.sides.after) and not self._is(self.sides.before)

    @property
    def goes(self) -> bool:
        """Whether the holder itself is deleted."""
        return self._is(self.sides.before) and not self._is(self.sides.after)

    @cached_property
    def own(self) -> str:
        """The account that the holder is in: its own where that is seen, and elsewhere the stack's."""
        state = self.sides.before.state(self.holder)
        arn = state.outputs.get("arn") if state else None
        return _account(arn) or self.sides.own

    def _is(self, side: Holders) -> bool:
        return side.state(self.holder) is not None

    @cached_property
    def _held(self) -> Mapping[Kind, tuple[Held, Held]]:
        kinds: tuple[Kind, ...] = ("identity", "boundary", "trust", "resource")
        return {kind: (_side(self.old, kind, self.own), _side(self.new, kind, self.own)) for kind in kinds}

    def held(self, kind: Kind) -> tuple[Held, Held]:
        """Both sides of one kind of policy."""
        return self._held[kind]

    @cached_property
    def rights(self) -> tuple[Held, Held]:
        """An identity's, as far as a permissions boundary lets them be, where that is known."""
        (old, new), (before, after) = self.held("identity"), self.held("boundary")
        return _limited(old, before), _limited(new, after)

    def unreadable(self) -> Iterator[tuple[Written, str]]:
        """The new policies that can't be read, and why."""
        for written in self.new:
            if self.sides.preview.by_urn[written.source.urn].op != "same" and not isinstance(written.value, Managed):
                _, why = _read(written.value, self.own)
                if why:
                    yield written, why


def _side(policies: Iterable[Written], kind: Kind, own: str) -> Held:
    values = tuple(written.value for written in policies if written.kind == kind)
    try:
        return _held(values, own)
    except TypeError:  # a document that is no text: one of a kind
        return _held.__wrapped__(values, own)


@lru_cache(maxsize=4_096)
def _held(values: tuple[Any, ...], own: str) -> Held:
    """What policies come to; the same ones that many have are read once."""
    found, managed, documented, unknown = set[Grant](), set[str](), set[Grant](), False
    for value in values:
        if isinstance(value, Managed):
            managed.add(value.arn)
            documented |= document_of(value.arn)
        else:
            read, why = _read(value, own)
            found |= read
            unknown = unknown or bool(why)
    return Held(
        frozenset(one for one in found if one.allows),
        frozenset(one for one in found if not one.allows),
        frozenset(managed),
        frozenset(documented),
        unknown,
    )


@lru_cache(maxsize=4_096)
def broad(held: Held) -> str:
    """Why what is held is dangerous to have; empty where it is narrow."""
    return next(
        filter(None, [*map(danger_of_managed, sorted(held.managed)), *map(danger, sorted(held.allowed, key=in_order))]),
        "",
    )


def _read(value: Any, own: str) -> tuple[frozenset[Grant], str]:
    """The grants of a document, or why there are none."""
    if isinstance(value, Hidden):
        return frozenset(), value.why
    try:
        return grants(value, own), ""
    except Unreadable as error:
        return frozenset(), str(error)


def _limited(held: Held, limits: Held) -> Held:
    bounds = limits.everything
    if not bounds or limits.unknown:
        return held
    return replace(
        held,
        allowed=bounded(held.allowed, bounds),
        documented=bounded(held.documented, bounds),
        denied=held.denied | limits.denied,
    )


def _standing(change: Change) -> State | None:
    """What is there: also what is not the stack's own yet."""
    return change.after if change.op in ("import", "read") and change.before is None else change.before


def _remaining(change: Change) -> State | None:
    """What will be there: also what Pulumi lets go of, and leaves in the cloud."""
    kept = change.op == "forget" or (change.op == "delete" and change.before is not None and change.before.retain)
    return change.before if kept else change.after


def _own_account(preview: Preview) -> str:
    """The account that most of the stack's resources are in; empty where it can't be seen.

    Of a stack that is all new only the ARNs are seen that its resources take from each other.
    """
    sides = [side for change in preview.by_urn.values() for side in (change.before, change.after) if side]
    sides = [side for side in sides if not side.external]
    accounts = Counter(_account(arn) for side in sides for arn in (side.outputs.get("arn"), side.id))
    if not any(accounts):
        taken = (side.props.get(prop) for side in sides for prop in side.links)
        accounts = Counter(map(_account, taken))
    del accounts[""]
    return max(accounts, key=accounts.__getitem__, default="")


def _account(arn: Any) -> str:
    """The account of `arn:aws:service:region:ACCOUNT:name`; empty where there is none."""
    found = _ARN.match(arn) if isinstance(arn, str) else None
    return found[1] if found else ""


_ARN: Final = re.compile(r"arn:[\w-]+:[\w-]*:[\w-]*:(\d{12}):")
