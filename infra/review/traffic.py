"""Load balancers: which requests reach nobody, or somebody else.

Source: Elastic Load Balancing API Reference: a target group belongs to one load balancer, a port to one listener.
"""

from collections.abc import Iterator
from typing import Any, Final

from infra.policy.resources import Hidden
from infra.review.contract import number_of
from infra.review.differences import shown
from infra.review.finding import Finding, Verdict
from infra.review.preview import Change, Preview, State
from infra.review.serving import deleted, entries, goes_first, identity, kind, moved, sources_of, switched_off, told

_FORWARDING: Final = ("lb/listener", "lb/listenerRule")
#: Actions of a listener that send a request on, rather than answer it.
_FORWARDS: Final = "forward"


def find(preview: Preview) -> Iterator[Finding]:
    """What happens to load balancers, their listeners and rules, and the groups of targets behind them."""
    created = [change for change in preview.changed if change.op in ("create", "import")]
    listeners = {_port(one.after): one for one in created if kind(one.type) == "lb/listener" and one.after}
    rules = {_requests(one.after): one for one in created if kind(one.type) == "lb/listenerRule" and one.after}
    for change in preview.changed:
        match kind(change.type):
            case "lb/loadBalancer":
                yield from _balancer(preview, change)
            case "lb/listener":
                yield from _listener(preview, change, listeners.get(_port(change.before)))
            case "lb/listenerRule":
                yield from _rule(preview, change, rules.get(_requests(change.before)))
            case "lb/targetGroup":
                yield from _group(preview, change)
            case "wafv2/webAcl":
                yield from _firewall(preview, change)
    yield from _targets(preview)


def _balancer(preview: Preview, change: Change) -> Iterator[Finding]:
    if deleted(change):
        sentence = "is deleted: nothing behind it is reached any more"
        yield told(preview, change, sentence, Verdict.DANGEROUS, irreversible=True)  # AWS gives its name once
    elif change.op == "replace":
        alone = not any(kind(user.type) == "lb/listener" for user in preview.dependents(change.urn))
        sentence = "is replaced: its DNS name and addresses change, and who has the old ones reaches nobody"
        details = (
            [] if alone else ["a target group can't be behind two load balancers at once: it may stand in the way"]
        )
        if goes_first(change):
            sentence = f"{sentence}; the old one is deleted before the new one is there"
        yield told(preview, change, sentence, Verdict.DANGEROUS, details, irreversible=True)
    if change.op != "update" or change.before is None or change.after is None:
        return
    old, new = (entries(side.raw("subnets")) for side in (change.before, change.after))
    known = not any(isinstance(one, Hidden) for one in new)
    if old and new and known and set(map(str, old)) - set(map(str, new)):
        sentence = "leaves a subnet: its addresses there are gone, and targets of that zone may get no requests"
        yield told(preview, change, sentence, Verdict.LOOK, names=False)
    idle = moved(change, "idleTimeout")
    if idle and (number_of(idle[1]) or 60) < (number_of(idle[0]) or 60):
        sentence = f"cuts connections that are silent for {shown(idle[1])} s, rather than {shown(idle[0])} s"
        yield told(preview, change, sentence, Verdict.LOOK, names=False)


def _listener(preview: Preview, change: Change, successor: Change | None) -> Iterator[Finding]:
    if _goes(preview, change.before, "loadBalancerArn"):
        return  # the load balancer's finding names it
    redirects = change.before is not None and _kinds(change.before, "defaultActions") == ["redirect"]
    cost = Verdict.LOOK if redirects and not _has_rules(preview, change) else Verdict.DANGEROUS
    if deleted(change) and change.before is not None:
        if successor is not None:
            yield _clash(preview, change, successor, "a load balancer has one listener for a port")
            return
        sentence = f"is deleted: nothing answers on {_spoken(change.before)} any more"
        yield told(preview, change, sentence, cost)
    elif change.op == "replace" and change.before is not None:
        first = "before its replacement is there" if goes_first(change) else "when its replacement, elsewhere, is there"
        yield told(preview, change, f"is deleted {first}: nothing answers on {_spoken(change.before)} then", cost)
    elif change.op == "update" and change.before is not None and change.after is not None:
        for path in ("port", "protocol"):
            if moved(change, path):
                sentence = (
                    f"answers on {_spoken(change.after)} and no more on {_spoken(change.before)}: who calls that fails"
                )
                yield told(preview, change, sentence, cost)
                break
        if (mutual := moved(change, "mutualAuthentication.mode")) and mutual[1] == "verify":
            sentence = "asks for a certificate of whoever calls: those without one are refused"
            yield told(preview, change, sentence, Verdict.DANGEROUS, names=False)
        yield from _actions(preview, change, "defaultActions")


