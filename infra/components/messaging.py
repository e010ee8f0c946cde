"""The queue of jobs: a queue (see queue.py) all of whose numbers are the job contract's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from infra.components.broker import Broker, Jobs
from infra.components.message_key import MessageKey
from infra.components.metrics import of_queue
from infra.components.queue import Queue, QueueArgs
from infra.job_contract import JobContract


@dataclass(frozen=True, kw_only=True)
class JobQueueArgs:
    """The contract that the numbers come from; `protect` refuses to delete the queues; `key` encrypts, if given."""

    contract: JobContract
    protect: bool
    key: MessageKey | None = None


class JobQueue(Queue):
    """A queue of jobs. `broker` is all that the stack asks of it."""

    def __init__(self, name: str, args: JobQueueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        contract = args.contract
        numbers = QueueArgs(
            visibility_timeout_seconds=contract.visibility_timeout_seconds,
            max_receive_count=contract.max_receive_count,
            retention_seconds=contract.message_retention_seconds,
            dlq_retention_seconds=contract.dlq_retention_seconds,
            protect=args.protect,
            key=args.key,
        )
        super().__init__(name, numbers, opts, kind="backlog:infra:JobQueue")
        declared = {
            "jobs": {
                "url": self.url,
                "attributes": contract.queue_attributes() | {"RedrivePolicy": self.redrive_policy},
            },
            "dead letters": {
                "url": self.dlq_url,
                "attributes": {"MessageRetentionPeriod": str(contract.dlq_retention_seconds)},
            },
        }
        self.broker = _broker(self, declared)


def _broker(queue: JobQueue, declared: Mapping[str, Any]) -> Broker:
    return Broker(
        resource=queue,
        environment={"QUEUE_URL": queue.url},
        send=[
            {
                "Effect": "Allow",
                "Action": ["sqs:GetQueueAttributes", "sqs:SendMessage"],
                "Resource": queue.arn,
            },
            # The page shows how many jobs failed for good.
            {"Effect": "Allow", "Action": "sqs:GetQueueAttributes", "Resource": queue.dlq_arn},
            *queue.key_statements,
        ],
        # SendMessage is the reconciler's: it sends again what the queue lost.
        work=[
            {
                "Effect": "Allow",
                "Resource": queue.arn,
                "Action": [
                    "sqs:ChangeMessageVisibility",
                    "sqs:DeleteMessage",
                    "sqs:GetQueueAttributes",
                    "sqs:ReceiveMessage",
                    "sqs:SendMessage",
                ],
            },
            *queue.key_statements,
        ],
        jobs=Jobs(
            waiting=of_queue(queue.name, "ApproximateNumberOfMessagesVisible", "Messages waiting"),
            working=of_queue(queue.name, "ApproximateNumberOfMessagesNotVisible", "Messages at work"),
            dead_letters=of_queue(queue.dlq_name, "ApproximateNumberOfMessagesVisible", "Dead letters"),
            oldest=of_queue(queue.name, "ApproximateAgeOfOldestMessage", "Age of the oldest message"),
        ),
        asked={
            "received": of_queue(queue.name, "NumberOfMessagesReceived", "Messages received", "Sum"),
            "asked": of_queue(queue.name, "NumberOfEmptyReceives", "Empty receives", "Sum"),
        },
        exports={"queue_url": queue.url, "dlq_url": queue.dlq_url},
        declared=declared,
    )
