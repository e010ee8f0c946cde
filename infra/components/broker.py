"""What a stack asks of its broker, whichever it is: how services reach it, what they may do, what tells of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from infra.components.alarm import Rule
from infra.components.metrics import Metric

Statement = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Jobs:
    """What tells how jobs stand.

    `waiting` are messages that nobody has, `working` those in flight, `dead_letters` those that failed for good;
    `oldest` is the age of the oldest in seconds.
    """

    waiting: Metric
    working: Metric
    dead_letters: Metric
    oldest: Metric


@dataclass(frozen=True, kw_only=True)
class Broker:
    """One broker.

    Attributes:
        resource: what must be there before a task starts.
        environment: of both services; `worker_environment` is the worker's own.
        secrets: variable -> `valueFrom`, and `secret_arns` the secrets that ECS reads for them.
        send: what the API's role may do; `work` is the worker's.
        jobs: the metrics of its messages.
        asked: metrics that are above zero when a worker asks for messages; none where a sleeping worker can't be woken.
        alarms: the broker's own, beside those on the metrics above.
        exports: what the outside world is told.
        declared: what operations/as_declared.py holds against what is there.
    """

    resource: pulumi.Resource
    environment: Mapping[str, pulumi.Input[str]]
    worker_environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    secret_arns: Sequence[pulumi.Input[str]] = ()
    send: Sequence[Statement] = ()
    work: Sequence[Statement] = ()
    jobs: Jobs
    asked: Mapping[str, Metric] = field(default_factory=dict)
    alarms: Mapping[str, Rule] = field(default_factory=dict)
    exports: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    declared: Mapping[str, Any] = field(default_factory=dict)
