"""How jobs and events stand, told to CloudWatch by the log: what AWS itself does not count.

Source: CloudWatch User Guide, "Specification: Embedded metric format". infra/components/ has the same names, in
job_metrics.py and event_metrics.py.
"""

import logging
import time
from collections.abc import Mapping

log = logging.getLogger(__name__)

_NAMESPACE = "Backlog"
UNITS = {
    "JobsWaiting": "Count",
    "JobsAtWork": "Count",
    "DeadLetters": "Count",
    "OldestJobSeconds": "Seconds",
    "EventsWaiting": "Count",
    "EventLagSeconds": "Seconds",
}


def tell(what: str, dimensions: Mapping[str, str], values: Mapping[str, float]) -> None:
    """A line of the log that is a value of each metric, by the names of `UNITS`; `what` is what the line says."""
    directive = {
        "Namespace": _NAMESPACE,
        "Dimensions": [[*dimensions]],
        "Metrics": [{"Name": name, "Unit": UNITS[name]} for name in values],
    }
    emf = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    log.info(what, extra={"_aws": emf, **dimensions, **values})