def _rule(preview: Preview, change: Change, successor: Change | None) -> Iterator[Finding]:
    if change.before is None or _goes(preview, change.before, "listenerArn"):
        return
    requests = _conditions(change.before)
    if deleted(change):
        if successor is not None:
            yield _clash(preview, change, successor, "a listener has one rule for a priority, if they share it")
            return
        forwards = _FORWARDS in _kinds(change.before, "actions")
        listener = preview.by_urn.get(identity(change.before, "listenerArn"))
        same = listener is not None and _to(change.before, "actions") == _to(listener.after, "defaultActions")
        sentence = f"is deleted: requests for {requests} get the listener's next rule, or its default"
        yield told(preview, change, sentence, Verdict.DANGEROUS if forwards and not same else Verdict.LOOK)
    elif change.op == "replace":
        gap = goes_first(change)
        sentence = f"is replaced: requests for {requests} get the listener's next rule{' until then' if gap else ''}"
        yield told(preview, change, sentence, Verdict.DANGEROUS if gap else Verdict.LOOK)
    elif change.op == "update" and change.after is not None:
        if moved(change, "conditions"):
            sentence = f"takes requests for {_conditions(change.after)} and no more those for {requests}"
            yield told(preview, change, sentence, Verdict.LOOK, names=False)
        if priority := moved(change, "priority"):
            sentence = (
                f"goes from priority {shown(priority[0])} to {shown(priority[1])}: another rule may come before it"
            )
            yield told(preview, change, sentence, Verdict.LOOK, names=False)
        yield from _actions(preview, change, "actions")


def _clash(preview: Preview, change: Change, successor: Change, why: str) -> Finding:
    """The new one is made before the old one is deleted, at the end of the update."""
    sentence = f"is deleted after {successor.label} was to be made in its place: AWS refuses that while both are there"
    return told(preview, change, sentence, Verdict.LOOK, [why, "an alias keeps the old one, and nothing is made"])


def _actions(preview: Preview, change: Change, prop: str) -> Iterator[Finding]:
    """To whom requests go, and whether they still go to anybody."""
    if change.before is None or change.after is None or not moved(change, prop):
        return
    old, new = (_kinds(side, prop) for side in (change.before, change.after))
    if _FORWARDS in old and _FORWARDS not in new:
        if not new or any(isinstance(one, Hidden) for one in new):
            yield told(preview, change, "forwards to targets that are not known here", Verdict.LOOK, names=False)
            return
        answers = "fixed-response" in new
        sentence = f"no longer forwards requests: {_answer(change.after, prop) if answers else 'it redirects them'}"
        yield told(preview, change, sentence, Verdict.DANGEROUS if answers else Verdict.LOOK, names=False)
    elif _FORWARDS in old and _FORWARDS in new:
        before, after = (_to(side, prop) for side in (change.before, change.after))
        if before != after:
            sentence = f"forwards requests to {_named(preview, after)} instead of {_named(preview, before)}"
            yield told(preview, change, sentence, Verdict.LOOK, names=False)
    added = [one for one in new if str(one).startswith("authenticate") and one not in old]
    if added:
        yield told(preview, change, "asks whoever calls to sign in", Verdict.LOOK, names=False)


def _answer(state: State, prop: str) -> str:
    for action in entries(state.raw(prop)):
        if isinstance(action, dict) and isinstance(action.get("fixedResponse"), dict):
            return f"it answers all of them itself, with {shown(action['fixedResponse'].get('statusCode'))}"
    return "it answers all of them itself"


def _group(preview: Preview, change: Change) -> Iterator[Finding]:
    users = [user for user in preview.dependents(change.urn) if kind(user.type) in _FORWARDING and user.before]
    if change.op == "replace":
        names = ", ".join(user.label for user in users)
        if not users:
            yield told(preview, change, "is replaced, and nothing forwards to it", Verdict.SAFE)
        elif goes_first(change):
            forward = "forwards" if len(users) == 1 else "forward"
            sentence = (
                f"is to be deleted while {names} still {forward} to it: AWS refuses that, and the update ends half-way"
            )
            yield told(
                preview,
                change,
                sentence,
                Verdict.DANGEROUS,
                ["leave its name to Pulumi: the new one can then stand beside it"],
            )
        else:
            sentence = f"is replaced by an empty one: requests through {names} fail until targets are healthy in it"
            yield told(preview, change, sentence, Verdict.DANGEROUS)
    if change.op != "update" or change.before is None or change.after is None:
        return
    checks = [path for path in _CHECKS if moved(change, f"healthCheck.{path}")]
    if checks or (moved(change, "healthCheck") and not isinstance(change.after.raw("healthCheck"), dict)):
        lines = [
            f"{path}: {shown(change.before.raw(at))} -> {shown(change.after.raw(at))}"
            for path in checks
            for at in (f"healthCheck.{path}",)
        ]
        sentence = (
            "checks its targets' health otherwise: those that don't pass get no requests, and a service kills its tasks"
        )
        yield told(preview, change, sentence, Verdict.LOOK, lines)
    delay = moved(change, "deregistrationDelay")
    if delay and (number_of(delay[1]) or 0) < (number_of(delay[0]) or 300):
        sentence = (
            f"gives targets that leave {shown(delay[1])} s to finish: longer requests are cut off in each deployment"
        )
        yield told(preview, change, sentence, Verdict.LOOK, names=False)
    if switched_off(change.before, change.after, "stickiness.enabled"):
        yield told(
            preview, change, "no longer keeps a client with its target: sessions may be lost", Verdict.LOOK, names=False
        )


