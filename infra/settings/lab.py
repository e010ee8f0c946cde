"""All that the configuration of a stack says that is nothing but the queue practical (infra/lab.py)."""

from typing import Literal

from pydantic import Field

from infra.settings.region import RegionSettings
from infra.settings.registry import Platform, RegistrySettings


class LabSettings(RegionSettings):
    """A stack of its own for the queue practical: no network, no database, no service."""

    only: Literal["lab"] = Field(description="what the stack is, where it is not the whole service")
    platform: Platform = Field(default="linux/arm64", description="what the lab's image is built for")
    registry: RegistrySettings = Field(
        default_factory=lambda: RegistrySettings(), description="the repository of the lab's image"
    )
    protect: bool = Field(default=False, description="queues and repository can't be deleted")
