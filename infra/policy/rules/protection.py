"""Data stores that a mistaken `pulumi destroy` may not take."""

from collections.abc import Iterator

from infra.policy.levels import strictness
from infra.policy.resources import NotEvaluable, Resource, Stack
from infra.policy.rule import Severity, rule

_DATA = (
    "aws:rds/instance:Instance",
    "aws:sqs/queue:Queue",
    "aws:ecr/repository:Repository",
    "aws:s3/bucket:Bucket",
)


@rule(
    "data-protected", *_DATA, severity=Severity.HIGH,
    why="The engine deletes what it is told to delete.",
    mend="Set backlog:protect: the resource gets the option protect.",
)  # fmt: skip
def data_protected(resource: Resource, stack: Stack) -> Iterator[str]:
    if not strictness(stack.name).needs_protection or resource.protect is True:
        return
    if resource.protect is None:
        raise NotEvaluable("whether it is protected is not known here")
    yield "is not protected"