_CHECKS: Final = (
    "enabled", "path", "matcher", "port", "protocol", "interval", "timeout", "healthyThreshold", "unhealthyThreshold"
)  # fmt: skip


def _firewall(preview: Preview, change: Change) -> Iterator[Finding]:
    """What a firewall newly refuses; what it newly lets through is exposure."""
    if change.before is None or change.after is None:
        return
    if change.after.raw("defaultAction.block") is not None and change.before.raw("defaultAction.block") is None:
        sentence = "refuses each request that no rule of it allows, and allowed those before"
        yield told(preview, change, sentence, Verdict.DANGEROUS)
    old, new = ({str(one.get("name")): one for one in _rules(side)} for side in (change.before, change.after))
    blocking = [name for name, rule in new.items() if name not in old and _blocks(rule)]
    if blocking:
        sentence = f"has new rules that refuse requests: {', '.join(blocking)}"
        yield told(preview, change, sentence, Verdict.LOOK)


def _rules(state: State) -> list[dict[str, Any]]:
    return [one for one in entries(state.raw("rules")) if isinstance(one, dict)]


def _blocks(rule: dict[str, Any]) -> bool:
    """Whether a rule may refuse: by its action, or by those of a group of rules that are not only counted."""
    action, override = rule.get("action"), rule.get("overrideAction")
    return (isinstance(action, dict) and "block" in action) or (isinstance(override, dict) and "none" in override)


def _targets(preview: Preview) -> Iterator[Finding]:
    """Targets that are registered one by one."""
    left, stay = dict[str, list[Change]](), set[str]()
    for change in preview.by_urn.values():
        if kind(change.type) == "lb/targetGroupAttachment":
            group = identity(change.state, "targetGroupArn")
            if deleted(change):
                left.setdefault(group, []).append(change)
            elif change.after is not None:
                stay.add(group)
    for group, changes in left.items():
        if group in preview.by_urn and preview.by_urn[group].after is None:
            continue
        some = group in stay
        sentence = "is deleted: its target gets no requests" + ("" if some else ", and its group has no other")
        yield told(preview, changes[0], sentence, Verdict.LOOK if some else Verdict.DANGEROUS)


def _goes(preview: Preview, state: State | None, prop: str) -> bool:
    """Whether that which a resource is part of goes itself, or is replaced."""
    owner = preview.by_urn.get(identity(state, prop))
    return owner is not None and (deleted(owner) or owner.op == "replace")


def _has_rules(preview: Preview, change: Change) -> bool:
    return any(kind(user.type) == "lb/listenerRule" and user.before for user in preview.dependents(change.urn))


def _port(state: State | None) -> tuple[str, str]:
    return identity(state, "loadBalancerArn"), str(state.raw("port") if state else "")


def _requests(state: State | None) -> tuple[str, str]:
    return identity(state, "listenerArn"), _conditions(state) if state else ""


def _spoken(listener: State) -> str:
    """`HTTPS :443`."""
    parts = [listener.raw("protocol"), listener.raw("port")]
    protocol, port = ("" if one is None or isinstance(one, Hidden) else str(one) for one in parts)
    return f"{protocol} :{port or '?'}".strip()


def _kinds(state: State, prop: str) -> list[Any]:
    return [one.get("type") if isinstance(one, dict) else one for one in entries(state.raw(prop))]


def _to(state: State | None, prop: str) -> frozenset[str]:
    """Target groups that actions forward to with some weight: as they are written, or else as they are linked."""
    written = set[str]()
    for action in entries(state.raw(prop) if state else None):
        if not isinstance(action, dict):
            continue
        forward = action.get("forward")
        groups = entries(forward.get("targetGroups")) if isinstance(forward, dict) else []
        heavy = [one for one in groups if isinstance(one, dict) and number_of(one.get("weight")) != 0]
        written |= {str(one.get("arn")) for one in heavy if not isinstance(one.get("arn"), Hidden)}
        if isinstance(arn := action.get("targetGroupArn"), str):
            written.add(arn)
    linked = frozenset(sources_of(state, prop))
    # Of one group that all comes from its weight is of no matter, and a new ARN of the same group is no other group.
    return linked if len(linked) == 1 else frozenset(written) or linked


def _named(preview: Preview, targets: frozenset[str]) -> str:
    names = [
        preview.by_urn[one].label if one in preview.by_urn else one.rsplit("targetgroup/", 1)[-1] for one in targets
    ]
    return " and ".join(sorted(names)) or "targets that are not known here"


def _conditions(rule: State) -> str:
    """`/api/*` or `api.example.com`: all values of a rule's conditions."""
    said = list[str]()
    for condition in entries(rule.raw("conditions")):
        for part in condition.values() if isinstance(condition, dict) else ():
            values = part.get("values") if isinstance(part, dict) else part
            said += [str(value) for value in entries(values) if not isinstance(value, dict | list | Hidden)]
    return " and ".join(said) or "what it matches"
