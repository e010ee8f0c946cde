"""How many tasks of which size run API and worker."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from infra.mistakes import Whole
from infra.settings.model import Count, Model, Port

#: MiB of memory for each number of CPU units. Source: Amazon ECS Developer Guide, "Task CPU and memory" (Fargate).
FARGATE: Mapping[int, tuple[int, ...]] = {
    256: (512, 1_024, 2_048),
    512: tuple(range(1_024, 4_096 + 1, 1_024)),
    1_024: tuple(range(2_048, 8_192 + 1, 1_024)),
    2_048: tuple(range(4_096, 16_384 + 1, 1_024)),
    4_096: tuple(range(8_192, 30_720 + 1, 1_024)),
    8_192: tuple(range(16_384, 61_440 + 1, 4_096)),
    16_384: tuple(range(32_768, 122_880 + 1, 8_192)),
}


class TaskSize(Model):
    """What one Fargate task has, and how many there are."""

    cpu: Whole = Field(default=256, description="CPU units of a task; 1024 are one vCPU")
    memory: Whole = Field(default=512, description="MiB of memory of a task")
    min_count: Count = Field(default=1, description="fewest tasks")
    max_count: Count = Field(default=2, description="most tasks; as many as the fewest: nothing is scaled")
    spot: bool = Field(default=False, description="run on Fargate Spot")
    on_demand_base: Annotated[Whole, Field(ge=0, le=1_000)] = Field(
        default=0, description="with spot, how many tasks run on Fargate itself before Spot has any"
    )
    on_demand_percent: Annotated[Whole, Field(ge=0, le=99)] = Field(
        default=0, description="with spot, how many percent of the tasks over the base run on Fargate itself"
    )
    exec: bool = Field(
        default=False,
        description="ECS Exec: a logged shell in a running task for whom IAM allows it; its root is not read-only then",
    )

    def contradictions(self) -> Iterator[str]:
        """See Model."""
        yield from super().contradictions()
        if self.cpu not in FARGATE:
            yield f"cpu {self.cpu}: Fargate has {', '.join(map(str, FARGATE))}"
        elif self.memory not in (sizes := FARGATE[self.cpu]):
            yield (
                f"memory {self.memory} does not go with cpu {self.cpu}: "
                f"Fargate has {', '.join(map(str, sizes[:3]))} .. {sizes[-1]} MiB"
            )
        if self.min_count > self.max_count:
            yield f"minCount {self.min_count} is over maxCount {self.max_count}"
        for key, wanted in (("onDemandBase", self.on_demand_base), ("onDemandPercent", self.on_demand_percent)):
            if wanted and not self.spot:
                yield f"{key} {wanted} is the part of Spot's tasks that is not, and spot is false: all are on Fargate"


class ApiSettings(TaskSize):
    """The API's tasks."""

    port: Port = Field(default=6400, description="port that the API listens on in its task")
    processes: Whole = Field(default=2, ge=1, le=64, description="gunicorn's worker processes")
    threads: Whole = Field(default=4, ge=1, le=256, description="threads of each process")
    access: Literal["token", "login", "open"] = Field(
        default="token",
        description="who may use API and page: who has an access token (docs/access.md), or has logged in by oidc "
        "or has a token, or everybody",
    )
    rate_limit: Annotated[Whole, Field(ge=0, le=1_000_000)] = Field(
        default=600, description="requests a minute of one client, for each process of each task; 0 is any number"
    )
    rate_burst: Annotated[Whole, Field(ge=1, le=1_000_000)] = Field(
        default=100, description="of them, how many may come at once"
    )
    requests_per_task: Annotated[Whole, Field(ge=1)] | None = Field(
        default=None, description="requests a minute that a task takes well; scaled by the larger of them and CPU"
    )


class WorkerSettings(TaskSize):
    """The worker's tasks."""

    min_count: Annotated[Whole, Field(ge=0, le=1_000)] = Field(
        default=1,
        description="fewest tasks; with 0 a message that comes while none runs starts one, in about four minutes "
        "(up to 15 more after six idle hours)",
    )
