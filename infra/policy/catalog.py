"""Every rule there is."""

from types import ModuleType

from infra.policy.rule import Rule
from infra.policy.rules import (
    conventions,
    cost,
    database,
    identity,
    load_balancers,
    networks,
    observability,
    protection,
    queues,
    repositories,
    secrets,
    services,
    task_definitions,
    topics,
)

#: In the order of the data's way.
MODULES: tuple[ModuleType, ...] = (
    networks,
    load_balancers,
    repositories,
    task_definitions,
    services,
    secrets,
    queues,
    topics,
    database,
    protection,
    identity,
    observability,
    conventions,
    cost,
)

RULES: tuple[Rule, ...] = tuple(
    thing for module in MODULES for thing in vars(module).values() if isinstance(thing, Rule)
)
