"""Tags, and names."""

from collections.abc import Iterator, Mapping

from infra.policy.resources import Hidden, NotEvaluable, Resource, Stack
from infra.policy.rule import Severity, rule

REQUIRED = ("app", "stack", "managed-by")
_TAGGED = (
    "aws:ecr/repository:Repository",
    "aws:ecs/cluster:Cluster",
    "aws:ecs/service:Service",
    "aws:iam/role:Role",
    "aws:lb/loadBalancer:LoadBalancer",
    "aws:rds/instance:Instance",
    "aws:sns/topic:Topic",
    "aws:sqs/queue:Queue",
)
#: Characters. Source: each service's API reference.
_LIMITS: Mapping[str, tuple[str, int]] = {
    "aws:ecr/repository:Repository": ("name", 256),
    "aws:iam/role:Role": ("name", 64),
    "aws:lb/loadBalancer:LoadBalancer": ("name", 32),
    "aws:lb/targetGroup:TargetGroup": ("name", 32),
    "aws:rds/instance:Instance": ("identifier", 63),
    "aws:sns/topic:Topic": ("name", 256),
    "aws:sqs/queue:Queue": ("name", 80),
}


@rule(
    "tags", *_TAGGED, severity=Severity.LOW,
    why="What belongs to no stack is found by no bill and removed by nobody.",
    mend="Set aws:defaultTags in Pulumi.STACK.yaml: app, stack, managed-by.",
)  # fmt: skip
def tags(resource: Resource, _: Stack) -> Iterator[str]:
    if resource.default_tags is None or isinstance(resource.default_tags, Hidden):
        raise NotEvaluable("the provider's default tags are not known here")
    found = {**resource.default_tags, **resource.get("tags", {})}
    if missing := [tag for tag in REQUIRED if not found.get(tag)]:
        yield f"lacks the tag{'s' if len(missing) > 1 else ''} {', '.join(missing)}"


@rule(
    "name-length", *_LIMITS, severity=Severity.HIGH,
    why="AWS refuses the name in the middle of an update.",
    mend="Shorten the logical name; eight characters are added to it.",
)  # fmt: skip
def name_length(resource: Resource, _: Stack) -> Iterator[str]:
    prop, most = _LIMITS[resource.type]
    if len(name := resource.get(prop, "")) > most:
        yield f"{prop} has {len(name)} characters; AWS takes {most}"
