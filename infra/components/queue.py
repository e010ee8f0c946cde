"""A queue and its dead-letter queue, standard or FIFO, as every queue of the project is.

Creates: both queues, encrypted; redrive and redrive-allow policies; a policy for each that refuses plain HTTP and lets
in the topic that sends to it.
"""

import json
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.components.message_key import MessageKey, Statements

_LONG_POLL = 20  # seconds; SQS's longest: fewest empty receives
_LONGEST_RETENTION = 1_209_600  # seconds; SQS's longest


@dataclass(frozen=True, kw_only=True)
class Fifo:
    """How a FIFO queue works.

    Attributes:
        content_based_deduplication: equal bodies within five minutes are one message.
        high_throughput: deduplicate within a group only, and count SQS's limit for each group by itself.
    """

    content_based_deduplication: bool = True
    high_throughput: bool = False


@dataclass(frozen=True, kw_only=True)
class QueueArgs:
    """Times are in seconds.

    Attributes:
        visibility_timeout_seconds: how long a received message stays hidden.
        max_receive_count: receives after which a message goes to the dead-letter queue.
        retention_seconds: how long a message is kept.
        dlq_retention_seconds: the same of a dead letter; its age counts from when it was first sent.
        protect: refuse to delete the queues.
        fifo: None for a standard queue.
        physical_name: where the outside world needs a fixed one; `.fifo` is added to a FIFO queue's.
        key: encrypts the messages; SQS's own keys do without it.
        topic_arn: the topic that may send to the queue.
    """

    visibility_timeout_seconds: int = 30
    max_receive_count: int = 5
    retention_seconds: int = 345_600
    dlq_retention_seconds: int = _LONGEST_RETENTION
    protect: bool = False
    fifo: Fifo | None = None
    physical_name: str | None = None
    key: MessageKey | None = None
    topic_arn: pulumi.Input[str] | None = None


class Queue(pulumi.ComponentResource):
    """Attributes: `url`, `arn`, `name`, and the same of the dead-letter queue: `dlq_url`, `dlq_arn`, `dlq_name`.

    `redrive_policy` is the way from the one to the other, as JSON. `key_statements` are what its senders and receivers
    may do beside SQS's own actions.
    """

    def __init__(
        self,
        name: str,
        args: QueueArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        kind: str = "backlog:infra:Queue",
    ) -> None:
        if args.retention_seconds >= args.dlq_retention_seconds:
            raise ValueError(
                f"{name}: retention_seconds {args.retention_seconds} must be below dlq_retention_seconds "
                f"{args.dlq_retention_seconds}, else a dead letter may be gone before anyone looks"
            )
        super().__init__(kind, name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=args.protect)
        dead = aws.sqs.Queue(
            f"{name}-dead-letters",
            name=_physical(args, "_dead_letters"),
            message_retention_seconds=args.dlq_retention_seconds,
            **_kind(args),
            **encryption(args.key),
            opts=kept,
        )
        queue = aws.sqs.Queue(
            name,
            name=_physical(args),
            visibility_timeout_seconds=args.visibility_timeout_seconds,
            receive_wait_time_seconds=_LONG_POLL,
            message_retention_seconds=args.retention_seconds,
            **_kind(args),
            **encryption(args.key),
            opts=kept,
        )
        self.redrive_policy = pulumi.Output.json_dumps(
            {"deadLetterTargetArn": dead.arn, "maxReceiveCount": args.max_receive_count}
        )
        aws.sqs.RedrivePolicy(name, queue_url=queue.url, redrive_policy=self.redrive_policy, opts=child)
        aws.sqs.RedriveAllowPolicy(
            f"{name}-dead-letters",
            queue_url=dead.url,
            redrive_allow_policy=pulumi.Output.json_dumps(
                {
                    "redrivePermission": "byQueue",
                    "sourceQueueArns": [queue.arn],
                }
            ),
            opts=child,
        )
        for label, subject, sender in ((name, queue, args.topic_arn), (f"{name}-dead-letters", dead, None)):
            aws.sqs.QueuePolicy(label, queue_url=subject.url, policy=queue_policy(subject.arn, sender), opts=child)

        self.url, self.arn, self.name = queue.url, queue.arn, queue.name
        self.dlq_url, self.dlq_arn, self.dlq_name = dead.url, dead.arn, dead.name
        self.key_statements: Statements = args.key.statements if args.key else []
        self.register_outputs({"url": self.url, "dlqUrl": self.dlq_url})


def encryption(key: MessageKey | None) -> dict[str, Any]:
    """SQS takes one or the other: a key of KMS, or its own."""
    return {"kms_master_key_id": key.arn} if key else {"sqs_managed_sse_enabled": True}


def queue_policy(arn: pulumi.Input[str], topic_arn: pulumi.Input[str] | None = None) -> pulumi.Output[str]:
    """The policy of a queue: TLS only, and from SNS nothing but what the topic sends.

    Source: SNS Developer Guide, "Fanout to Amazon SQS queues": give permission to the topic to send messages.
    """
    return pulumi.Output.all(arn, topic_arn).apply(lambda both: _policy(*both))


def _policy(arn: str, topic_arn: str | None) -> str:
    tls_only = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": arn,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    topic = {
        "Sid": "Topic",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [tls_only, *([topic] if topic_arn else [])]})


def _physical(args: QueueArgs, suffix: str = "") -> str | None:
    return f"{args.physical_name}{suffix}{'.fifo' if args.fifo else ''}" if args.physical_name else None


def _kind(args: QueueArgs) -> dict[str, Any]:
    """Source: SQS Developer Guide, "High throughput for FIFO queues": the two settings that it needs."""
    if args.fifo is None:
        return {}
    return {
        "fifo_queue": True,
        "content_based_deduplication": args.fifo.content_based_deduplication,
        "deduplication_scope": "messageGroup" if args.fifo.high_throughput else "queue",
        "fifo_throughput_limit": "perMessageGroupId" if args.fifo.high_throughput else "perQueue",
    }
