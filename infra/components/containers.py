"""The containers of a task: a migration that must succeed, then the service's own.

Creates no resource. Keys and lists have a stable order, and no field stands in it that AWS would add or drop: a second
preview shows no change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

_MIGRATE = ["python", "-m", "backlog_todos.migrate"]

Definition = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Container:
    """The main container. `stop_timeout` is the seconds between SIGTERM and SIGKILL, at most 120."""

    command: Sequence[str]
    health_command: Sequence[str]
    environment: Mapping[str, pulumi.Input[str]]
    stop_timeout: int
    port: int | None = None


@dataclass(frozen=True, kw_only=True)
class Common:
    """What both containers of a task have: image, variables, secrets (variable -> `valueFrom`), and where they log."""

    image: pulumi.Input[str]
    environment: Mapping[str, pulumi.Input[str]]
    secrets: Mapping[str, pulumi.Input[str]]
    region: str
    log_group: pulumi.Input[str]


def container_definitions(name: str, main: Container, common: Common) -> list[Definition]:
    """The definitions as `json_dumps` takes them, outputs inside. Source: ECS API Reference, ContainerDefinition."""
    migrate = {**_shared("migrate", common, common.environment), "essential": False, "command": _MIGRATE}
    service = {
        **_shared(name, common, {**common.environment, **main.environment}),
        "essential": True,
        "command": list(main.command),
        "dependsOn": [{"containerName": "migrate", "condition": "SUCCESS"}],
        "healthCheck": {
            "command": list(main.health_command),
            "interval": 10,
            "timeout": 5,
            "retries": 3,
            "startPeriod": 30,
        },
        "stopTimeout": main.stop_timeout,
    }
    if main.port is not None:
        # With awsvpc the host's port is the container's; AWS would add it.
        service["portMappings"] = [{"containerPort": main.port, "hostPort": main.port, "protocol": "tcp"}]
    return [migrate, service]


def _shared(name: str, common: Common, environment: Mapping[str, pulumi.Input[str]]) -> Definition:
    return {
        "name": name,
        "image": common.image,
        "environment": [{"name": key, "value": environment[key]} for key in sorted(environment)],
        "secrets": [{"name": key, "valueFrom": common.secrets[key]} for key in sorted(common.secrets)],
        "linuxParameters": {"initProcessEnabled": True},
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": common.log_group,
                "awslogs-region": common.region,
                "awslogs-stream-prefix": name,
            },
        },
    }
