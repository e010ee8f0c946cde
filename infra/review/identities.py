"""What an identity may do that it could not, and what it may do no longer."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Final

from infra.review.finding import Verdict
from infra.review.grants import Grant, in_order, relaxed, uncovered
from infra.review.grants_said import Names, conditions_said, listed, said, uses
from infra.review.holders import Managed
from infra.review.principals import weight_of_no_denial
from infra.review.rights import Compared, Held, Item, Weight
from infra.review.weights import danger, danger_of_managed, document_of


def items(holder: Compared) -> Iterator[Item]:
    """Gains and losses of an identity, also through its denials and its permissions boundary."""
    old, new = holder.rights
    yield from _by_rights(old, new, _replaced(holder), holder.sides.names, comes=holder.comes)
    if not holder.comes:
        yield from _denials(holder, old, new)
        yield from _boundary(holder)
        if new.nothing and not old.nothing and uses(holder.sides.preview, holder.holder):
            weight = Weight(Verdict.DANGEROUS, "what runs under it fails with AccessDenied")
            yield Item("loses everything that it may do", weight, gain=False)


@lru_cache(maxsize=1_024)
def _by_rights(old: Held, new: Held, replaced: frozenset[str], names: Names, *, comes: bool) -> tuple[Item, ...]:
    """The same for all that have the same policies."""
    gained = [one for one in uncovered(new.allowed, old.everything) if not _denied(one, new.denied)]
    lost = [one for one in uncovered(old.allowed, new.everything) if not _denied(one, old.denied)]
    if replaced:
        gained, lost = _not_moved(replaced, gained, lost)
    found = [*_managed(old, new), *_gained(gained, old.everything, names, comes=comes)]
    return tuple(found if new.unknown else [*found, *_lost(lost, new.allowed, names)])


def _managed(old: Held, new: Held) -> Iterator[Item]:
    """Managed policies that are not of this stack, by their names; their documents are known of a few of AWS's."""
    for arn in sorted(new.managed - old.managed):
        known = document_of(arn)
        if not known or uncovered(known, old.everything):
            yield _attached(arn)
    for arn in sorted(old.managed - new.managed) if not new.unknown else ():
        known = document_of(arn)
        if not known or uncovered(known, new.everything):
            yield Item(f"loses the policy {Managed(arn).name}", Weight(Verdict.LOOK), gain=False)


def _attached(arn: str) -> Item:
    policy = Managed(arn)
    if why := danger_of_managed(arn):
        return Item(f"gets the policy {policy.name}", Weight(Verdict.DANGEROUS, why))
    if policy.of_aws:
        return Item(f"gets AWS's policy {policy.name}", Weight(Verdict.LOOK))
    return Item(f"gets the policy {policy.name}", Weight(Verdict.LOOK, "what it allows can't be seen in this stack"))


def _gained(gained: Iterable[Grant], old: frozenset[Grant], names: Names, *, comes: bool) -> Iterator[Item]:
    by_weight = defaultdict[Weight, list[Grant]](list)
    for one in gained:
        why = danger(one)
        weight = Weight(Verdict.DANGEROUS if why else Verdict.LOOK, why)
        if not why and (dropped := relaxed(one, old)):
            weight = Weight(Verdict.LOOK, f"no longer only if {conditions_said(dropped)}")
        by_weight[weight].append(one)
    for weight, some in by_weight.items():
        for phrase in said(some, names):
            yield Item(f"may{'' if comes else ' now'} call {phrase}", weight)


def _lost(lost: list[Grant], new: frozenset[Grant], names: Names) -> Iterator[Item]:
    by_service, by_kept = defaultdict[str, list[Grant]](list), defaultdict[frozenset[Grant], list[Grant]](list)
    for other in new:
        by_service[other.action.pattern.partition(":")[0]].append(other)
    for one in lost:
        service = one.action.pattern.partition(":")[0]
        others = new if "*" in service or one.action.but else by_service[service]
        by_kept[frozenset(other for other in others if one.covers(other))].append(one)
    for kept, some in by_kept.items():
        for phrase in said(some, names):
            but = f" but for {listed(said(kept, names))}" if kept else ""
            yield Item(f"loses {phrase}{but}", Weight(Verdict.LOOK), gain=False)


def _denials(holder: Compared, old: Held, new: Held) -> Iterator[Item]:
    names = holder.sides.names
    for one in uncovered(old.denied, new.denied) if not new.unknown else ():
        freed = [other.within(one) for other in sorted(new.everything, key=in_order) if one.meets(other)]
        freed += [one] if new.managed else []  # what such a policy allows is not known
        weights = [weight_of_no_denial(each) for each in freed]
        weight = max(weights, key=lambda each: each.verdict, default=Weight(Verdict.LOOK, _NOT_ALLOWED))
        yield Item(f"is no longer denied {listed(said([one], names))}", weight)
    for one in uncovered(new.denied, old.denied):
        if old.managed or any(one.meets(other) for other in old.everything):
            yield Item(f"is denied {listed(said([one], names))} from now on", Weight(Verdict.LOOK), gain=False)


_NOT_ALLOWED: Final = "nothing in this stack allows it"


def _boundary(holder: Compared) -> Iterator[Item]:
    old, new = ([one.value for one in side if one.kind == "boundary"] for side in (holder.old, holder.new))
    if old == new:
        return
    if not new:
        weight = Weight(Verdict.DANGEROUS, "what its policies allow is not held back any more")
        yield Item("is no longer limited by a permissions boundary", weight)
    elif not old:
        weight = Weight(Verdict.LOOK, "what it does beyond that fails with AccessDenied")
        yield Item("is limited by a permissions boundary from now on", weight, gain=False)
    elif isinstance(limit := new[0], Managed):
        broad = danger_of_managed(limit.arn)
        weight = (
            Weight(Verdict.DANGEROUS, broad) if broad else Weight(Verdict.LOOK, "what that allows is not seen here")
        )
        yield Item(f"is limited by another permissions boundary, {limit.name}", weight)


def _denied(one: Grant, denied: Iterable[Grant]) -> bool:
    """Whether it is of no use, as the same policies deny it."""
    return any(replace(denial, allows=True).covers(one) for denial in denied)


def _replaced(holder: Compared) -> frozenset[str]:
    """ARNs, as they were, of what is replaced and its policies take values from."""
    by_urn = holder.sides.preview.by_urn
    sources = {urn for written in holder.new for urns in written.source.links.values() for urn in urns}
    changes = [change for urn in sources if (change := by_urn.get(urn)) and change.op == "replace"]
    arns = (change.before.outputs.get("arn") for change in changes if change.before)
    return frozenset(arn for arn in arns if isinstance(arn, str) and arn)


def _not_moved(replaced: frozenset[str], gained: list[Grant], lost: list[Grant]) -> tuple[list[Grant], list[Grant]]:
    """Without those on a resource that is replaced: what was granted on the old one is on the new one."""
    waiting = defaultdict[object, list[Grant]](list)
    for one in lost:
        if one.resource.pattern.removesuffix("/*") in replaced:
            waiting[_but_for_its_name(one)].append(one)
    moved = set[Grant]()
    for one in gained:
        named = not {"*", "?"} & {*one.resource.pattern.removesuffix("/*")}
        if named and (former := waiting.get(_but_for_its_name(one))):
            moved |= {one, former.pop()}
    return [one for one in gained if one not in moved], [one for one in lost if one not in moved]


def _but_for_its_name(one: Grant) -> object:
    pattern = one.resource.pattern
    return one.action, one.conditions, *pattern.split(":")[:3], pattern.endswith("/*")
