"""Scaling, queues and the job contract: what a change of a number means to the jobs, in the contract's words.

The words are those of infra/job_contract.py; the numbers are read from the resources, so that another program's queues
and services are told too.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.policy.resources import Hidden
from infra.policy.rules.task_definitions import DEFINITION
from infra.review.differences import shown
from infra.review.finding import Finding, Section, Verdict
from infra.review.preview import Change, Preview, State

QUEUE: Final = "aws:sqs/queue:Queue"
REDRIVE: Final = "aws:sqs/redrivePolicy:RedrivePolicy"
SERVICE: Final = "aws:ecs/service:Service"
TARGET: Final = "aws:appautoscaling/target:Target"
SCALING: Final = "aws:appautoscaling/policy:Policy"


@dataclass(frozen=True)
class Number:
    """A number of a type of resource: its path, what it is called, and what less and more of it mean."""

    path: str
    called: str
    less: str
    more: str
    look: bool = True


_NUMBERS: Final[Mapping[str, tuple[Number, ...]]] = {
    QUEUE: (
        Number(
            "visibilityTimeoutSeconds",
            "visibility timeout (s)",
            "a job that takes longer than that and is not hidden anew is handed to a second worker while it runs",
            "a job of a worker that died is tried again that much later",
        ),
        Number("delaySeconds", "delay (s)", "jobs begin sooner", "every job waits that long before a worker sees it"),
        Number(
            "receiveWaitTimeSeconds",
            "long poll (s)",
            "idle workers ask more often, which costs",
            "idle workers ask less often",
            look=False,
        ),
        Number(
            "maxMessageSize",
            "largest message (bytes)",
            "larger messages are refused",
            "larger messages pass",
            look=False,
        ),
    ),
    TARGET: (
        Number(
            "minCapacity",
            "least tasks",
            "fewer tasks wait for work: the first jobs of a burst are later",
            "more tasks run, and are paid for, when there is nothing to do",
        ),
        Number(
            "maxCapacity",
            "most tasks",
            "a burst that needs more tasks waits longer: jobs may be later than the contract's latency objective",
            "a burst may use, and cost, that many",
        ),
    ),
    SCALING: (
        Number(
            "targetTrackingScalingPolicyConfiguration.targetValue",
            "target",
            "tasks are added sooner",
            "each task may have more before it: jobs become later before tasks are added",
        ),
        Number(
            "targetTrackingScalingPolicyConfiguration.scaleInCooldown",
            "scale-in cooldown (s)",
            "tasks are taken away sooner",
            "tasks are kept longer, and paid for",
            look=False,
        ),
        Number(
            "targetTrackingScalingPolicyConfiguration.scaleOutCooldown",
            "scale-out cooldown (s)",
            "tasks are added faster one after another",
            "tasks are added more slowly: a burst waits longer",
            look=False,
        ),
    ),
    SERVICE: (
        Number("desiredCount", "tasks", "fewer tasks do the work", "more tasks do the work"),
        Number(
            "deploymentMinimumHealthyPercent",
            "least healthy tasks of a deployment (%)",
            "fewer tasks serve while a deployment runs",
            "more tasks serve while a deployment runs",
        ),
    ),
    "aws:lambda/eventSourceMapping:EventSourceMapping": (
        Number("batchSize", "messages a batch", "more invocations", "one failure sends more messages back"),
    ),
}
STOP: Final = "time from being asked to stop to being killed (s)"
#: Variables of a worker that say the contract (JobContract.environment), as a person says them; and others', by form.
_VARIABLES: Final = {
    "JOB_CONCURRENCY": "jobs at once of a task",
    "JOB_PREFETCH_MULTIPLIER": "messages held for each job at once",
    "JOB_SOFT_TIME_LIMIT_SECONDS": "soft limit of a job (s)",
    "JOB_TIME_LIMIT_SECONDS": "hard limit of a job (s)",
    "JOB_VISIBILITY_TIMEOUT_SECONDS": "visibility timeout that the worker counts on (s)",
    "JOB_MAX_ATTEMPTS": "attempts of a job",
    "JOB_SHUTDOWN_SECONDS": "time that a warm shutdown waits (s)",
}


def find(preview: Preview) -> Iterator[Finding]:
    """Numbers that changed, each with what it means."""
    for change in preview.changed:
        if change.before is None or change.after is None:
            continue
        for number in _NUMBERS.get(change.type, ()):
            yield from _changed(change, number)
        if change.type in (QUEUE, REDRIVE):
            yield from _receives(change)
        if change.type == DEFINITION:
            yield from _variables(change)


def _changed(change: Change, number: Number) -> Iterator[Finding]:
    assert change.before is not None  # noqa: S101 - see find
    assert change.after is not None  # noqa: S101
    before, after = change.before.raw(number.path), change.after.raw(number.path)
    if before == after and not isinstance(after, Hidden):
        return
    old, new = number_of(before), number_of(after)
    if old is None or new is None:
        if before != after:
            meaning = "one of the two is a default or not known here"
            yield _finding(change, f"{number.called} {shown(before)} -> {shown(after)}: {meaning}", Verdict.LOOK)
        return
    yield _finding(
        change,
        f"{number.called} {old:g} -> {new:g}: {number.less if new < old else number.more}",
        Verdict.LOOK if number.look else Verdict.SAFE,
    )


def _receives(change: Change) -> Iterator[Finding]:
    old, new = (_redrive(side) for side in (change.before, change.after))
    if old is None or new is None or old == new:
        return
    if not new:
        return  # the guards tell it
    before, after = old.get("maxReceiveCount"), new.get("maxReceiveCount")
    if not old:
        first = f"a message is set aside after {shown(after)} attempts: is that enough for a while of failures?"
        yield _finding(change, f"a dead-letter queue: {first}", Verdict.LOOK)
        return
    if number_of(before) == number_of(after):
        return
    what = (
        "a poison message comes to the dead-letter queue sooner, and a job that fails for a while has fewer attempts"
        if (number_of(after) or 0) < (number_of(before) or 0)
        else "a poison message is tried more often before it comes to the dead-letter queue"
    )
    yield _finding(change, f"attempts (maxReceiveCount) {shown(before)} -> {shown(after)}: {what}", Verdict.LOOK)


def _redrive(state: State | None) -> Mapping[str, Any] | None:
    """The redrive policy of a queue, or of a resource of its own; empty: there is none, None: it is hidden."""
    try:
        found = state.document("redrivePolicy") if state else {}
    except Exception:  # noqa: BLE001 - hidden, or no JSON: nothing can be said of it here
        return None
    return found if isinstance(found, Mapping) else None


def _variables(change: Change) -> Iterator[Finding]:
    old, new = (dict(contract_of(side)) for side in (change.before, change.after))
    for at in dict.fromkeys([*old, *new]):
        if old.get(at) != new.get(at) and at in old and at in new:
            container, name = at
            yield _finding(
                change, f"container {container}: {_called(name)} {shown(old[at])} -> {shown(new[at])}", Verdict.LOOK
            )


def _called(name: str) -> str:
    return _VARIABLES.get(name, name)


def contract_of(state: State | None) -> Iterator[tuple[tuple[str, str], Any]]:
    """What each container is told of the contract, and how long it has to stop."""
    for container in _containers(state):
        name = str(container.get("name"))
        for variable in container.get("environment") or ():
            if isinstance(variable, Mapping) and variable.get("name") in _VARIABLES:
                yield (name, str(variable["name"])), variable.get("value")
        if "stopTimeout" in container:
            yield (name, STOP), container["stopTimeout"]


def _containers(state: State | None) -> list[Mapping[str, Any]]:
    try:
        found = state.document("containerDefinitions") if state else []
    except Exception:  # noqa: BLE001 - hidden, or no JSON: the blind spots tell it
        return []
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def number_of(value: Any) -> float | None:
    """A number, or a text that is one; None for everything else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value) if abs(value) <= sys.float_info.max else None
    return float(value) if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value) else None


def _finding(change: Change, sentence: str, verdict: Verdict) -> Finding:
    return Finding(section=Section.CONTRACT, verdict=verdict, title=f"{change.label}: {sentence}", resource=change.urn)
