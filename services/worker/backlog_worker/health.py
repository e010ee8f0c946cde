"""`python -m backlog_worker.health`: exit code 0 when the worker was sound not long ago (heartbeat.py)."""

import os
import sys

from backlog_worker import heartbeat


def main() -> int:
    """How long ago comes from the job contract. It reads one variable: a check every ten seconds must cost nothing."""
    longest = int(os.environ["JOB_POLL_SILENCE_SECONDS"])
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
