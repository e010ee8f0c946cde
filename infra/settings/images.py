"""Which images the tasks run, where they are not built from the checkout."""

from typing import Annotated

from pydantic import Field

from infra.settings.model import Model

#: By digest: what a tag names can change under a running service.
Reference = Annotated[str, Field(pattern=r"^[\w.-]+(:\d+)?(/[\w.-]+)+@sha256:[0-9a-f]{64}$")]


class ImagesSettings(Model):
    """Images that a pipeline has built and pushed; one that is left out is built and pushed by the stack itself."""

    api: Reference | None = Field(
        default=None,
        description="the API's image, as repository@sha256:...; built from the checkout where it is left out",
    )
    worker: Reference | None = Field(
        default=None,
        description="the worker's image, as repository@sha256:...; built from the checkout where it is left out",
    )
