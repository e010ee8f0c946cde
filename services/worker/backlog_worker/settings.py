"""What the worker is told by its environment; the numbers are the job contract's (infra/job_contract.py)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from backlog_todos import broker
from backlog_todos.broker import Broker
from backlog_todos.settings import STREAMS, DatabaseSettings, Reader

_DAY = 86_400
_LONGEST_PROTECTION = 2_880  # minutes; ECS's own limit


@dataclass(frozen=True)
class KafkaSettings:
    """Kafka as a stream of events: `brokers` are host:port, with commas; `login` is iam (of MSK) or none."""

    brokers: str
    topic: str
    login: str
    region: str

    @classmethod
    def read(cls, read: Reader) -> Self:
        """Read EVENT_KAFKA_BROKERS, _TOPIC and _LOGIN, and AWS_REGION."""
        return cls(
            brokers=read.text("EVENT_KAFKA_BROKERS"),
            topic=read.text("EVENT_KAFKA_TOPIC"),
            login=read.one_of("EVENT_KAFKA_LOGIN", ("iam", "none")),
            region=read.text("AWS_REGION"),
        )


@dataclass(frozen=True)
class WorkerSettings:
    """The database, the broker, and how jobs are run. Times are in seconds.

    `metrics_stack` is the stack that the queue's metrics are told of, where the broker itself has none: else None.
    `poll_silence` is how long a worker that could take jobs may hear nothing of the broker and still count as sound.
    `ecs_agent_uri` is what ECS sets, and None where there is no ECS.
    `streams` are where events go: SNS's `topic_arn`, and `kafka`. `event_stack` is the stack that the metrics of their
    relaying are told of, or None.
    """

    database: DatabaseSettings
    broker: Broker
    metrics_stack: str | None
    streams: tuple[str, ...]
    event_stack: str | None
    topic_arn: str | None
    kafka: KafkaSettings | None
    concurrency: int
    prefetch_multiplier: int
    soft_time_limit: int
    time_limit: int
    visibility_timeout: int
    attempts: int
    shutdown: int
    poll_silence: int
    protection_minutes: int
    protection_linger: int
    protection_hold: int
    ecs_agent_uri: str | None

    @property
    def window(self) -> int:
        """Messages that this worker holds at most: with so many it asks for no other."""
        return self.concurrency * self.prefetch_multiplier

    @property
    def resend_after(self) -> int:
        """When a job of which nothing was heard may be lost: its attempt is over, and its message seen again."""
        return self.time_limit + self.visibility_timeout

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read METRICS_STACK, ECS_AGENT_URI, the EVENT_ and the JOB_ variables beside the database's and the broker's.

        Raises:
            SettingsError: every variable that is missing or malformed.
        """
        read = Reader(environment)
        settings = cls(
            database=DatabaseSettings.read(read),
            broker=broker.read(read),
            metrics_stack=environment.get("METRICS_STACK") or None,
            streams=(streams := read.several("EVENT_STREAMS", STREAMS)),
            event_stack=environment.get("EVENT_METRICS_STACK") or None,
            topic_arn=read.text("EVENT_TOPIC_ARN") if "sns" in streams else None,
            kafka=KafkaSettings.read(read) if "kafka" in streams else None,
            concurrency=read.number("JOB_CONCURRENCY", 1, 256),
            prefetch_multiplier=read.number("JOB_PREFETCH_MULTIPLIER", 1, 100),
            soft_time_limit=read.number("JOB_SOFT_TIME_LIMIT_SECONDS", 1, _DAY),
            time_limit=read.number("JOB_TIME_LIMIT_SECONDS", 1, _DAY),
            visibility_timeout=read.number("JOB_VISIBILITY_TIMEOUT_SECONDS", 1, _DAY),
            attempts=read.number("JOB_MAX_ATTEMPTS", 1, 1_000),
            shutdown=read.number("JOB_SHUTDOWN_SECONDS", 1, _DAY),
            poll_silence=read.number("JOB_POLL_SILENCE_SECONDS", 1, _DAY),
            protection_minutes=read.number("JOB_PROTECTION_MINUTES", 1, _LONGEST_PROTECTION),
            protection_linger=read.number("JOB_PROTECTION_LINGER_SECONDS", 1, _DAY),
            protection_hold=read.number("JOB_PROTECTION_HOLD_SECONDS", 1, _DAY * 7),
            ecs_agent_uri=environment.get("ECS_AGENT_URI") or None,
        )
        read.finish()
        return settings
