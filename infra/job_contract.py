"""The job contract: how long a job takes, may take, how many run at once and how late it may be, said once.

Every number of the queue, of the worker and of its alarms is derived here; a contradiction is a sentence.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
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
#: Seconds. Below that one answer of SQS that is late would show the message of a job at work to others.
_LEAST_VISIBILITY = 30
#: Seconds without a job after which a task may be scaled in again. A tenth of the shortest scale-in cooldown: so busy
#: a worker makes two calls in that time, whatever the jobs (UpdateTaskProtection is throttled).
_PROTECTION_LINGER = 30
_LONGEST_HOLD = 900  # seconds; see protection_hold_seconds
#: Seconds. A worker without an answer of its broker is sound for one long poll of 20 s and two more that fail...
_LEAST_SILENCE = 60
#: ...and at most for that long, however late jobs may be.
_LONGEST_SILENCE = 600
#: Seconds that a container needs beside its job's own time to take a signal and to go.
_EXIT = 5
_DAY = 86_400


@dataclass(frozen=True, kw_only=True)
class JobContract:
    """One kind of job. Times are in seconds.

    Raises:
        Contradictions: a ValueError that names the numbers which disagree, all of them at once.
    """

    #: How a stack's configuration spells it (infra/settings/).
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        alias_generator=to_camel, extra="forbid", allow_inf_nan=False
    )

    mean_seconds: Annotated[Number, Field(description="what a job takes on average")]
    p99_seconds: Annotated[Number, Field(description="what all but one job in a hundred take")]
    hard_limit_seconds: Annotated[Whole, Field(description="when a job is ended, whatever it does")]
    jobs_at_once: Annotated[Whole, Field(description="jobs that one task runs side by side")]
    latency_objective_seconds: Annotated[Whole, Field(description="how old the oldest waiting job may become")]
    attempts: Annotated[Whole, Field(description="how often a job is tried before it is a dead letter")]

    def __post_init__(self) -> None:
        if contradictions := list(self._contradictions()):
            raise Contradictions(*contradictions)

    @property
    def soft_limit_seconds(self) -> int:
        """When a job is asked to end: a tenth before the hard limit, at least a second, so that it can say why."""
        return self.hard_limit_seconds - max(1, self.hard_limit_seconds // 10)

    @property
    def visibility_timeout_seconds(self) -> int:
        """How long a received message stays hidden, and so how soon another worker has the job of one that died.

        Twice what all but one job in a hundred take, and at least 30 s; a worker hides the message of a longer job anew
        from half of it on (backlog_worker/visibility.py), and has the other half to try again (docs/adr/0012). No more
        than a job can take: its hard limit, and a tenth (at least 5 s) to start and to delete.
        Nothing waits in a prefetch buffer (see prefetch_multiplier), so no job's waiting time is to be added.
        Source: SQS Developer Guide, "Visibility timeout": set it to what is usual, and extend it with a heartbeat.
        """
        whole = self.hard_limit_seconds + max(5, math.ceil(self.hard_limit_seconds / 10))
        return min(whole, max(_LEAST_VISIBILITY, math.ceil(2 * self.p99_seconds)))

    @property
    def attempt_seconds(self) -> int:
        """How long an attempt can last until the next one may begin: it dies at its hard limit, its message hidden."""
        return self.hard_limit_seconds + self.visibility_timeout_seconds

    @property
    def max_receive_count(self) -> int:
        """Receives after which SQS moves a message to the dead-letter queue: one for each attempt."""
        return self.attempts

    @property
    def message_retention_seconds(self) -> int:
        """How long a message is kept: four days (SQS's default), or longer where all attempts could take longer."""
        return max(4 * _DAY, 2 * self.attempts * self.attempt_seconds + self.latency_objective_seconds)

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
    def protection_minutes(self) -> int:
        """How long a task is protected from scale-in at a time: twice the hard limit, renewed after half of it.

        So a job that begins just before a renewal is protected up to its hard limit even if no renewal succeeds, and a
        worker that hangs blocks a deployment for no longer. Source: ECS Developer Guide, "Task scale-in protection".
        """
        return max(2, math.ceil(2 * self.hard_limit_seconds / 60))

    @property
    def protection_linger_seconds(self) -> int:
        """How long a task without a job stays protected."""
        return _PROTECTION_LINGER

    @property
    def protection_hold_seconds(self) -> int:
        """How long a task that is never without a job may stay protected until it gives ECS an opportunity to stop it.

        A quarter of an hour: an update waits for twenty minutes (terraform-provider-aws, ecs_service, timeouts). Longer
        where jobs can be so long that waiting for the last one would cost more than a fifth of the time.
        """
        return max(_LONGEST_HOLD, 4 * self.hard_limit_seconds)

    @property
    def poll_silence_seconds(self) -> int:
        """How long a worker with a free slot may hear nothing of its broker before ECS replaces it.

        As long as a job may be late, within a minute and ten: a new task does not mend a broker that is away.
        """
        return min(_LONGEST_SILENCE, max(_LEAST_SILENCE, self.latency_objective_seconds))

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

    def queue_attributes(self) -> dict[str, str]:
        """What of it the queue keeps, in SQS's words. Source: SQS API Reference, SetQueueAttributes."""
        return {
            "MessageRetentionPeriod": str(self.message_retention_seconds),
            "VisibilityTimeout": str(self.visibility_timeout_seconds),
        }

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
            "JOB_POLL_SILENCE_SECONDS": self.poll_silence_seconds,
            "JOB_PROTECTION_MINUTES": self.protection_minutes,
            "JOB_PROTECTION_LINGER_SECONDS": self.protection_linger_seconds,
            "JOB_PROTECTION_HOLD_SECONDS": self.protection_hold_seconds,
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
        if self.hard_limit_seconds > LONGEST_VISIBILITY:
            yield (
                f"hardLimitSeconds {self.hard_limit_seconds} is over the {LONGEST_VISIBILITY} s that SQS hides a "
                "message for, however often its visibility timeout is extended"
            )
        if self.message_retention_seconds >= self.dlq_retention_seconds:
            yield (
                f"attempts {self.attempts} of {self.attempt_seconds} s and latencyObjectiveSeconds "
                f"{self.latency_objective_seconds} need a retention of {self.message_retention_seconds} s, "
                f"not below the dead-letter queue's {self.dlq_retention_seconds} s"
            )
