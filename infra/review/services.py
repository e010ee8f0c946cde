"""ECS services: which of their tasks stop, and whether enough of them serve meanwhile.

Source: Amazon ECS API Reference, UpdateService (which parameters start a deployment) and DeploymentConfiguration (how
many tasks may run and must be healthy: the minimum is rounded up, the maximum down).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.policy.resources import Hidden, NotEvaluable
from infra.review.changes import counted
from infra.review.compared import compared
from infra.review.contract import number_of
from infra.review.differences import Difference, shown
from infra.review.finding import Finding, Verdict
from infra.review.preview import Change, Preview, State
from infra.review.serving import (
    deleted,
    entries,
    goes_first,
    identity,
    is_on,
    kind,
    moved,
    sources_of,
    successors,
    switched_off,
    told,
)

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


def find(preview: Preview) -> Iterator[Finding]:
    """What happens to the tasks of each service, to clusters, and to the roles that tasks run under."""
    come = successors(preview)
    for change in preview.changed:
        match kind(change.type):
            case "ecs/service":
                yield from _service(preview, change, come.get(change.urn))
            case "ecs/cluster":
                yield from _cluster(preview, change)
            case "ecs/clusterCapacityProviders":
                yield from _providers(preview, change)
            case "ecs/taskDefinition":
                yield from _definition(preview, change)
            case "iam/role":
                yield from _role(preview, change)
                yield from _needed(preview, change, change.urn, _managed(change.before) - _managed(change.after))
            case "iam/rolePolicyAttachment":
                if deleted(change) or change.op == "replace":
                    lost = {identity(change.before, "policyArn")} - _attached(preview, identity(change.before, "role"))
                    yield from _needed(preview, change, identity(change.before, "role"), lost)


def _service(preview: Preview, change: Change, successor: Change | None) -> Iterator[Finding]:
    old, new = change.before, change.after
    if deleted(change) and old is not None and successor is not None and is_on(successor.after, "waitForSteadyState"):
        sentence = f"is deleted once the tasks of {successor.label}, which looks the same, are steady"
        yield told(preview, change, sentence, Verdict.LOOK)
        return
    if deleted(change) and old is not None:
        idle = _tasks(old) == 0 and not _scaled(preview, change)
        stops = f"{_they(old, 'stop')}, and no new ones start"
        yield told(preview, change, f"is deleted: {stops}", Verdict.LOOK if idle else Verdict.DANGEROUS)
    elif change.op == "replace" and old is not None and new is not None:
        yield _replaced(preview, change, old, new)
    elif change.op == "update" and old is not None and new is not None:
        yield from _updated(preview, change, old, new)


def _replaced(preview: Preview, change: Change, old: State, new: State) -> Finding:
    if _tasks(old) == 0 and not _scaled(preview, change):
        return told(preview, change, "is replaced, and runs no tasks", Verdict.SAFE)
    if goes_first(change):
        sentence = f"is deleted before its replacement is there: {_they(old, 'stop')} before new ones run"
        return told(preview, change, sentence, Verdict.DANGEROUS)
    if is_on(new, "waitForSteadyState"):
        sentence = f"is replaced: {_they(old, 'run')} until those of the new service are steady"
        return told(preview, change, sentence, Verdict.LOOK)
    sentence = (
        f"is replaced without waiting for the new one's tasks: {_they(old, 'stop')} as soon as the new service exists"
    )
    return told(preview, change, sentence, Verdict.DANGEROUS, ["set wait_for_steady_state, so that they wait"])


def _updated(preview: Preview, change: Change, old: State, new: State) -> Iterator[Finding]:
    tasks = moved(change, "desiredCount")
    was, now = (number_of(side) for side in tasks) if tasks else (None, None)
    if tasks and now == 0 and was != 0:
        yield told(
            preview, change, f"is scaled to no task: {_they(old, 'stop')}, and nobody is served", Verdict.DANGEROUS
        )
    elif tasks and isinstance(tasks[1], Hidden):
        yield told(preview, change, f"has another number of tasks: {tasks[1].why}, and it may be none", Verdict.LOOK)
    deploys = [name for name in _DEPLOYS if moved(change, name)]
    if is_on(new, "forceNewDeployment") and not deploys:
        deploys = ["forceNewDeployment"]
    if deploys and now != 0:
        yield _deployment(preview, change, new, deploys)
    elif moved(change, _MINIMUM) or moved(change, _MAXIMUM):
        yield from _from_now_on(preview, change, new)
    yield from _lost(preview, change, old, new)
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
    return Bounds((found[0], found[1]), None if daemon else _tasks(service))


def _deployment(preview: Preview, change: Change, new: State, deploys: list[str]) -> Finding:
    """All tasks are replaced: what is different in them is to be read; that they are, only where nobody serves."""
    why, different = _new_in_tasks(preview, change, deploys)
    number = len(different)
    verdict = Verdict.LOOK if different else Verdict.SAFE
    read = [one if isinstance(one, str) else one.line for one in different[:_READ]]
    if number > _READ:
        read.append(f"and {counted(number - _READ, 'difference')} more, among the changes")
    mine, replaced = bounds(new), _they(new, "are", "is") + " replaced"
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
    if mine.gap and not daemon and _tasks(new) != 0:
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


def _new_in_tasks(preview: Preview, change: Change, deploys: list[str]) -> tuple[list[str], list[Difference | str]]:
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


def _lost(preview: Preview, change: Change, old: State, new: State) -> Iterator[Finding]:
    """What a service no longer has."""
    for path, whom in (("loadBalancers", "its load balancer"), ("serviceRegistries", "service discovery")):
        if entries(old.raw(path)) and new.raw(path) in (None, []):
            sentence = f"is taken out of {whom}: no request comes to its tasks that way any more"
            yield told(preview, change, sentence, Verdict.DANGEROUS, names=False)
    for path, what in (
        ("deploymentCircuitBreaker.enable", "no longer stopped: it tries to start its tasks without end"),
        ("deploymentCircuitBreaker.rollback", "no longer rolled back"),
        ("alarms.rollback", "no longer rolled back when its alarms go off"),
    ):
        if switched_off(old, new, path):
            yield told(preview, change, f"loses a guard: a deployment that fails is {what}", Verdict.LOOK, names=False)
            break
    grace = moved(change, "healthCheckGracePeriodSeconds")
    if grace and (number_of(grace[1]) or 0) < (number_of(grace[0]) or 0):
        waits = f"waits {shown(grace[1] or 0)} s instead of {shown(grace[0])} s"
        sentence = f"{waits} before health checks count: tasks that start slower are killed"
        yield told(preview, change, sentence, Verdict.LOOK, names=False)
    if switched_off(old, new, "networkConfiguration.assignPublicIp"):
        sentence = (
            "has no public addresses any more: without a NAT gateway or endpoints its new tasks can't fetch their image"
        )
        yield told(preview, change, sentence, Verdict.LOOK, names=False)
    spot = [_on_spot(side) for side in (old, new)]
    if spot[1] and not spot[0]:
        sentence = "runs on spot capacity: tasks may be taken away with two minutes' notice, all at once"
        yield told(preview, change, sentence, Verdict.LOOK, names=False)


def _cluster(preview: Preview, change: Change) -> Iterator[Finding]:
    services = [user for user in preview.dependents(change.urn) if kind(user.type) == "ecs/service"]
    running = [user for user in services if user.before is not None]
    its = counted(len(running), "service")
    alone = Verdict.SAFE if preview.shows_sames else Verdict.LOOK
    if deleted(change):
        sentence = f"is deleted: the tasks of {its} stop"
        yield told(preview, change, sentence, Verdict.DANGEROUS if running else alone)
    elif change.op == "replace":
        move = "moves" if len(running) == 1 else "move"
        gap = goes_first(change)
        sentence = f"is replaced: {its} {move} to the new one{', which comes after the old one is gone' if gap else ''}"
        verdict = Verdict.DANGEROUS if gap else Verdict.LOOK  # each service tells whether its tasks wait
        yield told(preview, change, sentence, verdict if running else alone)


def _providers(preview: Preview, change: Change) -> Iterator[Finding]:
    old, new = (entries(side.raw("capacityProviders")) if side else [] for side in (change.before, change.after))
    if lost := [one for one in old if one not in new]:
        sentence = f"no longer offers {', '.join(map(shown, lost))}: services that use it start no task"
        yield told(preview, change, sentence, Verdict.LOOK)


def _definition(preview: Preview, change: Change) -> Iterator[Finding]:
    """Fargate has no rights of its own: it fetches images and secrets under the execution role."""
    old, new = change.before, change.after
    if old is None or new is None or old.raw("executionRoleArn") is None or new.raw("executionRoleArn") is not None:
        return
    users = [user for user in preview.dependents(change.urn) if kind(user.type) == "ecs/service"]
    if users:
        sentence = (
            "has no execution role any more: its tasks can't fetch images and secrets, or write logs, and don't start"
        )
        yield told(preview, change, sentence, Verdict.DANGEROUS)


def _role(preview: Preview, change: Change) -> Iterator[Finding]:
    """A role that something runs under; what it may do is the permissions' matter."""
    runs = [user for user in preview.dependents(change.urn) if kind(user.type) in _RUN_UNDER_A_ROLE]
    if goes_first(change) and any(user.before for user in runs):
        sentence = "is deleted before its replacement is there: what runs under it is refused meanwhile"
        yield told(
            preview, change, sentence, Verdict.DANGEROUS, [f"runs under it: {user.label}" for user in runs], names=False
        )


