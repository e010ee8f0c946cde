"""The rules as policies of a pack: one stack policy each, and one that tells what could not be evaluated."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime

import pulumi_policy
from pulumi_policy import EnforcementLevel, ReportViolation, StackValidationArgs, StackValidationPolicy

from infra.policy.catalog import RULES
from infra.policy.evaluate import evaluate, judge
from infra.policy.exceptions import EXCEPTIONS
from infra.policy.from_pack import stack_of
from infra.policy.levels import level
from infra.policy.rule import Rule

_LEVELS = {
    "mandatory": EnforcementLevel.MANDATORY,
    "advisory": EnforcementLevel.ADVISORY,
    "disabled": EnforcementLevel.DISABLED,
}


def policies(stack: str) -> list[pulumi_policy.Policy]:
    """The pack's policies, as strict as the stack wants them."""
    return [*(_policy(rule, stack) for rule in RULES), _not_evaluable(stack)]


def stack_name() -> str:
    """The stack that the engine works on; it tells the pack's process by this variable."""
    return os.environ.get("PULUMI_STACK", "")


def _policy(rule: Rule, stack: str) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        today = datetime.now(UTC).date()
        resources = stack_of(stack, args.resources)
        for resource in resources.of(*rule.types):
            for result in judge(rule, resource, resources, today, EXCEPTIONS):
                if result.outcome == "violation":
                    report(f"{resource.name}: {result.sentence}. {rule.mend} {rule.link}", resource.urn)

    return StackValidationPolicy(
        name=rule.id,
        description=_title(rule),
        validate=validate,
        enforcement_level=_LEVELS[level(rule, stack)],
        severity=pulumi_policy.Severity[rule.severity.name],
        remediation_steps=rule.mend,
        url=rule.link,
    )


def _not_evaluable(stack: str) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        found = evaluate(stack_of(stack, args.resources), datetime.now(UTC).date())
        for line in _lines(
            f"{at.rule.id}: {at.resource.name}: {at.sentence}" for at in found if at.outcome == "not evaluable"
        ):
            report(line, None)

    return StackValidationPolicy(
        name="not-evaluable",
        description="What no rule can say before the update: neither a pass nor a failure",
        validate=validate,
        enforcement_level=EnforcementLevel.ADVISORY,
    )


def _lines(found: Iterable[str]) -> list[str]:
    return sorted(set(found))


def _title(rule: Rule) -> str:
    return f"{rule.control}: {rule.why}" if rule.control else rule.why
