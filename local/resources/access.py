"""IAM, KMS and Secrets Manager."""

from collections.abc import Iterator

from local.provider.naming import AutoName
from local.provider.properties import Bag
from local.provider.schema import Failure
from local.resources.policy_document import check_policy
from local.resources.table import Resource, resource

_MADE = "2026-01-01T00:00:00Z"
_LONGEST_WINDOW = 30  # days that a deleted key or secret can be had back


@resource(
    "aws:iam/role:Role",
    auto_name=AutoName(longest=64),
    check=lambda inputs: check_policy(inputs, "assumeRolePolicy", trust=True),
)
def role(r: Resource) -> Bag:
    name = r.get("name")
    return {
        "id": name,
        "arn": r.arn("iam", f"role{r.get('path', '/')}{name}", region=False),
        "createDate": _MADE,
        "uniqueId": f"AROA{r.hex(17).upper()}",
        "maxSessionDuration": 3600,
        "path": "/",
    }


@resource(
    "aws:iam/rolePolicy:RolePolicy",
    auto_name=AutoName(longest=128),
    check=lambda inputs: check_policy(inputs, "policy"),
)
def role_policy(r: Resource) -> Bag:
    return {"id": f"{r.get('role')}:{r.get('name')}"}


@resource(
    "aws:iam/policy:Policy",
    auto_name=AutoName(longest=128),
    check=lambda inputs: check_policy(inputs, "policy"),
)
def policy(r: Resource) -> Bag:
    arn = r.arn("iam", f"policy{r.get('path', '/')}{r.get('name')}", region=False)
    return {"id": arn, "arn": arn, "attachmentCount": 0, "policyId": f"ANPA{r.hex(17).upper()}", "path": "/"}


@resource("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
def role_policy_attachment(r: Resource) -> Bag:
    return {"id": f"{r.get('role')}/{r.get('policyArn')}"}


@resource("aws:iam/user:User", auto_name=AutoName(longest=64))
def user(r: Resource) -> Bag:
    name = r.get("name")
    arn = r.arn("iam", f"user{r.get('path', '/')}{name}", region=False)
    return {"id": name, "arn": arn, "uniqueId": f"AIDA{r.hex(17).upper()}", "path": "/"}


@resource(
    "aws:iam/userPolicy:UserPolicy",
    auto_name=AutoName(longest=128),
    check=lambda inputs: check_policy(inputs, "policy"),
)
def user_policy(r: Resource) -> Bag:
    return {"id": f"{r.get('user')}:{r.get('name')}"}


@resource("aws:iam/accessKey:AccessKey")
def access_key(r: Resource) -> Bag:
    return {
        "id": f"AKIA{r.hex(16).upper()}",
        "createDate": _MADE,
        "secret": r.hex(40, "secret"),
        "sesSmtpPasswordV4": r.hex(44, "mail"),
        "status": "Active",
    }


@resource("aws:iam/openIdConnectProvider:OpenIdConnectProvider")
def open_id_connect_provider(r: Resource) -> Bag:
    host = str(r.get("url")).removeprefix("https://")
    arn = r.arn("iam", f"oidc-provider/{host}", region=False)
    return {"id": arn, "arn": arn}


def _check_key(inputs: Bag) -> Iterator[Failure]:
    yield from check_policy(inputs, "policy")
    days = inputs.get("deletionWindowInDays")
    if isinstance(days, int) and not 7 <= days <= _LONGEST_WINDOW:
        yield Failure("deletionWindowInDays", f"{days} days: KMS waits for 7 to {_LONGEST_WINDOW}")


def _check_secret(inputs: Bag) -> Iterator[Failure]:
    yield from check_policy(inputs, "policy")
    days = inputs.get("recoveryWindowInDays")
    if isinstance(days, int) and days and not 7 <= days <= _LONGEST_WINDOW:
        yield Failure("recoveryWindowInDays", f"{days} days: Secrets Manager waits for 7 to {_LONGEST_WINDOW}, or not")


@resource("aws:kms/key:Key", check=_check_key)
def key(r: Resource) -> Bag:
    uuid = r.hex(32)
    key_id = f"{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}"
    return {"id": key_id, "keyId": key_id, "arn": r.arn("kms", f"key/{key_id}"), "multiRegion": False}


@resource("aws:kms/alias:Alias", auto_name=AutoName(longest=256, prefix="alias/"))
def alias(r: Resource) -> Bag:
    return {
        "id": r.get("name"),
        "arn": r.arn("kms", r.get("name")),
        "targetKeyArn": r.arn("kms", f"key/{r.get('targetKeyId')}"),
    }


@resource(
    "aws:secretsmanager/secret:Secret",
    auto_name=AutoName(longest=512),
    check=_check_secret,
)
def secret(r: Resource) -> Bag:
    arn = r.arn("secretsmanager", f"secret:{r.get('name')}-{r.hex(6)}")
    return {"id": arn, "arn": arn, "recoveryWindowInDays": 30}


@resource("aws:secretsmanager/secretVersion:SecretVersion")
def secret_version(r: Resource) -> Bag:
    version = r.hex(32)
    arn = r.get("secretId")
    return {
        "id": f"{arn}|{version}",
        "arn": arn,
        "secretArn": arn,
        "versionId": version,
        "hasSecretStringWo": False,
        "versionStages": ["AWSCURRENT"],
    }


@resource("aws:secretsmanager/secretRotation:SecretRotation")
def secret_rotation(r: Resource) -> Bag:
    return {"id": r.get("secretId"), "rotationEnabled": True}


@resource("aws:ssm/parameter:Parameter", auto_name=AutoName(longest=1011))
def parameter(r: Resource) -> Bag:
    name = r.get("name")
    return {
        "id": name,
        "arn": r.arn("ssm", f"parameter/{name.removeprefix('/')}"),
        "version": 1,
        "hasValueWo": False,
        "tier": "Standard",
        "dataType": "text",
    }
