"""An image that was built and pushed elsewhere, by digest. Creates nothing."""

import re
from dataclasses import dataclass

_ECR = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/(?P<name>[^@:]+)")
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


@dataclass(frozen=True, kw_only=True)
class GivenImage:
    """Stands where a `ServiceImage` would: `digest` is what a task definition names."""

    digest: str

    @property
    def repository_arn(self) -> str | None:
        """Whom a task's execution role may pull from; None where the image is in no ECR, and needs no rights.

        Source: Amazon ECR User Guide, "Amazon ECR registries", form of a registry's address.
        """
        at = _ECR.match(self.digest)
        if at is None:
            return None
        partition = next((name for begins, name in _PARTITIONS.items() if at["region"].startswith(begins)), "aws")
        return f"arn:{partition}:ecr:{at['region']}:{at['account']}:repository/{at['name']}"
