"""Deployments of ECS services: which tasks are replaced, and how many serve meanwhile.

Source: Amazon ECS API Reference, UpdateService (which parameters start a deployment) and DeploymentConfiguration (how
many tasks may run and must be healthy: the minimum is rounded up, the maximum down).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from infra.policy.resources import NotEvaluable
from infra.review.changes import counted
from infra.review.compared import compared
from infra.review.contract import number_of
from infra.review.differences import Difference, shown
from infra.review.finding import Finding, Verdict
from infra.review.preview import Change, Preview, State
from infra.review.serving import entries, is_on, moved, sources_of, told
from infra.review.tasks import tasks_of, they

#: A change of one of them starts a deployment: all tasks are replaced.
_DEPLOYS: Final = (
    "taskDefinition",
    "networkConfiguration",
    "capacityProviderStrategies",
    "platformVersion",
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfiguration",
    "vpcLatticeConfigurations",
    "triggers",
    "forceNewDeployment",
)
#: Of those, that change nothing in a task, or are told by what they name.
_NOTHING_NEW: Final = ("taskDefinition", "triggers", "forceNewDeployment")
_MINIMUM: Final = "deploymentMinimumHealthyPercent"
_MAXIMUM: Final = "deploymentMaximumPercent"


def find(preview: Preview, change: Change, new: State) -> Iterator[Finding]:
    """What an update of a service starts now, and what its next deployment will feel."""
    deploys = [name for name in _DEPLOYS if moved(change, name)]
    if is_on(new, "forceNewDeployment") and not deploys:
        deploys = ["forceNewDeployment"]
    if deploys and not (moved(change, "desiredCount") and tasks_of(new) == 0):
        yield _deployment(preview, change, new, deploys)
    elif moved(change, _MINIMUM) or moved(change, _MAXIMUM):
        yield from _from_now_on(preview, change, new)
    yield from _unheard(preview, change, new)


@dataclass(frozen=True)
class Bounds:
    """How many tasks run during a deployment, in tasks; None where the number of tasks is not known.

    Attributes:
        percent: the least that must be healthy and the most that may run, in percent of the wanted number.
    """

    percent: tuple[float, float]
    tasks: float | None

    @property
    def least(self) -> float | None:
        """Rounded up, as ECS does."""
        return None if self.tasks is None else math.ceil(self.tasks * self.percent[0] / 100)

    @property
    def most(self) -> float | None:
        """Rounded down, as ECS does."""
        return None if self.tasks is None else math.floor(self.tasks * self.percent[1] / 100)

    @property
    def gap(self) -> bool:
        """Whether all tasks may stop before a new one runs."""
        return self.percent[0] <= 0

    @property
    def stuck(self) -> bool:
        """Whether no new task may start and no old one may stop."""
        if self.least is None or self.most is None or not self.tasks:
            return self.percent[0] >= _ALL and self.percent[1] <= _ALL
        return self.least >= self.tasks and self.most <= self.tasks


_ALL: Final = 100
#: Differences that are told beside a deployment.
_READ: Final = 6
#: Characters of a difference that is told in a title.
_IN_A_TITLE: Final = 80


def bounds(service: State) -> Bounds | None:
    """A service's; None where a percentage can't be read."""
    daemon = service.raw("schedulingStrategy") == "DAEMON"
    found = []
    for path, default in ((_MINIMUM, 0 if daemon else _ALL), (_MAXIMUM, _ALL if daemon else 2 * _ALL)):
        value = service.raw(path)
        number = default if value is None else number_of(value)
        if number is None:
            return None
        found.append(float(number))
    return Bounds((found[0], found[1]), None if daemon else tasks_of(service))


def _deployment(preview: Preview, change: Change, new: State, deploys: list[str]) -> Finding:
    """All tasks are replaced: what is different in them is to be read; that they are, only where nobody serves."""
    why, different = _new_intasks_of(preview, change, deploys)
    number = len(different)
    verdict = Verdict.LOOK if different else Verdict.SAFE
    read = [one if isinstance(one, str) else one.line for one in different[:_READ]]
    if number > _READ:
        read.append(f"and {counted(number - _READ, 'difference')} more, among the changes")
    mine, replaced = bounds(new), they(new, "are", "is") + " replaced"
    controller = new.raw("deploymentController.type") or "ECS"
    if controller not in ("ECS", None):
        sentence = f"{replaced} by {shown(controller)}, which is not part of this preview"
        return told(preview, change, f"is to be deployed: {sentence}", Verdict.LOOK, [*why, *read], names=False)
    if mine is None:
        sentence = f"{replaced}; how many serve meanwhile is not known here"
        return told(preview, change, f"is deployed anew: {sentence}", Verdict.LOOK, [*why, *read], names=False)
    daemon = new.raw("schedulingStrategy") == "DAEMON"
    if mine.stuck and not daemon:
        sentence = (
            f"can't be deployed anew: with {mine.percent[0]:g} % healthy and {mine.percent[1]:g} % running at most, no "
            "new task may start and no old one may stop"
        )
        return told(preview, change, sentence, Verdict.DANGEROUS, [*why, *read], names=False)
    if mine.gap and not daemon and tasks_of(new) != 0:
        sentence = f"is deployed anew with a gap: {_may_stop(new)} before a new one runs (minimum healthy 0 %)"
        worse = _serves(new) or moved(change, _MINIMUM) is not None
        verdict = Verdict.DANGEROUS if worse else Verdict.LOOK
        lines = [*why, *read] if worse else ["nobody calls it: what it works on waits meanwhile", *why, *read]
        return told(preview, change, sentence, verdict, lines, names=False)
    if mine.tasks is None or daemon:
        meanwhile = f"{mine.percent[0]:g} to {mine.percent[1]:g} % of them run meanwhile"
    else:
        meanwhile = f"{mine.least:g} to {mine.most:g} run meanwhile"
    rest = ""
    if read:
        short = number == 1 and len(read[0]) <= _IN_A_TITLE
        rest = f"; {read[0]}" if short else f"; {counted(number, 'difference')} to read"
    sentence = f"is deployed anew: {replaced}, rolling, and {meanwhile}{rest}"
    return told(preview, change, sentence, verdict, [*why, *read], names=False)


def _new_intasks_of(preview: Preview, change: Change, deploys: list[str]) -> tuple[list[str], list[Difference | str]]:
    """Why a service is deployed, and what differs in its tasks that a person should read."""
    why, read = list[str](), list[Difference | str]()
    for name in deploys:
        if name != "taskDefinition":
            why.append(f"for: {name}")
            continue
        linked = [preview.by_urn[urn] for urn in sources_of(change.after, name) if urn in preview.by_urn]
        for definition in linked:
            why.append(f"for: {definition.label}")
            found = compared(definition)
            read += [one for one in found if not one.noise and one.path not in ("tags", "tagsAll")]
            if definition.op == "create":
                read.append(f"{definition.label} is another task definition than before")
            if definition.op == "replace" and not found:
                read.append(f"what differs in {definition.label} can't be read here")
        if not linked:
            read.append("taskDefinition: another revision, from outside of this stack")
    own = tuple(name for name in deploys if name not in _NOTHING_NEW)
    if own:
        read += [one for one in compared(change) if one.path.startswith(own) and not one.noise]
    return why, read


def _from_now_on(preview: Preview, change: Change, new: State) -> Iterator[Finding]:
    """Percentages that only the next deployment feels."""
    mine = bounds(new)
    if mine is None or new.raw("schedulingStrategy") == "DAEMON":
        return
    percent = f"{mine.percent[0]:g} % healthy at least and {mine.percent[1]:g} % running at most"
    if mine.gap:
        sentence = "is without any task in each deployment from now on: all may stop before a new one runs"
        yield told(preview, change, sentence, Verdict.DANGEROUS, [percent], names=False)
    elif mine.stuck:
        sentence = "can't be deployed from now on: no new task may start and no old one may stop"
        yield told(preview, change, sentence, Verdict.DANGEROUS, [percent], names=False)


def _unheard(preview: Preview, change: Change, service: State) -> Iterator[Finding]:
    """Requests that are sent to a port which no container opens, as one of the two was changed alone."""
    for urn in sources_of(service, "taskDefinition"):
        definition = preview.by_urn.get(urn)
        ports = _ports(definition.after) if definition else None
        if ports is None:
            continue
        for target in entries(service.raw("loadBalancers")):
            name, port = (target.get(key) if isinstance(target, Mapping) else None for key in _TARGET)
            if isinstance(name, str) and number_of(port) is not None and (name, number_of(port)) not in ports:
                where = f"port {shown(port)} of container {name}"
                sentence = f"sends requests to {where}, which its task does not open: ECS refuses that"
                yield told(preview, change, sentence, Verdict.LOOK, names=False)


_TARGET: Final = ("containerName", "containerPort")


def _ports(definition: State | None) -> set[tuple[str, float | None]] | None:
    """Containers and the ports that they open; None where that can't be read."""
    try:
        found = definition.document("containerDefinitions") if definition else None
    except (NotEvaluable, ValueError, RecursionError, TypeError):
        return None
    if not isinstance(found, list):
        return None
    return {
        (str(container.get("name")), number_of(mapping.get("containerPort")))
        for container in found
        if isinstance(container, Mapping)
        for mapping in entries(container.get("portMappings"))
        if isinstance(mapping, Mapping)
    }


def _may_stop(service: State) -> str:
    return they(service, "may stop" if tasks_of(service) == 1 else "may all stop", "may stop")


def _serves(service: State) -> bool:
    """Whether others call its tasks; a worker takes its work itself."""
    return any(entries(service.raw(path)) for path in ("loadBalancers", "serviceRegistries")) or is_on(
        service, "serviceConnectConfiguration.enabled"
    )
