"""The job contract: how long a job takes, may take, how many run at once and how late it may be, said once.

Every number of the queue, of the worker and of its alarms is derived here; a contradiction is a sentence.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from infra.mistakes import Contradictions, Number, Whole

#: Seconds. AWS Fargate: the longest time between SIGTERM and SIGKILL (ECS Developer Guide, "Container timeouts").
LONGEST_STOP = 120
#: Seconds. SQS's quotas: visibility timeout and message retention (SQS Developer Guide, "Message quotas").
LONGEST_VISIBILITY = 43_200
LONGEST_RETENTION = 1_209_600
#: Receives. SQS API Reference, "SetQueueAttributes": maxReceiveCount.
MOST_RECEIVES = 1_000
#: Seconds until a first task takes a message, where none runs: SQS's metric and the alarm a minute each, and two for
#: Fargate to bring image, migration and worker up. After six idle hours SQS's metric alone may take 15 minutes more
#: (SQS Developer Guide, "Monitoring Amazon SQS queues using CloudWatch").
WAKE_UP = 240
#: Seconds that a container needs beside its job's own time to take a signal and to go.
_EXIT = 5
_DAY = 86_400


@dataclass(frozen=True, kw_only=True)
class JobContract:
    """One kind of job. Times are in seconds.

    Attributes:
        mean_seconds: what a job takes on average.
        p99_seconds: what all but one job in a hundred take.
        hard_limit_seconds: when a job is ended, whatever it does.
        jobs_at_once: jobs that one task runs side by side.
        latency_objective_seconds: how old the oldest waiting job may become.
        attempts: how often a job is tried before it goes to the dead-letter queue.

    Raises:
        Contradictions: a ValueError that names the numbers which disagree, all of them at once.
    """

    #: How a stack's configuration spells it (infra/settings.py).
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        alias_generator=to_camel, extra="forbid", allow_inf_nan=False
    )

    mean_seconds: Number
    p99_seconds: Number
    hard_limit_seconds: Whole
    jobs_at_once: Whole
    latency_objective_seconds: Whole
    attempts: Whole

    def __post_init__(self) -> None:
        if contradictions := list(self._contradictions()):
            raise Contradictions(*contradictions)

    @property
    def soft_limit_seconds(self) -> int:
        """When a job is asked to end: a tenth before the hard limit, at least a second, so that it can say why."""
        return self.hard_limit_seconds - max(1, self.hard_limit_seconds // 10)

    @property
    def visibility_timeout_seconds(self) -> int:
        """How long a received message stays hidden: the hard limit, and a tenth (at least 5 s) to start and to delete.

        Nothing waits in a prefetch buffer (see prefetch_multiplier), so no job's waiting time is to be added.
        Source: SQS Developer Guide, "Visibility timeout": the maximum time to process and delete a message.
        """
        return self.hard_limit_seconds + max(5, math.ceil(self.hard_limit_seconds / 10))

    @property
    def max_receive_count(self) -> int:
        """Receives after which SQS moves a message to the dead-letter queue: one for each attempt."""
        return self.attempts

    @property
    def message_retention_seconds(self) -> int:
        """How long a message is kept: four days (SQS's default), or longer where all attempts could take longer."""
        return max(4 * _DAY, 2 * self.attempts * self.visibility_timeout_seconds + self.latency_objective_seconds)

    @property
    def dlq_retention_seconds(self) -> int:
        """How long a dead letter is kept: as long as SQS can, since its age counts from its first enqueueing."""
        return LONGEST_RETENTION

    @property
    def prefetch_multiplier(self) -> int:
        """Messages held for each job at once: one, which with late acknowledgement is the one at work.

        Source: Celery user guide, "Optimizing": worker_prefetch_multiplier and task_acks_late.
        """
        return 1

    @property
    def shutdown_seconds(self) -> int:
        """How long a warm shutdown waits for running jobs: up to the hard limit, within what Fargate allows."""
        return min(self.hard_limit_seconds, LONGEST_STOP - _EXIT)

    @property
    def stop_timeout_seconds(self) -> int:
        """ECS's stopTimeout: the warm shutdown and the time to exit, at most 120 s."""
        return self.shutdown_seconds + _EXIT

    @property
    def backlog_per_task(self) -> float:
        """Messages that one task can have before it and still be in time: latency objective / mean x jobs at once.

        Source: Application Auto Scaling User Guide, "Amazon SQS scaling": acceptable backlog per instance.
        """
        return round(self.latency_objective_seconds / self.mean_seconds * self.jobs_at_once, 2)

    @property
    def scale_out_cooldown_seconds(self) -> int:
        """Wait after a scale-out: a minute, which is how often SQS reports, or two rounds of jobs."""
        return max(60, math.ceil(self.mean_seconds * 2))

    @property
    def scale_in_cooldown_seconds(self) -> int:
        """Wait after a scale-in: five minutes, or twice the hard limit, so that a burst's last jobs are over."""
        return max(300, 2 * self.hard_limit_seconds)

    @property
    def oldest_message_alarm_seconds(self) -> int:
        """Age of the oldest message that breaks the contract."""
        return self.latency_objective_seconds

    def environment(self) -> dict[str, str]:
        """The worker's settings, as environment variables."""
        numbers = {
            "JOB_CONCURRENCY": self.jobs_at_once,
            "JOB_PREFETCH_MULTIPLIER": self.prefetch_multiplier,
            "JOB_SOFT_TIME_LIMIT_SECONDS": self.soft_limit_seconds,
            "JOB_TIME_LIMIT_SECONDS": self.hard_limit_seconds,
            "JOB_VISIBILITY_TIMEOUT_SECONDS": self.visibility_timeout_seconds,
            "JOB_MAX_ATTEMPTS": self.attempts,
            "JOB_SHUTDOWN_SECONDS": self.shutdown_seconds,
        }
        return {name: str(number) for name, number in numbers.items()}

    def _contradictions(self) -> Iterator[str]:
        for name, least, most in (
            ("jobs_at_once", 1, math.inf),
            ("attempts", 1, MOST_RECEIVES),
            ("hard_limit_seconds", 2, math.inf),
            ("latency_objective_seconds", 1, math.inf),
        ):
            number = getattr(self, name)
            if number < least:
                yield f"{to_camel(name)} {number} is below {least}"
            if number > most:
                yield f"{to_camel(name)} {number} is over {most}"
        mean, p99 = f"meanSeconds {self.mean_seconds:g}", f"p99Seconds {self.p99_seconds:g}"
        if self.mean_seconds <= 0:
            yield f"{mean} is not above 0"
        if self.mean_seconds > self.p99_seconds:
            yield f"{mean} is over {p99}"
        if self.p99_seconds > self.soft_limit_seconds:
            yield (
                f"{p99} is over the soft limit of {self.soft_limit_seconds} s that "
                f"hardLimitSeconds {self.hard_limit_seconds} gives: one job in a hundred would be ended"
            )
        if self.p99_seconds > LONGEST_STOP - _EXIT:
            yield (
                f"{p99} is over the {LONGEST_STOP - _EXIT} s that Fargate's stop timeout of "
                f"{LONGEST_STOP} s leaves: a deployment would kill running jobs"
            )
        if self.latency_objective_seconds < self.p99_seconds:
            yield (
                f"latencyObjectiveSeconds {self.latency_objective_seconds} is below {p99}: "
                "a job could be late before it is done"
            )
        if self.visibility_timeout_seconds > LONGEST_VISIBILITY:
            yield (
                f"hardLimitSeconds {self.hard_limit_seconds} needs a visibility timeout of "
                f"{self.visibility_timeout_seconds} s, over SQS's {LONGEST_VISIBILITY} s"
            )
        if self.message_retention_seconds >= self.dlq_retention_seconds:
            yield (
                f"attempts {self.attempts} of {self.visibility_timeout_seconds} s and latencyObjectiveSeconds "
                f"{self.latency_objective_seconds} need a retention of {self.message_retention_seconds} s, "
                f"not below the dead-letter queue's {self.dlq_retention_seconds} s"
            )
