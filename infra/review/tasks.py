"""The tasks of an ECS service: how many, and how one speaks of them."""

from infra.review.contract import number_of
from infra.review.preview import State


def tasks_of(service: State) -> float | None:
    """The wanted number; where the program does not say, what was running."""
    wanted = service.raw("desiredCount")
    return number_of(service.outputs.get("desiredCount") if wanted is None else wanted)


def they(service: State, do: str, does: str = "") -> str:
    """What they do: `its 2 tasks stop`, `its one task stops`."""
    tasks = tasks_of(service)
    if tasks == 1:
        return f"its one task {does or f'{do}s'}"
    return f"its {tasks:g} tasks {do}" if tasks else f"its tasks {do}"
