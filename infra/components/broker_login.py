"""A user of a broker, and the secret that ECS gives its password to tasks from.

Creates: the secret in Secrets Manager, with a random password.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

_USER = "backlog"
_RECOVERY = 30  # days that a deleted secret can be had back


@dataclass(frozen=True, kw_only=True)
class BrokerLogin:
    """`password` is a secret, for the broker's own user; tasks get it by `secrets` (variable -> `valueFrom`)."""

    user: str
    password: pulumi.Output[str]
    secrets: Mapping[str, pulumi.Input[str]]
    secret_arn: pulumi.Output[str]


def broker_login(name: str, *, protect: bool, opts: pulumi.ResourceOptions) -> BrokerLogin:
    """A user with a random password, which is made once and stays: the state has it, encrypted.

    Each run makes another one, which is ignored; whoever needs it reads the one that the state holds.
    """
    secret = aws.secretsmanager.Secret(
        name,
        description="The broker's user",
        recovery_window_in_days=_RECOVERY if protect else 0,
        opts=opts,
    )
    version = aws.secretsmanager.SecretVersion(
        name,
        secret_id=secret.arn,
        secret_string=pulumi.Output.secret(json.dumps({"username": _USER, "password": secrets.token_urlsafe(32)})),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(ignore_changes=["secretString"])),
    )
    # By way of its version: no task starts before there is a password.
    arn = version.secret_arn
    return BrokerLogin(
        user=_USER,
        password=pulumi.Output.secret(version.secret_string.apply(_password)),
        secrets={
            "BROKER_USER": pulumi.Output.format("{0}:username::", arn),
            "BROKER_PASSWORD": pulumi.Output.format("{0}:password::", arn),
        },
        secret_arn=arn,
    )


def _password(login: str | None) -> str:
    if login is None:
        raise pulumi.RunError("the secret of the broker's user is empty")
    return str(json.loads(login)["password"])