def _needed(preview: Preview, change: Change, role: str, lost: set[str]) -> Iterator[Finding]:
    """Policies of AWS's own without which what runs under a role does not even start."""
    users = [user for user in preview.dependents(role) if kind(user.type) in _RUN_UNDER_A_ROLE and user.after]
    for policy in sorted(lost):
        does = _NEEDED.get(policy.rsplit("/", 1)[-1])
        if does and users and (role not in preview.by_urn or preview.by_urn[role].after is not None):
            who = ", ".join(user.label for user in users[:_TOLD])
            sentence = f"takes {policy.rsplit('/', 1)[-1]} from what {who} runs under: {does}"
            yield told(preview, change, sentence, Verdict.DANGEROUS, names=False)


#: Resources that are named in a title.
_TOLD: Final = 3
#: Source: AWS Managed Policy Reference Guide.
_NEEDED: Final = {
    "AmazonECSTaskExecutionRolePolicy": "its tasks can't fetch their image or write logs, and none starts",
    "AWSLambdaVPCAccessExecutionRole": "it can't join its network, and is not invoked",
    "AmazonEKSClusterPolicy": "the cluster can't work in the account",
    "AmazonEKSWorkerNodePolicy": "its nodes can't join the cluster",
    "AmazonEKS_CNI_Policy": "its pods get no addresses",
    "AmazonEC2ContainerRegistryReadOnly": "its nodes can't fetch images",
    "AmazonEC2ContainerRegistryPullOnly": "its nodes can't fetch images",
}


