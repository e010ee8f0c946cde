"""How the images are kept."""

from typing import Annotated, Literal

from pydantic import Field

from infra.mistakes import Whole
from infra.settings.model import Model

#: What images are built for.
Platform = Literal["linux/arm64", "linux/amd64"]


class RegistrySettings(Model):
    """The repositories of the images, and how images are built for them."""

    cache: bool = Field(
        default=True, description="begin each build with the layers of the last one, by a tag `cache` that may move"
    )
    encryption: Literal["aes256", "kms"] = Field(
        default="aes256", description="encrypted by ECR's own key, or by KMS's for ECR, whose use CloudTrail records"
    )
    kept: Annotated[Whole, Field(ge=2, le=1_000)] = Field(
        default=20, description="images that each repository keeps; the oldest expire"
    )
