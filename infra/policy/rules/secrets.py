"""Secrets: where they may not be."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from infra.policy.resources import SECRET, UNKNOWN, NotEvaluable, Resource, Stack
from infra.policy.rule import Severity, rule
from infra.policy.rules.task_definitions import DEFINITION, containers

HOLDER = "aws:secretsmanager/secret:Secret"
_NAMES = re.compile(r"passw(or)?d|secret|token|api_?key|private_?key|credential", re.IGNORECASE)
_KNOWN = re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY|://[^/\s:@]+:[^/\s@]+@")
_RANDOM = re.compile(r"^[A-Za-z0-9+/=_-]{20,}$")
_BITS = 4.0  # of entropy in each character; English words have 2 to 3, random base64 has 4.3 and more at 24 characters

#: Properties that hold a secret. Source: the AWS and Docker providers' schemas.
_SECRET_PROPERTIES: Mapping[str, tuple[str, ...]] = {
    "aws:rds/instance:Instance": ("password",),
    "aws:secretsmanager/secretVersion:SecretVersion": ("secretString", "secretBinary"),
    "aws:ssm/parameter:Parameter": ("value",),
    "aws:mq/broker:Broker": ("users.0.password",),
    "aws:elasticache/user:User": ("authenticationMode.passwords.0",),
    "docker:index/image:Image": ("registry.password",),
}


def names_a_secret(name: str) -> bool:
    """Whether a property's or a variable's name says that it holds a secret."""
    return bool(_NAMES.search(name))


def entropy(text: str) -> float:
    """Bits in each character (Shannon)."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def looks_secret(value: str) -> bool:
    """Whether a text is a known kind of key, has a password in its URL, or is as random as one."""
    return bool(_KNOWN.search(value)) or bool(
        _RANDOM.match(value) and entropy(value) >= _BITS and re.search(r"\d", value) and re.search(r"[A-Za-z]", value)
    )


@rule(
    "ecs-no-secret-literal", DEFINITION, control="ECS.8", severity=Severity.HIGH,
    why="Whoever may read a task definition reads the secret, in every revision.",
    mend="Name it in `secrets`, by the ARN of a secret.",
)  # fmt: skip
def no_secret_literal(definition: Resource, _: Stack) -> Iterator[str]:
    for container in containers(definition):
        for name, value in container.variables.items():
            if names_a_secret(name) and value:
                yield f"container {container.name}: {name} is a literal, and its name says that it is a secret"
            elif looks_secret(value):
                yield f"container {container.name}: {name} is a literal that looks like a secret"


@rule(
    "secrets-rotated", HOLDER, control="SecretsManager.1", severity=Severity.MEDIUM,
    why="Who read the secret once can use it for ever.",
    mend="Log in by tokens (iamAuth in backlog:database), or add an aws.secretsmanager.SecretRotation.",
)  # fmt: skip
def rotated(secret: Resource, stack: Stack) -> Iterator[str]:
    if not stack.referring("aws:secretsmanager/secretRotation:SecretRotation", "secretId", secret):
        yield "is not rotated"


@rule(
    "no-secret-in-state", *_SECRET_PROPERTIES, severity=Severity.CRITICAL,
    why="Whoever may read the state reads the secret.",
    mend="Wrap the value in pulumi.Output.secret, or read it from configuration as a secret.",
)  # fmt: skip
def no_secret_in_state(resource: Resource, _: Stack) -> Iterator[str]:
    for path in _SECRET_PROPERTIES[resource.type]:
        value: Any = resource.raw(path)
        if value in (None, "", SECRET):
            continue
        if not resource.marks_secrets or value == UNKNOWN:
            raise NotEvaluable(f"{path}: whether it is marked as a secret can't be seen here")
        yield f"{path} is in the state in clear"
