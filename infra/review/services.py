"""ECS services and clusters: whose tasks stop, and what they lose that served or guarded them."""

from collections.abc import Iterator
from typing import Any

from infra.policy.resources import Hidden
from infra.review import deployments
from infra.review.changes import counted
from infra.review.contract import number_of
from infra.review.differences import shown
from infra.review.finding import Finding, Verdict
from infra.review.preview import Change, Preview, State
from infra.review.serving import deleted, entries, goes_first, is_on, kind, moved, successors, switched_off, told
from infra.review.tasks import tasks_of, they


def find(preview: Preview) -> Iterator[Finding]:
    """What happens to the tasks of each service, and to clusters."""
    come = successors(preview)
    for change in preview.changed:
        match kind(change.type):
            case "ecs/service":
                yield from _service(preview, change, come.get(change.urn))
            case "ecs/cluster":
                yield from _cluster(preview, change)
            case "ecs/clusterCapacityProviders":
                yield from _providers(preview, change)


def _service(preview: Preview, change: Change, successor: Change | None) -> Iterator[Finding]:
    old, new = change.before, change.after
    if deleted(change) and old is not None and successor is not None and is_on(successor.after, "waitForSteadyState"):
        sentence = f"is deleted once the tasks of {successor.label}, which looks the same, are steady"
        yield told(preview, change, sentence, Verdict.LOOK)
        return
    if deleted(change) and old is not None:
        idle = tasks_of(old) == 0 and not _scaled(preview, change)
        stops = f"{they(old, 'stop')}, and no new ones start"
        yield told(preview, change, f"is deleted: {stops}", Verdict.LOOK if idle else Verdict.DANGEROUS)
    elif change.op == "replace" and old is not None and new is not None:
        yield _replaced(preview, change, old, new)
    elif change.op == "update" and old is not None and new is not None:
        yield from _updated(preview, change, old, new)


def _replaced(preview: Preview, change: Change, old: State, new: State) -> Finding:
    if tasks_of(old) == 0 and not _scaled(preview, change):
        return told(preview, change, "is replaced, and runs no tasks", Verdict.SAFE)
    if goes_first(change):
        sentence = f"is deleted before its replacement is there: {they(old, 'stop')} before new ones run"
        return told(preview, change, sentence, Verdict.DANGEROUS)
    if is_on(new, "waitForSteadyState"):
        sentence = f"is replaced: {they(old, 'run')} until those of the new service are steady"
        return told(preview, change, sentence, Verdict.LOOK)
    sentence = (
        f"is replaced without waiting for the new one's tasks: {they(old, 'stop')} as soon as the new service exists"
    )
    return told(preview, change, sentence, Verdict.DANGEROUS, ["set wait_for_steady_state, so that they wait"])


def _updated(preview: Preview, change: Change, old: State, new: State) -> Iterator[Finding]:
    tasks = moved(change, "desiredCount")
    was, now = (number_of(side) for side in tasks) if tasks else (None, None)
    if tasks and now == 0 and was != 0:
        yield told(
            preview, change, f"is scaled to no task: {they(old, 'stop')}, and nobody is served", Verdict.DANGEROUS
        )
    elif tasks and isinstance(tasks[1], Hidden):
        yield told(preview, change, f"has another number of tasks: {tasks[1].why}, and it may be none", Verdict.LOOK)
    yield from deployments.find(preview, change, new)
    yield from _lost(preview, change, old, new)


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


def _scaled(preview: Preview, change: Change) -> bool:
    return any(kind(user.type) == "appautoscaling/target" for user in preview.dependents(change.urn))


def _on_spot(service: State) -> bool:
    """Whether all of its capacity is spot."""
    strategy: list[Any] = [one for one in entries(service.raw("capacityProviderStrategies")) if isinstance(one, dict)]
    return bool(strategy) and all("SPOT" in str(one.get("capacityProvider")).upper() for one in strategy)
