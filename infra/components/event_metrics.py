"""Metrics of the relaying of events, which CloudWatch has of the worker's log (backlog_worker/relay.py)."""

import pulumi

from infra.components.metrics import Metric


def environment() -> dict[str, str]:
    """What makes the worker tell them."""
    return {"EVENT_METRICS_STACK": pulumi.get_stack()}


def waiting(stream: str) -> Metric:
    """How many events wait to be told to a stream."""
    return _metric("EventsWaiting", stream)


def lag(stream: str) -> Metric:
    """The age of the oldest of them, in seconds."""
    return _metric("EventLagSeconds", stream)


def _metric(name: str, stream: str) -> Metric:
    """Each worker tells the same of all events: the largest number is the newest, and none is a sum."""
    dimensions = {"Stack": pulumi.get_stack(), "Stream": stream}
    return Metric(namespace="Backlog", name=name, statistic="Maximum", label=stream, dimensions=dimensions)
