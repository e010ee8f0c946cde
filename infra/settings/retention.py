"""For how long CloudWatch Logs keeps logs."""

from typing import Annotated

from pydantic import AfterValidator

from infra.mistakes import Whole

#: Days. Source: CloudWatch Logs API Reference, PutRetentionPolicy.
RETENTION = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


def _kept(days: int) -> int:
    if days not in RETENTION:
        near = min(RETENTION, key=lambda kept: abs(kept - days))
        raise ValueError(f"CloudWatch Logs can't keep logs for {days} days; {near} is the nearest that it can")
    return days


Retention = Annotated[Whole, AfterValidator(_kept)]
