"""What tells that something is broken before its users do.

Creates: the topic that alarms are sent to (see alarm_topic.py), and the alarms on API, queue and database. A service
adds its own, on missing tasks (fargate_service.py).
"""

from dataclasses import dataclass

import pulumi

from infra.components.alarm import Rule, alarm
from infra.components.alarm_topic import AlarmTopicArgs, alarm_topic
from infra.components.database import Database
from infra.components.load_balancer import LoadBalancer
from infra.components.messaging import JobQueue
from infra.components.metrics import Balancer, of_database, of_queue
from infra.job_contract import JobContract

_GIB = 1024**3  # bytes
_ERRORS = 5  # percent of requests
_FEWEST_ERRORS = 3  # a minute; one failed request of two is no incident
_LATENCY = 1.0  # seconds, p99
_CPU = 80  # percent
_STORAGE = 0.05  # of what was allocated: RDS grows storage at 10 % free, so that below 5 % it did not
_CONNECTIONS = 0.6  # of max_connections by the class's full memory, of which the instance keeps a part for itself


@dataclass(frozen=True, kw_only=True)
class AlarmsArgs:
    """Thresholds of the queue are the contract's; `email` gets every alarm, once it has confirmed."""

    queue: JobQueue
    contract: JobContract
    load_balancer: LoadBalancer
    database: Database
    cluster_arn: pulumi.Input[str]
    email: str | None


class Alarms(pulumi.ComponentResource):
    """Attributes: `topic_arn` to subscribe to, `arns` of the alarms, `api_errors` (name of that alarm)."""

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:Alarms", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        topic = alarm_topic(name, AlarmTopicArgs(account_of=args.cluster_arn, email=args.email), child)
        rules = {
            **_api(
                Balancer(suffix=args.load_balancer.suffix, target_group_suffix=args.load_balancer.target_group_suffix)
            ),
            **_queue(args.queue, args.contract),
            **_database(args.database),
        }
        alarms = {label: alarm(label, rule, topic.arn, child) for label, rule in rules.items()}
        self.topic_arn: pulumi.Output[str] = topic.arn
        self.arns = [made.arn for made in alarms.values()]
        self.api_errors: pulumi.Output[str] = alarms["api-errors"].name
        self.register_outputs({"topicArn": self.topic_arn})


def _api(balancer: Balancer) -> dict[str, Rule]:
    """ALB reports counts only when they are not zero, so that a missing one is zero.

    A count that comes late is taken for zero too, and so two of three minutes are enough.
    Source: CloudWatch User Guide, "Using metric math", FILL.
    """
    errors = "FILL(api, 0) + FILL(balancer, 0)"
    # The balancer's own errors reached no target: they are not among its requests.
    asked = "FILL(requests, 0) + FILL(balancer, 0)"
    return {
        "api-errors": Rule(
            meaning=f"More than {_ERRORS} % of the requests failed with a 5xx.",
            runbook="api-errors",
            metrics={"api": balancer.errors(), "balancer": balancer.own_errors(), "requests": balancer.requests()},
            expression=f"100 * IF({errors} >= {_FEWEST_ERRORS}, {errors}, 0) / IF({asked} > 0, {asked}, 1)",
            label="Failed requests, %",
            threshold=_ERRORS,
            minutes=3,
            breaching=2,
        ),
        "api-latency": Rule(
            meaning=f"One request in a hundred waits longer than {_LATENCY:g} s.",
            runbook="api-latency",
            metrics={"latency": balancer.latency("p99")},
            threshold=_LATENCY,
            minutes=5,
            breaching=5,
        ),
        "unhealthy-hosts": Rule(
            meaning="A task of the API fails the load balancer's health check.",
            runbook="unhealthy-hosts",
            metrics={"hosts": balancer.metric("UnHealthyHostCount", "Unhealthy hosts", "Maximum")},
            threshold=0,
            minutes=5,
            breaching=5,
        ),
    }


def _queue(queue: JobQueue, contract: JobContract) -> dict[str, Rule]:
    late = contract.oldest_message_alarm_seconds
    return {
        "dead-letters": Rule(
            meaning="A job failed for good and is in the dead-letter queue.",
            runbook="dead-letters",
            metrics={"letters": of_queue(queue.dlq_name, "ApproximateNumberOfMessagesVisible", "Dead letters")},
            threshold=0,
            minutes=1,
            breaching=1,
        ),
        "late-jobs": Rule(
            meaning=f"The oldest job waits longer than its contract's {late} s.",
            runbook="late-jobs",
            metrics={"age": of_queue(queue.name, "ApproximateAgeOfOldestMessage", "Age of the oldest message")},
            threshold=late,
            minutes=3,
            breaching=3,
        ),
    }


def _database(database: Database) -> dict[str, Rule]:
    connections = int(database.max_connections * _CONNECTIONS)
    return {
        "database-cpu": Rule(
            meaning=f"The database's CPU is over {_CPU} %.",
            runbook="database-cpu",
            metrics={"cpu": of_database(database.identifier, "CPUUtilization", "CPU, %")},
            threshold=_CPU,
            minutes=10,
            breaching=10,
        ),
        "database-storage": Rule(
            meaning=f"Less than {_STORAGE:.0%} of the database's first {database.storage_gib} GiB are free.",
            runbook="database-storage",
            metrics={"free": of_database(database.identifier, "FreeStorageSpace", "Free, bytes", "Minimum")},
            threshold=database.storage_gib * _GIB * _STORAGE,
            below=True,
            minutes=5,
            breaching=5,
        ),
        "database-connections": Rule(
            meaning=f"The database has more than {connections} connections.",
            runbook="database-connections",
            metrics={"connections": of_database(database.identifier, "DatabaseConnections", "Connections", "Maximum")},
            threshold=connections,
            minutes=5,
            breaching=5,
        ),
    }
