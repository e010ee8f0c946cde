"""Every rule there is."""

from types import ModuleType

from infra.policy.rule import Rule
from infra.policy.rules import (
    brokers,
    buckets,
    certificates,
    conventions,
    cost,
    database,
    identity,
    keys,
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
    web_firewalls,
)

#: In the order of the data's way.
MODULES: tuple[ModuleType, ...] = (
    networks,
    load_balancers,
    certificates,
    web_firewalls,
    buckets,
    repositories,
    task_definitions,
    services,
    secrets,
    queues,
    brokers,
    topics,
    database,
    protection,
    identity,
    keys,
    observability,
    conventions,
    cost,
)

RULES: tuple[Rule, ...] = tuple(
    thing for module in MODULES for thing in vars(module).values() if isinstance(thing, Rule)
)
