"""The technologies side by side: what each is called, how a queue of it is made, and how its messages fan out."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backlog_lab.technologies.mailbox import DEAD_LETTERS, Mailbox, Terms
from backlog_lab.technologies.opening import opened
from local.machine.emulator import Emulator

#: Seconds that a received message is hidden, where a technology knows such a time; short, as people wait for it.
VISIBILITY = 2
ATTEMPTS = 3
SUBSCRIBERS = ("first", "second")


@dataclass(frozen=True)
class Place:
    """Where one sends to, receives from, and finds what failed too often: names that `queue-lab` takes."""

    send_to: str
    receive_from: str
    dead_letters: str


@dataclass(frozen=True)
class Technology:
    """One of them.

    Attributes:
        key: for file names and tests.
        url: of queue-lab's --endpoint-url; None for AWS's.
        made: makes a queue by its name; where clients declare it themselves, it only says where it is.
        fans_out: makes a sender, and a receiver for each subscriber; None where a queue has one reader of a message.
        settles: seconds until receivers that have just come share the work.
    """

    key: str
    title: str
    url: str | None
    made: Callable[[str], Place]
    fans_out: Callable[[str], tuple[Mailbox, Sequence[Mailbox]]] | None
    settles: float = 0.3

    def open(self, name: str, group: str = "lab") -> Mailbox:
        """A connection of its own to a queue."""
        return opened(name, self.url, None, Terms(visibility=VISIBILITY, attempts=ATTEMPTS, group=group))


def technologies(aws: Emulator, urls: Mapping[str, str]) -> list[Technology]:
    """All whose servers there are; `urls` are those of local.lab.servers, by the names of their variables."""
    amazon = _Amazon(aws)
    found = [
        Technology("sqs", "SQS standard", None, amazon.queue, None),
        Technology("sqs-fifo", "SQS FIFO", None, amazon.fifo, None),
        Technology("sns-sqs", "SNS → SQS", None, amazon.topic, amazon.fan_out),
    ]
    for key, title, settles in (("rabbitmq", "RabbitMQ", 0.3), ("valkey", "Valkey", 0.3), ("kafka", "Kafka", 4.0)):
        if url := urls.get(f"{key.upper()}_URL"):
            fans_out = _bound if key == "rabbitmq" else _grouped
            found.append(Technology(key, title, url, _declared, _with(fans_out, url), settles))
    return found


@dataclass(frozen=True)
class _Amazon:
    aws: Emulator

    def queue(self, name: str, attributes: Mapping[str, str] | None = None, ending: str = "") -> Place:
        """A queue and its dead-letter queue."""
        dead, fixed = f"{name}{DEAD_LETTERS}{ending}", dict(attributes or {})
        arn = self._arn(self.aws.sqs.create_queue(QueueName=dead, Attributes=fixed)["QueueUrl"])
        redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": ATTEMPTS})
        more = {"VisibilityTimeout": str(VISIBILITY), "RedrivePolicy": redrive}
        self.aws.sqs.create_queue(QueueName=f"{name}{ending}", Attributes=fixed | more)
        return Place(f"{name}{ending}", f"{name}{ending}", dead)

    def fifo(self, name: str) -> Place:
        return self.queue(name, {"FifoQueue": "true", "ContentBasedDeduplication": "true"}, ".fifo")

    def topic(self, name: str) -> Place:
        """A topic with one subscriber."""
        arn = str(self.aws.sns.create_topic(Name=name)["TopicArn"])
        place = self._subscribed(arn, name)
        return Place(arn, place.receive_from, place.dead_letters)

    def fan_out(self, name: str) -> tuple[Mailbox, Sequence[Mailbox]]:
        arn = str(self.aws.sns.create_topic(Name=name)["TopicArn"])
        places = [self._subscribed(arn, f"{name}-{who}") for who in SUBSCRIBERS]
        return opened(arn, None, None, Terms()), [opened(place.receive_from, None, None, Terms()) for place in places]

    def _subscribed(self, topic: str, name: str) -> Place:
        place = self.queue(name)
        url = self.aws.sqs.get_queue_url(QueueName=name)["QueueUrl"]
        self.aws.sns.subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=self._arn(url), Attributes={"RawMessageDelivery": "true"}
        )
        return place

    def _arn(self, url: str) -> str:
        found = self.aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(found["Attributes"]["QueueArn"])


def _declared(name: str) -> Place:
    return Place(name, name, f"{name}{DEAD_LETTERS}")


def _bound(url: str, name: str) -> tuple[Mailbox, Sequence[Mailbox]]:
    """A queue for each subscriber, bound to one exchange."""
    from backlog_lab.technologies.rabbitmq import RabbitMq  # noqa: PLC0415 - its client is optional

    queues = [RabbitMq(url, f"{name}-{who}", Terms()) for who in SUBSCRIBERS]
    for queue in queues:
        queue.bind(name)
    return RabbitMq(url, name, Terms(), exchange=name), queues


def _grouped(url: str, name: str) -> tuple[Mailbox, Sequence[Mailbox]]:
    """A group for each subscriber."""
    return opened(name, url, None, Terms()), [opened(name, url, None, Terms(group=who)) for who in SUBSCRIBERS]


def _with(fans_out: Any, url: str) -> Callable[[str], tuple[Mailbox, Sequence[Mailbox]]]:
    return lambda name: fans_out(url, name)
