"""The containers of a task: a migration that must succeed, then the service's own.

Creates no resource. Keys and lists have a stable order, and no field stands in it that AWS would add or drop: a second
preview shows no change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

_MIGRATE = ["python", "-m", "backlog_todos.migrate"]
#: The images' own user (their Dockerfiles).
USER = "10001"
#: The volume that containers write to: all else of their file systems is read-only. It is made with the task and lost
#: with it. The images declare /tmp a VOLUME: Fargate takes over its rights (1777), where else root alone could write.
#: Source: Amazon ECS Developer Guide, "Bind mounts". Gunicorn beats in /dev/shm, which is memory.
SCRATCH = "scratch"

Definition = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Variables:
    """What a container is told: values that may stand in the definition, and secrets (variable -> `valueFrom`)."""

    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Login:
    """How the containers of a task log in to the database, and the secrets that ECS reads for it.

    `kms_key_arn` is the key that the secrets are encrypted with, where it is not AWS's own; `statements` are what the
    task's own role needs.
    """

    migration: Variables
    service: Variables
    secret_arns: Sequence[pulumi.Input[str]]
    kms_key_arn: str | None = None
    statements: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, kw_only=True)
class Container:
    """The main container; `secrets` are its own (variable -> `valueFrom`).

    `stop_timeout` is the seconds between SIGTERM and SIGKILL, at most 120.
    """

    command: Sequence[str]
    health_command: Sequence[str]
    environment: Mapping[str, pulumi.Input[str]]
    stop_timeout: int
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    port: int | None = None


@dataclass(frozen=True, kw_only=True)
class Common:
    """What both containers of a task have: image, variables, and where they log; and how each of them logs in.

    Without `read_only` their file systems can be written to, as the agent of ECS Exec must.
    Source: Amazon ECS Developer Guide, "Monitor Amazon ECS containers with ECS Exec", considerations.
    """

    image: pulumi.Input[str]
    environment: Mapping[str, pulumi.Input[str]]
    login: Login
    region: str
    log_group: pulumi.Input[str]
    read_only: bool = True


def container_definitions(name: str, main: Container, common: Common) -> list[Definition]:
    """The definitions as `json_dumps` takes them, outputs inside. Source: ECS API Reference, ContainerDefinition."""
    migrate = {**_shared("migrate", common, common.login.migration), "essential": False, "command": _MIGRATE}
    service = {
        **_shared(name, common, common.login.service, main),
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


def _shared(name: str, common: Common, login: Variables, main: Container | None = None) -> Definition:
    own = Variables(environment=main.environment, secrets=main.secrets) if main else Variables()
    environment = {**common.environment, **login.environment, **own.environment}
    secrets = {**login.secrets, **own.secrets}
    return {
        "name": name,
        "image": common.image,
        "environment": [{"name": key, "value": environment[key]} for key in sorted(environment)],
        "secrets": [{"name": key, "valueFrom": secrets[key]} for key in sorted(secrets)],
        "user": USER,
        **({"readonlyRootFilesystem": True} if common.read_only else {}),
        "mountPoints": [{"sourceVolume": SCRATCH, "containerPath": "/tmp", "readOnly": False}],  # noqa: S108 - the container's own
        "linuxParameters": {"capabilities": {"drop": ["ALL"]}, "initProcessEnabled": True},
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": common.log_group,
                "awslogs-region": common.region,
                "awslogs-stream-prefix": name,
            },
        },
    }
