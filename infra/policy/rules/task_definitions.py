"""ECS: what a task may be."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.policy.resources import Resource, Stack
from infra.policy.rule import Severity, rule
from infra.policy.rules.load_balancers import BALANCER

DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"
_BY_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


@dataclass(frozen=True)
class Container:
    """One entry of `containerDefinitions`, as ECS's API spells it."""

    definition: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The container's name."""
        return str(self.definition.get("name", "?"))

    @property
    def variables(self) -> dict[str, str]:
        """Its environment's literals."""
        return {entry["name"]: str(entry["value"]) for entry in self.definition.get("environment") or []}


def containers(definition: Resource) -> list[Container]:
    """A task definition's containers."""
    return [Container(entry) for entry in definition.document("containerDefinitions") or []]


@rule(
    "ecs-network-mode", DEFINITION, control="ECS.17", severity=Severity.MEDIUM,
    why="A task in its host's network sees the host's interfaces, and shares its security groups.",
    mend="Set network_mode to awsvpc.",
)  # fmt: skip
def network_mode(definition: Resource, _: Stack) -> Iterator[str]:
    if (mode := definition.get("networkMode", "bridge")) != "awsvpc":
        yield f"has network mode {mode}"


# AWS retired ECS.1 in March 2026 for ECS.4, ECS.17 and ECS.20, which judge its parts one by one; here it is the sum of
# them, which is worse than each.
@rule(
    "ecs-host-user", DEFINITION, control="ECS.1", severity=Severity.HIGH,
    why="In the host's network, a container that is root or privileged is root on the host's network too.",
    mend="Set network_mode to awsvpc, or a user for each container.",
)  # fmt: skip
def host_user(definition: Resource, _: Stack) -> Iterator[str]:
    if definition.get("networkMode") != "host":
        return
    for container in containers(definition):
        user = container.definition.get("user")
        if container.definition.get("privileged") or user in (None, "", "root", "0"):
            yield f"container {container.name} is root in its host's network"


@rule(
    "ecs-host-processes", DEFINITION, control="ECS.3", severity=Severity.HIGH,
    why="A task that shares its host's processes sees those of others.",
    mend="Remove pid_mode host.",
)  # fmt: skip
def host_processes(definition: Resource, _: Stack) -> Iterator[str]:
    if definition.get("pidMode") == "host":
        yield "shares the host's processes"


@rule(
    "ecs-privileged", DEFINITION, control="ECS.4", severity=Severity.HIGH,
    why="A privileged container has root's rights on its host.",
    mend="Remove privileged from the container definition.",
)  # fmt: skip
def privileged(definition: Resource, _: Stack) -> Iterator[str]:
    for container in containers(definition):
        if container.definition.get("privileged"):
            yield f"container {container.name} is privileged"


@rule(
    "ecs-read-only-root", DEFINITION, control="ECS.5", severity=Severity.HIGH,
    why="Whoever gets into a container can change what it runs.",
    mend="Set readonlyRootFilesystem, and mount a volume where the program writes (/tmp).",
)  # fmt: skip
def read_only_root(definition: Resource, _: Stack) -> Iterator[str]:
    for container in containers(definition):
        if container.definition.get("readonlyRootFilesystem") is not True:
            yield f"container {container.name} can write to its root file system"


@rule(
    "ecs-logs", DEFINITION, control="ECS.9", severity=Severity.HIGH,
    why="What a container says is lost with it.",
    mend="Give each container a logConfiguration.",
)  # fmt: skip
def logs(definition: Resource, _: Stack) -> Iterator[str]:
    for container in containers(definition):
        if not (container.definition.get("logConfiguration") or {}).get("logDriver"):
            yield f"container {container.name} has no log configuration"


@rule(
    "ecs-not-root", DEFINITION, control="ECS.20", severity=Severity.MEDIUM,
    why="Root in a container is one kernel flaw from root outside of it.",
    mend="Set user in the container definition; that the image has one is not seen here.",
)  # fmt: skip
def not_root(definition: Resource, _: Stack) -> Iterator[str]:
    for container in containers(definition):
        if str(container.definition.get("user") or "root").split(":")[0] in ("root", "0"):
            yield f"container {container.name} does not say that it is not root"


@rule(
    "ecs-separate-roles", DEFINITION, severity=Severity.HIGH,
    why="A task with its agent's role can pull images and read every secret that the agent can.",
    mend="Give execution_role_arn and task_role_arn roles of their own.",
)  # fmt: skip
def separate_roles(definition: Resource, stack: Stack) -> Iterator[str]:
    role = "aws:iam/role:Role"
    execution, task = (
        [target.urn for target in stack.linked(definition, prop, role)] or definition.get(prop)
        for prop in ("executionRoleArn", "taskRoleArn")
    )
    if not execution or not task:
        yield "lacks an execution role or a task role"
    elif execution == task:
        yield "has one role for ECS's agent and for its own code"


@rule(
    "api-closed", DEFINITION, severity=Severity.HIGH,
    why="Whoever finds the load balancer reads every todo, and changes it.",
    mend="Set backlog:api.access to token or login (docs/access.md), or make the load balancer internal.",
)  # fmt: skip
def closed(definition: Resource, stack: Stack) -> Iterator[str]:
    if all(balancer.get("internal") is True for balancer in stack.of(BALANCER)):
        return
    for container in containers(definition):
        if container.variables.get("ACCESS") == "open":
            yield f"container {container.name} answers anybody, behind a load balancer that faces the internet"


@rule(
    "ecs-image-by-digest", DEFINITION, severity=Severity.HIGH,
    why="A tag can be moved: two tasks of one definition would run different code.",
    mend="Name the image by its digest (docker.Image.repo_digest).",
)  # fmt: skip
def image_by_digest(definition: Resource, _: Stack) -> Iterator[str]:
    for container in containers(definition):
        if not _BY_DIGEST.search(image := str(container.definition.get("image"))):
            yield f"container {container.name} runs {image}, which is not a digest"
