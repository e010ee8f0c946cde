"""Numbers of the new stack that contradict each other, where the change touched one of the two."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from infra.policy.rules.task_definitions import DEFINITION
from infra.review.contract import QUEUE, REDRIVE, SCALING, STOP, TARGET, contract_of, number_of
from infra.review.finding import Finding, Section, Verdict
from infra.review.preview import Preview, State, label


@dataclass(frozen=True)
class _Disagreement:
    one: State
    other: State
    sentence: str
    verdict: Verdict


def find(preview: Preview) -> Iterator[Finding]:
    """What disagrees once all is done; what disagreed before, and was not touched, is not this change's."""
    touched = {change.urn for change in preview.changed if change.after is not None}
    if not touched:
        return
    after = [change.after for change in preview.by_urn.values() if change.after]
    for check in _CHECKS:
        for found in check(after):
            if {found.one.urn, found.other.urn} & touched:
                yield Finding(
                    section=Section.CONTRACT, verdict=found.verdict, title=found.sentence, resource=found.one.urn
                )


def _visibility(states: Sequence[State]) -> Iterator[_Disagreement]:
    """The worker hides a long job's message anew in time for the visibility timeout that it was told of."""
    queues = [state for state in states if state.type == QUEUE]
    for definition in (state for state in states if state.type == DEFINITION):
        told = {name: value for (_, name), value in contract_of(definition)}
        counted = number_of(told.get("JOB_VISIBILITY_TIMEOUT_SECONDS"))
        for queue in queues if counted is not None else ():
            hidden = number_of(queue.raw("visibilityTimeoutSeconds"))
            if hidden is not None and counted is not None and hidden < counted and _takes_from(definition, queue):
                sentence = (
                    f"{label(queue)} hides a message for {hidden:g} s, and {label(definition)} counts on {counted:g} s:"
                    " a running job is handed to a second worker"
                )
                yield _Disagreement(queue, definition, sentence, Verdict.DANGEROUS)


def _takes_from(definition: State, queue: State) -> bool:
    return queue.urn in definition.dependencies or any(queue.urn in urns for urns in definition.links.values())


def _stop(states: Sequence[State]) -> Iterator[_Disagreement]:
    """ECS ends a container by force that has not gone in its stopTimeout."""
    for definition in (state for state in states if state.type == DEFINITION):
        told = dict(contract_of(definition))
        for (container, name), value in told.items():
            stop, shutdown = number_of(told.get((container, STOP))), number_of(value)
            if name == "JOB_SHUTDOWN_SECONDS" and stop is not None and shutdown is not None and stop < shutdown:
                sentence = (
                    f"{label(definition)}: container {container} is killed {stop:g} s after it is asked to stop, and "
                    f"waits {shutdown:g} s for its jobs: deployments kill running jobs"
                )
                yield _Disagreement(definition, definition, sentence, Verdict.DANGEROUS)


def _bounds(states: Sequence[State]) -> Iterator[_Disagreement]:
    """The least and the most tasks; and none, from which a policy on the tasks' own metrics never rises."""
    for target in (state for state in states if state.type == TARGET):
        least, most = number_of(target.raw("minCapacity")), number_of(target.raw("maxCapacity"))
        if least is not None and most is not None and least > most:
            sentence = f"{label(target)}: the least tasks, {least:g}, are more than the most, {most:g}"
            yield _Disagreement(target, target, sentence, Verdict.LOOK)
        policies = [one for one in states if one.type == SCALING and _takes_from(one, target)]
        if least == 0 and policies and all(map(_of_running_tasks, policies)):
            sentence = (
                f"{label(target)} may scale to no task, and is scaled by what running tasks use alone: with none "
                "running nothing starts the first one again; add a step policy on the work that waits"
            )
            yield _Disagreement(target, target, sentence, Verdict.DANGEROUS)


def _of_running_tasks(policy: State) -> bool:
    """Source: Application Auto Scaling User Guide, "Predefined metrics": all of ECS's are of running tasks."""
    at = "targetTrackingScalingPolicyConfiguration.predefinedMetricSpecification.predefinedMetricType"
    return policy.raw("policyType") == "TargetTrackingScaling" and str(policy.raw(at) or "").startswith(("ECS", "ALB"))


def _letters(states: Sequence[State]) -> Iterator[_Disagreement]:
    """A dead letter's age counts from when it was first sent. Source: SQS Developer Guide, dead-letter queues."""
    by_urn = {state.urn: state for state in states if state.type == QUEUE}
    for policy in (state for state in states if state.type in (REDRIVE, QUEUE)):
        source = policy if policy.type == QUEUE else _first(by_urn, policy.links.get("queueUrl", ()))
        letters = _first(by_urn, policy.links.get("redrivePolicy", ()))
        if source is None or letters is None:
            continue
        kept, first = (number_of(queue.raw("messageRetentionSeconds")) for queue in (letters, source))
        if kept is not None and first is not None and kept <= first:
            sentence = (
                f"{label(letters)} keeps letters for {kept:g} s, no longer than {label(source)} its messages "
                f"({first:g} s): a letter may be gone as soon as it comes"
            )
            yield _Disagreement(letters, source, sentence, Verdict.LOOK)


def _first(by_urn: Mapping[str, State], urns: Sequence[str]) -> State | None:
    return next((by_urn[urn] for urn in urns if urn in by_urn), None)


_CHECKS: Final[tuple[Callable[[Sequence[State]], Iterator[_Disagreement]], ...]] = (
    _visibility,
    _stop,
    _bounds,
    _letters,
)
