"""The queue practical: everything that a person who follows it sends to and receives from.

Creates: a standard and a FIFO queue by the practical's names, each with its dead-letter queue (see queue.py); an
encrypted topic (see event_topic.py) that fans out to two queues more by filter policies; the lab's image in its
repository (see registry.py).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.components.event_topic import EventTopic
from infra.components.message_key import MessageKey
from infra.components.queue import Fifo, Queue, QueueArgs
from infra.components.registry import ServiceImage, ServiceImageArgs

#: What other clients of the practical look for: a fixed name, and so one lab in a region of an account.
NAME = "csse6400_prac"
#: Receives after which a message goes to the dead letters: few, so that a person sees it happen.
_ATTEMPTS = 3
#: Who subscribes to the topic, by the attribute `client` of what is sent: all that say who they are, and alice alone.
_SUBSCRIBERS: Mapping[str, Mapping[str, Any]] = {
    "everyone": {"client": [{"exists": True}]},
    "alice": {"client": ["alice"]},
}


@dataclass(frozen=True, kw_only=True)
class QueueLabArgs:
    """How the lab's image is built; `protect` refuses to delete the queues."""

    image: ServiceImageArgs
    protect: bool


class QueueLab(pulumi.ComponentResource):
    """Attributes: `outputs`, what the stack tells: the ARNs `mailbox` and `fifo`, URLs, topic and image."""

    def __init__(self, name: str, args: QueueLabArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:QueueLab", name, None, opts)
        self._name, self._args, self._child = name, args, pulumi.ResourceOptions(parent=self)
        mailbox, fifo = self._queue("mailbox"), self._queue("fifo", fifo=Fifo())
        topic = EventTopic(name, MessageKey(name, mailbox.arn, opts=self._child), opts=self._child)
        subscribers = {who: self._subscriber(who, topic) for who in _SUBSCRIBERS}
        image = ServiceImage(name, args.image, opts=self._child)
        urls = {"mailbox": mailbox, "fifo": fifo, **subscribers}
        self.outputs: dict[str, pulumi.Output[str]] = {
            "mailbox": mailbox.arn,
            "fifo": fifo.arn,
            **{f"{each}_url": queue.url for each, queue in urls.items()},
            **{f"{each}_dlq_url": queue.dlq_url for each, queue in urls.items()},
            "topic": topic.arn,
            "lab_image": image.digest,
        }
        self.register_outputs({})

    def _queue(
        self, who: str, physical: str = NAME, fifo: Fifo | None = None, topic: pulumi.Input[str] | None = None
    ) -> Queue:
        args = QueueArgs(
            physical_name=physical,
            fifo=fifo,
            topic_arn=topic,
            max_receive_count=_ATTEMPTS,
            protect=self._args.protect,
        )
        return Queue(f"{self._name}-{who}", args, opts=self._child)

    def _subscriber(self, who: str, topic: EventTopic) -> Queue:
        """A queue that gets a copy of what its filter lets through, as it was sent."""
        queue = self._queue(who, f"{NAME}_{who}", topic=topic.arn)
        aws.sns.TopicSubscription(
            f"{self._name}-{who}",
            topic=topic.arn,
            protocol="sqs",
            endpoint=queue.arn,
            filter_policy=json.dumps(_SUBSCRIBERS[who]),
            filter_policy_scope="MessageAttributes",
            raw_message_delivery=True,
            # What is published before the queue's policy is there could not be delivered.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[queue]),
        )
        return queue
