"""One subscription to the domain events, by a filter on their types.

Creates: the subscription; for SQS a queue of its own with its dead-letter queue (see queue.py); and, but for mail, a
queue that takes what SNS could not deliver.
"""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components.event_topic import EventTopic
from infra.components.message_key import MessageKey
from infra.components.queue import Queue, QueueArgs, encryption, queue_policy
from infra.settings.events import SubscriptionSettings

_KEPT = 1_209_600  # seconds; SQS's longest


@dataclass(frozen=True, kw_only=True)
class EventSubscriptionArgs:
    """`key` encrypts the queues, if given; `protect` refuses to delete them."""

    topic: EventTopic
    settings: SubscriptionSettings
    key: MessageKey | None
    protect: bool


class EventSubscription(pulumi.ComponentResource):
    """Attributes: `queue`, None unless the protocol is sqs; `undelivered_url` and `undelivered_name`, None for mail."""

    def __init__(self, name: str, args: EventSubscriptionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:EventSubscription", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        wanted, topic = args.settings, args.topic
        self.queue: Queue | None = None
        self.undelivered_url: pulumi.Output[str] | None = None
        self.undelivered_name: pulumi.Output[str] | None = None
        redrive = None
        if wanted.protocol == "sqs":
            self.queue = Queue(name, QueueArgs(key=args.key, protect=args.protect, topic_arn=topic.arn), opts=child)
        if wanted.protocol != "email":
            undelivered = aws.sqs.Queue(
                f"{name}-undelivered",
                message_retention_seconds=_KEPT,
                **encryption(args.key),
                opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
            )
            aws.sqs.QueuePolicy(
                f"{name}-undelivered",
                queue_url=undelivered.url,
                policy=queue_policy(undelivered.arn, topic.arn),
                opts=child,
            )
            redrive = pulumi.Output.json_dumps({"deadLetterTargetArn": undelivered.arn})
            self.undelivered_url, self.undelivered_name = undelivered.url, undelivered.name
        aws.sns.TopicSubscription(
            name,
            topic=topic.arn,
            protocol=wanted.protocol,
            endpoint=self.queue.arn if self.queue else wanted.endpoint,
            filter_policy=json.dumps({"type": list(wanted.types)}) if wanted.types else None,
            filter_policy_scope=wanted.filter_on if wanted.types else None,
            raw_message_delivery=wanted.raw or None,
            redrive_policy=redrive,
            # What is published before the queue's policy is there could not be delivered.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.queue] if self.queue else []),
        )
        self.register_outputs({})