def _managed(role: State | None) -> set[str]:
    """The policies that a role names itself."""
    return {one for one in entries(role.raw("managedPolicyArns")) if isinstance(one, str)} if role else set()


def _attached(preview: Preview, role: str) -> set[str]:
    """The policies that are attached to a role once all is done."""
    users = [user.after for user in preview.dependents(role) if kind(user.type) == "iam/rolePolicyAttachment"]
    own = preview.by_urn.get(role)
    return {identity(user, "policyArn") for user in users if user} | (_managed(own.after) if own else set())


_RUN_UNDER_A_ROLE: Final = (
    "ecs/taskDefinition",
    "ecs/service",
    "lambda/function",
    "iam/instanceProfile",
    "eks/cluster",
    "eks/nodeGroup",
    "sfn/stateMachine",
    "apprunner/service",
    "rds/proxy",
)


def _tasks(service: State) -> float | None:
    """The wanted number; where the program does not say, what was running."""
    wanted = service.raw("desiredCount")
    return number_of(service.outputs.get("desiredCount") if wanted is None else wanted)


def _they(service: State, do: str, does: str = "") -> str:
    """`its 2 tasks stop`, `its one task stops`."""
    tasks = _tasks(service)
    if tasks == 1:
        return f"its one task {does or f'{do}s'}"
    return f"its {tasks:g} tasks {do}" if tasks else f"its tasks {do}"


def _may_stop(service: State) -> str:
    return _they(service, "may stop" if _tasks(service) == 1 else "may all stop", "may stop")


def _scaled(preview: Preview, change: Change) -> bool:
    return any(kind(user.type) == "appautoscaling/target" for user in preview.dependents(change.urn))


def _serves(service: State) -> bool:
    """Whether others call its tasks; a worker takes its work itself."""
    return any(entries(service.raw(path)) for path in ("loadBalancers", "serviceRegistries")) or is_on(
        service, "serviceConnectConfiguration.enabled"
    )


def _on_spot(service: State) -> bool:
    """Whether all of its capacity is spot."""
    strategy: list[Any] = [one for one in entries(service.raw("capacityProviderStrategies")) if isinstance(one, dict)]
    return bool(strategy) and all("SPOT" in str(one.get("capacityProvider")).upper() for one in strategy)
