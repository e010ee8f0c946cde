"""What tells that something is broken before its users do.

Creates: the topic that alarms are sent to (see alarm_topic.py), and the alarms on API, way in (entrance_alarms.py),
queue and database. A service adds its own, on missing tasks (fargate_service.py).
"""

from dataclasses import dataclass

import pulumi

from infra.components.alarm import Rule, alarm
from infra.components.alarm_topic import AlarmTopicArgs, alarm_topic
from infra.components.broker import Broker
from infra.components.database import Database
from infra.components.database_alarms import database_rules
from infra.components.entrance_alarms import entrance
from infra.components.load_balancer import LoadBalancer
from infra.components.metrics import Balancer
from infra.connections import Connections
from infra.job_contract import JobContract

_ERRORS = 5  # percent of requests
_FEWEST_ERRORS = 3  # a minute; one failed request of two is no incident
_LATENCY = 1.0  # seconds, p99


@dataclass(frozen=True, kw_only=True)
class AlarmsArgs:
    """Thresholds are the contract's for the queue, and the pools' for connections.

    `email` gets every alarm, once it has confirmed.
    """

    region: str
    broker: Broker
    contract: JobContract
    load_balancer: LoadBalancer
    database: Database
    connections: Connections
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
            **entrance(args.load_balancer, args.region),
            **_queue(args.broker, args.contract),
            **args.broker.alarms,
            **database_rules(args.database, args.connections),
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


def _queue(broker: Broker, contract: JobContract) -> dict[str, Rule]:
    late = contract.oldest_message_alarm_seconds
    return {
        "dead-letters": Rule(
            meaning="A job failed for good and is in the dead-letter queue.",
            runbook="dead-letters",
            metrics={"letters": broker.jobs.dead_letters},
            threshold=0,
            minutes=1,
            breaching=1,
        ),
        "late-jobs": Rule(
            meaning=f"The oldest job waits longer than its contract's {late} s.",
            runbook="late-jobs",
            metrics={"age": broker.jobs.oldest},
            threshold=late,
            minutes=3,
            breaching=3,
        ),
    }
