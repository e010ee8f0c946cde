"""What the worker is told by its environment; the numbers are the job contract's (infra/job_contract.py)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from backlog_todos.settings import DatabaseSettings, Reader

_DAY = 86_400


@dataclass(frozen=True)
class WorkerSettings:
    """The database, the queue, and how jobs are run. Times are in seconds."""

    database: DatabaseSettings
    queue_url: str
    region: str
    concurrency: int
    prefetch_multiplier: int
    soft_time_limit: int
    time_limit: int
    visibility_timeout: int
    attempts: int
    shutdown: int

    @property
    def resend_after(self) -> int:
        """When a job of which nothing was heard counts as lost: SQS would have delivered it again by then."""
        return 2 * self.visibility_timeout

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read QUEUE_URL, AWS_REGION and the JOB_ variables beside the database's.

        Raises:
            SettingsError: every variable that is missing or malformed.
        """
        read = Reader(environment)
        settings = cls(
            database=DatabaseSettings.read(read),
            queue_url=read.text("QUEUE_URL"),
            region=read.text("AWS_REGION"),
            concurrency=read.number("JOB_CONCURRENCY", 1, 256),
            prefetch_multiplier=read.number("JOB_PREFETCH_MULTIPLIER", 1, 100),
            soft_time_limit=read.number("JOB_SOFT_TIME_LIMIT_SECONDS", 1, _DAY),
            time_limit=read.number("JOB_TIME_LIMIT_SECONDS", 1, _DAY),
            visibility_timeout=read.number("JOB_VISIBILITY_TIMEOUT_SECONDS", 1, _DAY),
            attempts=read.number("JOB_MAX_ATTEMPTS", 1, 1_000),
            shutdown=read.number("JOB_SHUTDOWN_SECONDS", 1, _DAY),
        )
        read.finish()
        return settings
