"""What a change does to the monthly bill: the floor (infra/cost/) before and after, resource by resource.

A floor is what a stack costs when nobody uses it; what is paid by use is not in it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from infra.cost.ledger import Declared
from infra.cost.paid import FREE, PRICED
from infra.cost.prices import AS_OF, REGIONS, price
from infra.policy.resources import Hidden, Resource, Stack
from infra.review.changes import counted
from infra.review.contract import SERVICE
from infra.review.finding import Finding, Section, Verdict
from infra.review.preview import label

#: US dollars a month, and the share of what it was: a rise of both is worth a look.
_WORTH_A_LOOK: Final = (10.0, 0.1)
_DEFINITION: Final = "aws:ecs/taskDefinition:TaskDefinition"
_TARGET: Final = "aws:appautoscaling/target:Target"


class NotACostTable(ValueError):
    """What was given is no table of costs; the sentence says why."""


def table(text: str) -> Mapping[str, float]:
    """A table of costs: a JSON object of a URN, or a type, to US dollars a month. It goes before the list prices.

    Raises:
        NotACostTable: it is something else.
    """
    try:
        found = json.loads(text)
    except ValueError as error:
        raise NotACostTable(f"the cost table is no JSON: {error}") from None
    if not isinstance(found, dict) or not all(
        isinstance(usd, int | float) and not isinstance(usd, bool) for usd in found.values()
    ):
        raise NotACostTable(
            'the cost table must be like {"aws:rds/instance:Instance": 12.5}: dollars a month by type or URN'
        )
    return {key: float(usd) for key, usd in found.items()}


def delta(before: Stack, after: Stack, region: str, given: Mapping[str, float] | None = None) -> list[Finding]:
    """The difference of the two floors; nothing where nothing that is paid for differs."""
    old, new = (_Bill(stack, region, given or {}) for stack in (before, after))
    lines = [
        (new.usd.get(urn, 0.0) - old.usd.get(urn, 0.0), name)
        for urn, name in {**old.names, **new.names}.items()
        if round(new.usd.get(urn, 0.0) - old.usd.get(urn, 0.0), 2)
    ]
    unpriced = sorted({*new.unpriced} - {*old.unpriced}) + sorted({*old.unpriced} - {*new.unpriced})
    if not lines and not unpriced:
        return []
    total, was = sum(usd for usd, _ in lines), sum(old.usd.values())
    shown = [f"{usd:+,.2f}: {name}" for usd, name in sorted(lines, key=lambda line: -abs(line[0]))]
    prices = region if region in REGIONS else f"{REGIONS[0]}, as none of {region or 'an unknown region'} are known"
    shown.append(f"Assumed: list prices of {prices}, as of {AS_OF}; the fewest tasks; nothing used or stored beyond")
    shown += [f"Not priced: {name}" for name in unpriced]
    look = total > _WORTH_A_LOOK[0] and total > _WORTH_A_LOOK[1] * was
    title = f"{total:+,.2f} US dollars a month at least ({was:,.2f} -> {was + total:,.2f})"
    if not lines:
        title = f"{counted(len(unpriced), 'resource')} whose price is not known here"
    return [
        Finding(section=Section.COST, verdict=Verdict.LOOK if look else Verdict.SAFE, title=title, details=tuple(shown))
    ]


class _Bill:
    """Dollars a month of each resource that is paid for, and the names of those whose price is not known."""

    def __init__(self, stack: Stack, region: str, given: Mapping[str, float]) -> None:
        self.usd, self.names, self.unpriced = dict[str, float](), dict[str, str](), dict[str, None]()
        self._priced_in = region if region in REGIONS else REGIONS[0]
        declared = [_declared(one) for one in stack.resources]
        for resource, one in zip(stack.resources, declared, strict=True):
            usd = given.get(resource.urn, given.get(resource.type))
            if usd is None:
                usd = self._of(resource, one, _beside(resource, one, stack) or declared)
            if usd is not None:
                self.usd[resource.urn], self.names[resource.urn] = usd, label(resource)

    def _of(self, resource: Resource, one: Declared, others: Sequence[Declared]) -> float | None:
        pricing = PRICED.get(resource.type)
        if pricing is None:
            if resource.type not in FREE and resource.type.startswith("aws:"):
                self.unpriced[label(resource)] = None
            return None
        total = 0.0
        try:
            for unit in pricing(one, others):
                known = price(unit.unit, self._priced_in)
                if known is None:
                    self.unpriced[f"{label(resource)}: {unit.unit}"] = None
                else:
                    total += unit.count * unit.share * known.usd
        except (
            TypeError,
            ValueError,
            KeyError,
            AttributeError,
            ArithmeticError,
        ):  # a number that is not given, or not known yet
            self.unpriced[f"{label(resource)}: its size is not known here"] = None
            return None
        return total


def _beside(resource: Resource, service: Declared, stack: Stack) -> list[Declared] | None:
    """The task definition and the scaling of a service, wherever in the program they stand."""
    if resource.type != SERVICE:
        return None
    definitions = stack.linked(resource, "taskDefinition", _DEFINITION)
    targets = stack.referring(_TARGET, "resourceId", resource)
    return [Declared(one.type, one.name, service.parent, _plain(one.props)) for one in [*definitions, *targets]]


def _declared(resource: Resource) -> Declared:
    return Declared(resource.type, resource.name, 0, _plain(resource.props))


def _plain(value: Any) -> Any:
    """Without what can't be read."""
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return None if isinstance(value, Hidden) else value
