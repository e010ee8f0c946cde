"""Secrets and their versions, in the embedded AWS."""

from botocore.exceptions import ClientError

from local.machine.emulator import Emulator
from local.provider.properties import Bag
from local.resources import Resource


class Secrets:
    """aws.secretsmanager.Secret."""

    def __init__(self, aws: Emulator) -> None:
        self._aws = aws

    def create(self, resource: Resource, outputs: Bag) -> Bag:
        arn = declare_secret(self._aws, outputs["name"])
        return {**outputs, "id": arn, "arn": arn}

    def alive(self, state: Bag) -> bool:
        return has_secret(self._aws, state["id"])

    def update(self, resource: Resource, old: Bag, outputs: Bag) -> Bag:
        return {**outputs, "arn": old["arn"]}

    def delete(self, state: Bag) -> None:
        delete_secret(self._aws, state["id"])


class SecretVersions:
    """aws.secretsmanager.SecretVersion."""

    def __init__(self, aws: Emulator) -> None:
        self._aws = aws

    def create(self, resource: Resource, outputs: Bag) -> Bag:
        stored = self._aws.secrets.put_secret_value(SecretId=outputs["secretId"], SecretString=outputs["secretString"])
        return {
            **outputs,
            "id": f"{stored['ARN']}|{stored['VersionId']}",
            "arn": stored["ARN"],
            "versionId": stored["VersionId"],
        }

    def alive(self, state: Bag) -> bool:
        try:
            self._aws.secrets.get_secret_value(SecretId=state["secretId"], VersionId=state["versionId"])
        except ClientError:
            return False
        return True

    def update(self, resource: Resource, old: Bag, outputs: Bag) -> Bag:
        return self.create(resource, outputs)

    def delete(self, state: Bag) -> None:
        """A version goes with its secret, as on AWS."""


def declare_secret(aws: Emulator, name: str, value: str | None = None) -> str:
    """Make the secret, or give the one of that name a new value; returns its ARN."""
    content = {"SecretString": value} if value is not None else {}
    try:
        return str(aws.secrets.create_secret(Name=name, **content)["ARN"])
    except aws.secrets.exceptions.ResourceExistsException:
        if content:
            return str(aws.secrets.put_secret_value(SecretId=name, **content)["ARN"])
        return str(aws.secrets.describe_secret(SecretId=name)["ARN"])


def has_secret(aws: Emulator, arn: str) -> bool:
    """Whether there is a secret of exactly this ARN."""
    try:
        return bool(aws.secrets.describe_secret(SecretId=arn)["ARN"] == arn)
    except aws.secrets.exceptions.ResourceNotFoundException:
        return False


def delete_secret(aws: Emulator, arn: str) -> None:
    """Delete a secret for good; it being gone is no error."""
    if has_secret(aws, arn):
        aws.secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
