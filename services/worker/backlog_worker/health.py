"""`python -m backlog_worker.health`: exit code 0 when the queue was polled with success not long ago."""

import os
import sys

from backlog_worker import heartbeat

_LONG_POLL = 20  # seconds
_SLACK = 40  # seconds


def main() -> int:
    """A worker whose every slot is busy does not poll, at most for a job's hard limit."""
    longest = int(os.environ.get("JOB_TIME_LIMIT_SECONDS", "60")) + _LONG_POLL + _SLACK
    age = heartbeat.age()
    if age is None:
        sys.stderr.write("the queue has never answered\n")
        return 1
    if age > longest:
        sys.stderr.write(f"the queue last answered {age:.0f} s ago, and at most {longest} s are sound\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
