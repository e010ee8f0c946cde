"""The queue as the worker's own threads see it, beside kombu: how much is on it, and how long messages stay hidden."""

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from backlog_todos.broker import Patience, Sqs
from backlog_worker.depth import Depth
from backlog_worker.settings import WorkerSettings

#: Whoever calls tries again by itself, or has no time for it: of the stop timeout little is left when a job is handed
#: back (infra/job_contract.py).
_HURRY = Patience(connect=1, answer=1, tries=1)
_WAITING = "ApproximateNumberOfMessages"
_HIDDEN = ("ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")


class SqsQueue:
    """Calls of SQS. Each raises what botocore raises (BotoCoreError, ClientError)."""

    def __init__(self, broker: Sqs) -> None:
        self._url = broker.queue_url
        self._client: Any = boto3.client("sqs", region_name=broker.region, config=Config(**broker.client(_HURRY)))

    def depth(self) -> Depth:
        """How many messages there are; SQS says it approximately."""
        answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=[_WAITING, *_HIDDEN])
        counts = {name: int(count) for name, count in answer["Attributes"].items()}
        return Depth(waiting=counts[_WAITING], hidden=sum(counts[name] for name in _HIDDEN))

    def hide(self, receipt: str, seconds: int) -> None:
        """Hide a received message for so many seconds from now; with 0 others see it at once."""
        self._client.change_message_visibility(QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=seconds)


def queue(settings: WorkerSettings) -> SqsQueue:
    """That of the environment; one client serves all threads of the process.

    Raises:
        TypeError: the broker is another.
    """
    if not isinstance(settings.broker, Sqs):
        raise TypeError("the broker is not SQS")
    return _made(settings.broker)


@cache
def _made(broker: Sqs) -> SqsQueue:
    return SqsQueue(broker)
