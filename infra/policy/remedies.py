"""What the pack can mend by itself in a preview or an update, where a stack wants it (levels.MENDED); off by default.

Only properties that AWS changes in place, and that delete nothing: a test holds them against the list of what
replaces a resource.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from infra.policy.catalog import RULES
from infra.policy.evaluate import judge
from infra.policy.resources import Resource, Stack
from infra.policy.rule import Rule
from infra.policy.rules.conventions import REQUIRED

Change = Callable[[Resource], Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """Of one rule. `change` gives properties, by Pulumi's names, that make it content; `told` says them to people."""

    rule: Rule
    change: Change
    told: str

    def mended(self, resource: Resource, stack: str, today: date) -> Mapping[str, Any]:
        """The properties to set: none where nothing is wrong, where that is not known, and where it is excepted."""
        outcomes = {result.outcome for result in judge(self.rule, resource, Stack(stack, [resource]), today)}
        return self.change(resource) if outcomes == {"violation"} else {}


def _tags(resource: Resource) -> Mapping[str, Any]:
    """What is missing, from the resource's own identity: urn:pulumi:STACK::PROJECT::TYPE::NAME."""
    stack, project, *_ = resource.urn.removeprefix("urn:pulumi:").split("::")
    own = resource.get("tags", {})
    inherited = resource.default_tags if isinstance(resource.default_tags, Mapping) else {}
    known = zip(REQUIRED, (project, stack, "pulumi"), strict=True)
    return {"tags": {**own, **{tag: value for tag, value in known if not {**inherited, **own}.get(tag)}}}


_SET: Mapping[str, Mapping[str, Any]] = {
    "ecr-scan": {"imageScanningConfiguration": {"scanOnPush": True}},
    "ecs-circuit-breaker": {"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
    "elb-desync": {"desyncMitigationMode": "defensive"},
    "elb-drop-headers": {"dropInvalidHeaderFields": True},
    "elb-tls-policy": {"sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"},
    "kms-rotation": {"enableKeyRotation": True},
    "rds-minor-upgrades": {"autoMinorVersionUpgrade": True},
    "rds-snapshot-tags": {"copyTagsToSnapshot": True},
    "sqs-encrypted": {"sqsManagedSseEnabled": True},
}


def _remedy(rule: Rule) -> Remedy | None:
    if rule.id == "tags":
        return Remedy(rule=rule, change=_tags, told=f"those of {', '.join(REQUIRED)} that are missing")
    if props := _SET.get(rule.id):
        return Remedy(rule=rule, change=lambda _: props, told=f"`{json.dumps(props)}`")
    return None


REMEDIES: tuple[Remedy, ...] = tuple(remedy for rule in RULES if (remedy := _remedy(rule)))
