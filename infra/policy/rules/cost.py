"""What a stack may cost."""

from collections.abc import Iterator

from infra.policy.levels import strictness
from infra.policy.resources import Resource, Stack
from infra.policy.rule import Severity, rule


@rule(
    "cost-instance-class", "aws:rds/instance:Instance", severity=Severity.MEDIUM,
    why="One word in a configuration multiplies the bill.",
    mend="Choose a class that infra/policy/levels.py allows, or argue for another one there.",
)  # fmt: skip
def instance_class(instance: Resource, stack: Stack) -> Iterator[str]:
    allowed = strictness(stack.name).instance_classes
    if not (chosen := instance.get("instanceClass", "")).startswith(allowed):
        yield f"is a {chosen}; {stack.name} may have {', '.join(f'{prefix}*' for prefix in allowed)}"


@rule(
    "cost-nat-gateways", "aws:ec2/vpc:Vpc", severity=Severity.MEDIUM,
    why="A NAT gateway costs about 33 USD a month before it moves a byte.",
    mend="Choose another backlog:egress, or argue for more in infra/policy/levels.py.",
)  # fmt: skip
def nat_gateways(_: Resource, stack: Stack) -> Iterator[str]:
    most = strictness(stack.name).nat_gateways
    if (found := len(stack.of("aws:ec2/natGateway:NatGateway"))) > most:
        yield f"has {found} NAT gateways; {stack.name} may have {most}"


@rule(
    "cost-tasks", "aws:appautoscaling/target:Target", severity=Severity.MEDIUM,
    why="A runaway backlog scales to the most that is allowed, and stays there.",
    mend="Lower maxCount, or argue for more in infra/policy/levels.py.",
)  # fmt: skip
def tasks(target: Resource, stack: Stack) -> Iterator[str]:
    most = strictness(stack.name).tasks
    if (highest := target.get("maxCapacity", 0)) > most:
        yield f"scales to {highest} tasks; {stack.name} may have {most}"
