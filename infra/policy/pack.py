"""The rules as policies of a pack: what stops, what is advice, what could not be evaluated, and what mends.

How strict a stack is follows from its name, which stands in every URN; whether the pack's process is told it in
`PULUMI_STACK` depends on how the engine starts one. So each rule is there twice, as a policy that stops and as one that
advises, and speaks as the one that its stack wants.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Literal, cast

import pulumi_policy
from pulumi_policy import (
    EnforcementLevel,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from infra.policy.catalog import RULES
from infra.policy.evaluate import evaluate, judge
from infra.policy.exceptions import EXCEPTIONS
from infra.policy.from_pack import resource_of, stack_name, stack_of
from infra.policy.levels import level, mends
from infra.policy.remedies import REMEDIES, Remedy
from infra.policy.resources import stack_of_urn
from infra.policy.rule import Rule

_LEVELS = {"mandatory": EnforcementLevel.MANDATORY, "advisory": EnforcementLevel.ADVISORY}


def policies() -> list[pulumi_policy.Policy]:
    """The pack's policies, for any stack."""
    return [
        *(_policy(rule, "mandatory") for rule in RULES),
        *(_policy(rule, "advisory") for rule in RULES),
        _not_evaluable(),
        *(_mending(remedy) for remedy in REMEDIES),
    ]


def _today() -> date:
    return datetime.now(UTC).date()


def _policy(rule: Rule, at: Literal["mandatory", "advisory"]) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        if level(rule, stack_name(args.resources)) != at:
            return
        stack = stack_of(args.resources)
        for resource in stack.of(*rule.types):
            for result in judge(rule, resource, stack, _today(), EXCEPTIONS):
                if result.outcome == "violation":
                    report(f"{resource.name}: {result.sentence}. {rule.mend} {rule.link}", resource.urn)

    return StackValidationPolicy(
        name=rule.id if at == "mandatory" else f"{rule.id}-advice",
        description=_title(rule),
        validate=validate,
        enforcement_level=_LEVELS[at],
        severity=pulumi_policy.Severity[rule.severity.name],
        remediation_steps=rule.mend,
        url=rule.link,
    )


def _not_evaluable() -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        found = evaluate(stack_of(args.resources), _today())
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


def _mending(remedy: Remedy) -> ResourceValidationPolicy:
    """Silent, but in the stacks that want it."""
    return ResourceValidationPolicy(
        name=f"mend-{remedy.rule.id}",
        description=f"Mends: {_title(remedy.rule)}",
        remediate=_remediation(remedy),
        enforcement_level=EnforcementLevel.REMEDIATE,
        severity=pulumi_policy.Severity[remedy.rule.severity.name],
        url=remedy.rule.link,
    )


def _remediation(remedy: Remedy) -> Callable[[ResourceValidationArgs], Any]:
    def remediate(args: ResourceValidationArgs) -> Mapping[str, Any] | None:
        if args.resource_type not in remedy.rule.types or not mends(remedy.rule, stack_of_urn(args.urn)):
            return None
        changes = remedy.mended(resource_of(args), stack_of_urn(args.urn), _today())
        for key, value in changes.items():
            # In what was given: a copy would lose what is secret.
            cast("dict[str, Any]", args.props)[key] = value
        return args.props if changes else None

    return remediate


def _lines(found: Iterable[str]) -> list[str]:
    return sorted(set(found))


def _title(rule: Rule) -> str:
    return f"{rule.control}: {rule.why}" if rule.control else rule.why
