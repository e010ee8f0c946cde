"""Where a stack is."""

from pydantic import Field

from infra.settings.model import Model

REGION = "aws:region"


class RegionSettings(Model):
    """The region, which the provider itself is configured with."""

    region: str = Field(
        alias=REGION, pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", description="AWS region; the provider's own setting"
    )
