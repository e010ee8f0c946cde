"""How tasks log in to the database: the migration as its owner, API and worker as a role that reads and writes rows.

Creates: where the role has a password, its secret in Secrets Manager. The migration makes the role itself.
"""

import json
import secrets

import pulumi
import pulumi_aws as aws

from infra.components.containers import Login, Variables

ROLE = "backlog_app"
#: Another role: tasks of the old kind go on while a stack changes from one to the other.
IAM_ROLE = "backlog_iam"
_RECOVERY = 30  # days that a deleted secret can be had back


def password_login(
    name: str,
    owner_secret_arn: pulumi.Input[str],
    *,
    kms_key_arn: str | None,
    protect: bool,
    opts: pulumi.ResourceOptions,
) -> Login:
    """A login by password; `kms_key_arn` is the key of both secrets where it is not AWS's own.

    The password is made here once, and stays: the state has it encrypted, and a later one that Secrets Manager holds
    is left alone (docs/adr/0010). ECS reads it when a task starts, and the migration then gives it to the role.
    """
    secret = aws.secretsmanager.Secret(
        name,
        description="Login of API and worker",
        kms_key_id=kms_key_arn,
        recovery_window_in_days=_RECOVERY if protect else 0,
        opts=opts,
    )
    login = json.dumps({"username": ROLE, "password": secrets.token_urlsafe(32)})
    version = aws.secretsmanager.SecretVersion(
        name,
        secret_id=secret.arn,
        secret_string=pulumi.Output.secret(login),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(ignore_changes=["secretString"])),
    )
    # The secret's ARN, by way of its version: no task starts before there is a password.
    own = {key: _entry(version.secret_arn, key) for key in ("username", "password")}
    owner = {key: _entry(owner_secret_arn, key) for key in ("username", "password")}
    return Login(
        service=Variables(secrets={"DATABASE_USER": own["username"], "DATABASE_PASSWORD": own["password"]}),
        migration=Variables(
            secrets={
                "DATABASE_USER": owner["username"],
                "DATABASE_PASSWORD": owner["password"],
                "DATABASE_APP_USER": own["username"],
                "DATABASE_APP_PASSWORD": own["password"],
            }
        ),
        secret_arns=[owner_secret_arn, version.secret_arn],
        kms_key_arn=kms_key_arn,
    )


def token_login(owner_secret_arn: pulumi.Input[str], instance: aws.rds.Instance, *, kms_key_arn: str | None) -> Login:
    """A login by IAM's tokens, for which there is no secret: the task's own role may connect as that one user.

    Source: RDS User Guide, "Creating and using an IAM policy for IAM database access".
    """
    user = pulumi.Output.all(instance.arn, instance.resource_id).apply(lambda known: _user_arn(*known))
    return Login(
        service=Variables(environment={"DATABASE_AUTH": "iam", "DATABASE_USER": IAM_ROLE}),
        migration=Variables(
            environment={"DATABASE_APP_AUTH": "iam", "DATABASE_APP_USER": IAM_ROLE},
            secrets={
                "DATABASE_USER": _entry(owner_secret_arn, "username"),
                "DATABASE_PASSWORD": _entry(owner_secret_arn, "password"),
            },
        ),
        secret_arns=[owner_secret_arn],
        kms_key_arn=kms_key_arn,
        statements=[{"Effect": "Allow", "Action": "rds-db:connect", "Resource": user}],
    )


def _user_arn(instance_arn: str, resource_id: str) -> str:
    _, partition, _, region, account, _ = instance_arn.split(":", 5)
    return f"arn:{partition}:rds-db:{region}:{account}:dbuser:{resource_id}/{IAM_ROLE}"


def _entry(arn: pulumi.Input[str], key: str) -> pulumi.Output[str]:
    """A key of a secret that is JSON, as `valueFrom` names it (ECS Developer Guide, "Pass Secrets Manager secrets")."""
    return pulumi.Output.format("{0}:{1}::", arn, key)
