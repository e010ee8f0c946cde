"""Domain events: where they are told, and who is told of them.

Creates, as configured: the topic (see event_topic.py), the subscriptions (see event_subscription.py) with alarms on
what could not be delivered or was not worked on, and Kafka (see event_stream.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from infra.components import event_metrics
from infra.components.alarm import Rule, alarm
from infra.components.event_stream import EventStream, EventStreamArgs
from infra.components.event_subscription import EventSubscription, EventSubscriptionArgs
from infra.components.event_topic import EventTopic
from infra.components.message_key import MessageKey
from infra.components.metrics import of_queue, of_topic
from infra.settings.events import SubscriptionSettings

_LATE = 300  # seconds


@dataclass(frozen=True, kw_only=True)
class EventsArgs:
    """What there is of events.

    Attributes:
        key: the topic's; without one there is no topic.
        encrypt_queues: whether the subscribers' queues are encrypted with it, too.
        stream: Kafka; None without it.
        protect: refuse to delete the queues.
    """

    key: MessageKey | None
    encrypt_queues: bool
    stream: EventStreamArgs | None
    subscriptions: Sequence[SubscriptionSettings]
    alarm_topic_arn: pulumi.Input[str]
    protect: bool


class Events(pulumi.ComponentResource):
    """Attributes: `alarm_arns`, and `outputs`: topic, brokers and the subscribers' queues, for people and commands.

    Whoever changes something is told `environment`; who relays is told `relay_environment`, and may do `statements`.
    """

    def __init__(self, name: str, args: EventsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:Events", name, None, opts)
        self._name, self._args, self._child = name, args, pulumi.ResourceOptions(parent=self)
        self.outputs: dict[str, pulumi.Output[str]] = {}
        self.statements: list[Mapping[str, Any]] = []
        self.relay_environment: dict[str, pulumi.Input[str]] = {}
        rules: dict[str, Rule] = {}
        streams = []
        if args.key:
            streams.append("sns")
            rules = self._topic(args.key)
        if args.stream:
            streams.append("kafka")
            stream = EventStream(name, args.stream, opts=self._child)
            self.outputs["event_brokers"] = stream.brokers
            self.relay_environment |= stream.environment
            self.statements += stream.statements
        self.environment: dict[str, pulumi.Input[str]] = {"EVENT_STREAMS": ",".join(streams)}
        self.relay_environment |= self.environment | event_metrics.environment()
        rules |= {f"{name}-{stream}-late": _late(stream) for stream in streams}
        self.alarm_arns = [alarm(label, rule, args.alarm_topic_arn, self._child).arn for label, rule in rules.items()]
        self.register_outputs({})

    def _topic(self, key: MessageKey) -> dict[str, Rule]:
        """The topic and its subscriptions; returns their alarms' rules."""
        topic = EventTopic(self._name, key, opts=self._child)
        self.outputs["event_topic"] = topic.arn
        self.relay_environment["EVENT_TOPIC_ARN"] = topic.arn
        self.statements += [*topic.statements, *key.statements]
        rules = {f"{self._name}-not-delivered": _not_delivered(topic)}
        for wanted in self._args.subscriptions:
            rules |= dict(self._subscription(topic, wanted, key if self._args.encrypt_queues else None))
        return rules

    def _subscription(
        self, topic: EventTopic, wanted: SubscriptionSettings, key: MessageKey | None
    ) -> Iterator[tuple[str, Rule]]:
        name = f"{self._name}-{wanted.name}"
        output = name.replace("-", "_")
        args = EventSubscriptionArgs(topic=topic, settings=wanted, key=key, protect=self._args.protect)
        made = EventSubscription(name, args, opts=self._child)
        if made.queue:
            self.outputs |= {f"{output}_queue_url": made.queue.url, f"{output}_dlq_url": made.queue.dlq_url}
            yield f"{name}-dead-letters", _dead_letters(made.queue.dlq_name, wanted.name)
        if made.undelivered_url is not None and made.undelivered_name is not None:
            self.outputs[f"{output}_undelivered_dlq_url"] = made.undelivered_url
            yield f"{name}-undelivered", _undelivered(made.undelivered_name, wanted.name)


def _late(stream: str) -> Rule:
    """The worker tells it (backlog_worker/relay.py); where no worker runs, whoever adds a job starts one."""
    return Rule(
        meaning=f"Events have waited for {stream} for more than {_LATE // 60} minutes.",
        runbook="late-events",
        metrics={"lag": event_metrics.lag(stream)},
        threshold=_LATE,
        minutes=5,
        breaching=3,
    )


def _not_delivered(topic: EventTopic) -> Rule:
    return Rule(
        meaning="SNS could not deliver an event to a subscriber.",
        runbook="undelivered-events",
        metrics={"failed": of_topic(topic.name, "NumberOfNotificationsFailed", "Deliveries that failed")},
        threshold=0,
        minutes=1,
        breaching=1,
    )


def _undelivered(queue: pulumi.Input[str], subscription: str) -> Rule:
    return Rule(
        meaning=f"Events that SNS could not deliver to {subscription} wait for a redrive.",
        runbook="undelivered-events",
        metrics={"letters": of_queue(queue, "ApproximateNumberOfMessagesVisible", "Events not delivered")},
        threshold=0,
        minutes=1,
        breaching=1,
    )


def _dead_letters(queue: pulumi.Input[str], subscription: str) -> Rule:
    return Rule(
        meaning=f"The subscriber {subscription} failed with an event, as often as its queue lets it.",
        runbook="event-dead-letters",
        metrics={"letters": of_queue(queue, "ApproximateNumberOfMessagesVisible", "Dead letters")},
        threshold=0,
        minutes=1,
        breaching=1,
    )
