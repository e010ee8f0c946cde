"""What goes, and is still named by others in plain text: a dependency that Pulumi does not know of.

A program that writes an ARN or an id out, rather than takes it from the resource, is not stopped from deleting what it
needs, and nothing is made to follow.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.review.finding import Finding, Verdict
from infra.review.preview import Change, Preview, State
from infra.review.serving import deleted, goes_first, kind, told

#: What may be an ARN, an id, a URL or a name of a host; shorter ones are told from words by nothing.
_NAMES: Final = re.compile(r"[\w.:/+=@-]{12,}")
_OUTPUTS: Final = ("arn", "id", "url", "dnsName", "endpoint", "address", "repositoryUrl")
#: Fields of an ARN; a secret's may be followed by a key in it, a stream's by its label.
_ARN_FIELDS: Final = 7
#: Kinds that need what they name, where others (a policy, an alarm) only say something of it.
_NEED: Final = frozenset(
    {
        "apigatewayv2/integration",
        "autoscaling/group",
        "cloudfront/distribution",
        "ec2/instance",
        "ec2/route",
        "ec2/routeTable",
        "ecs/service",
        "ecs/taskDefinition",
        "eks/cluster",
        "eks/nodeGroup",
        "elasticache/replicationGroup",
        "lambda/eventSourceMapping",
        "lambda/function",
        "lb/listener",
        "lb/listenerRule",
        "lb/loadBalancer",
        "mq/broker",
        "rds/cluster",
        "rds/instance",
        "rds/proxy",
        "route53/record",
    }
)


def find(preview: Preview) -> Iterator[Finding]:
    """Each resource that goes, or gets another identity, with those that still name it as it was."""
    gone = {name: change for change in preview.changed if _goes(change) for name in _names(change.before)}
    if not gone:
        return
    # A queue's policy has the queue's own address for its identity: who names that names the queue.
    for stays in (change for change in preview.by_urn.values() if not _goes(change)):
        for name in _names(stays.before):
            gone.pop(name, None)
    found: dict[str, dict[str, Change]] = defaultdict(dict)
    for user in preview.by_urn.values():
        if user.after is None or not user.state.custom:
            continue
        for name in _named(user.after.props):
            change = gone.get(name)
            if change is not None and change.urn != user.urn:
                found[change.urn][user.urn] = user
    for urn, by_urn in found.items():
        change, users = preview.by_urn[urn], list(by_urn.values())
        need = any(kind(user.type) in _NEED for user in users)
        verb = "deleted" if deleted(change) else "replaced, with another identity"
        names = "names" if len(users) == 1 else "name"
        who = ", ".join(user.label for user in users[:_TOLD]) + (" and others" if len(users) > _TOLD else "")
        sentence = f"is {verb}, and {who} still {names} the old one in plain text"
        yield told(preview, change, sentence, Verdict.DANGEROUS if need else Verdict.LOOK, names=False)


#: Resources that are named in a title.
_TOLD: Final = 3


def _goes(change: Change) -> bool:
    kept = change.before is not None and change.before.retain
    return deleted(change) or (change.op == "replace" and not goes_first(change) and not kept)


def _names(state: State | None) -> Iterator[str]:
    if state is None:
        return
    for value in [state.id, *(state.outputs.get(name) for name in _OUTPUTS)]:
        if isinstance(value, str) and _NAMES.fullmatch(value) and re.search(r"[:/.-]", value):
            yield value


def _named(props: Mapping[str, Any]) -> Iterator[str]:
    """All texts in properties, and in JSON within them, that may name something."""
    waiting: list[Any] = list(props.values())
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            for name in _NAMES.findall(value):
                yield name
                if name.startswith("arn:"):
                    yield ":".join(name.split(":")[:_ARN_FIELDS])
        elif isinstance(value, Mapping):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
