"""Runs the rules over a stack: every resource of a rule's types gets an outcome, and nothing passes in silence."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from infra.policy.catalog import RULES
from infra.policy.exceptions import EXCEPTIONS, Excepted
from infra.policy.levels import Level, level
from infra.policy.resources import NotEvaluable, Resource, Stack
from infra.policy.rule import Rule

Outcome = Literal["pass", "violation", "excepted", "not evaluable"]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one rule says of one resource; `sentence` is empty for a pass."""

    rule: Rule
    resource: Resource
    level: Level
    outcome: Outcome
    sentence: str = ""
    exception: Excepted | None = None

    @property
    def stops(self) -> bool:
        """Whether a deployment is refused for it."""
        return self.outcome == "violation" and self.level == "mandatory"


def evaluate(
    stack: Stack, today: date, rules: Sequence[Rule] = RULES, exceptions: Sequence[Excepted] = EXCEPTIONS
) -> list[Result]:
    """What the rules say of a stack, in the order of rules and resources."""
    return [
        result
        for rule in rules
        if level(rule, stack.name) != "disabled"
        for resource in stack.of(*rule.types)
        for result in judge(rule, resource, stack, today, exceptions)
    ]


def judge(
    rule: Rule, resource: Resource, stack: Stack, today: date, exceptions: Sequence[Excepted] = EXCEPTIONS
) -> Iterator[Result]:
    """What one rule says of one resource: a pass, that it can't say, or each violation."""
    of_stack = level(rule, stack.name)
    try:
        sentences = list(rule.check(resource, stack))
    except NotEvaluable as unknown:
        yield Result(
            rule=rule, resource=resource, level=of_stack, outcome="not evaluable", sentence=f"{unknown.args[0]}"
        )
        return
    if not sentences:
        yield Result(rule=rule, resource=resource, level=of_stack, outcome="pass")
    for sentence in sentences:
        exception = next((known for known in exceptions if known.covers(rule.id, stack.name, resource.name)), None)
        expired = exception is not None and exception.expires < today
        yield Result(
            rule=rule,
            resource=resource,
            level=of_stack,
            outcome="violation" if exception is None or expired else "excepted",
            sentence=f"{sentence} (its exception expired on {exception.expires})"
            if exception and expired
            else sentence,
            exception=exception,
        )


def counts(results: Sequence[Result]) -> Counter[Outcome]:
    """How many results of each outcome."""
    return Counter(result.outcome for result in results)
