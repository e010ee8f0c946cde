"""How many tasks of which size a service has. Creates no resource."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Size:
    """CPU units and MiB of a task, how many tasks there are at least and at most, and what they run on.

    With `spot`, `on_demand_base` of them and `on_demand_percent` of the rest run on Fargate itself. With `exec` one may
    open a shell in them.
    """

    cpu: int
    memory: int
    min_count: int
    max_count: int
    spot: bool
    on_demand_base: int
    on_demand_percent: int
    exec: bool

    @property
    def scaled(self) -> bool:
        """Whether the number of tasks is autoscaling's to say."""
        return self.min_count < self.max_count
