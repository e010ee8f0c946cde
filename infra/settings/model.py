"""What every block of a stack's configuration is: frozen, strict, spelled in camel case."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from infra.mistakes import Contradictions, Whole


class Model(BaseModel):
    """A block of settings: an unknown key is a mistake, and nothing changes after it was read."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, allow_inf_nan=False)

    def contradictions(self) -> Iterator[str]:
        """A sentence for each two values that are right alone, and not together; an area adds its own to `super`'s."""
        yield from ()

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if found := list(self.contradictions()):
            raise Contradictions(*found)
        return self


Port = Annotated[Whole, Field(ge=1, le=65_535)]
Count = Annotated[Whole, Field(ge=1, le=1_000)]
