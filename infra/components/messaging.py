"""The queue of jobs and its dead letters.

Creates: queue and dead-letter queue, encrypted; redrive and redrive-allow policies; a policy for each that refuses
plain HTTP. All numbers are the job contract's.
"""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.job_contract import JobContract

_LONG_POLL = 20  # seconds; SQS's longest: fewest empty receives


@dataclass(frozen=True, kw_only=True)
class JobQueueArgs:
    """The contract that the queues' numbers come from; `protect` refuses to delete them."""

    contract: JobContract
    protect: bool


class JobQueue(pulumi.ComponentResource):
    """Attributes: `url`, `arn`, `name`, and the same of the dead-letter queue: `dlq_url`, `dlq_arn`, `dlq_name`."""

    def __init__(self, name: str, args: JobQueueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:JobQueue", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=args.protect)
        contract = args.contract
        dead = aws.sqs.Queue(
            f"{name}-dead-letters",
            message_retention_seconds=contract.dlq_retention_seconds,
            sqs_managed_sse_enabled=True,
            opts=kept,
        )
        queue = aws.sqs.Queue(
            name,
            visibility_timeout_seconds=contract.visibility_timeout_seconds,
            receive_wait_time_seconds=_LONG_POLL,
            message_retention_seconds=contract.message_retention_seconds,
            sqs_managed_sse_enabled=True,
            opts=kept,
        )
        aws.sqs.RedrivePolicy(
            name,
            queue_url=queue.url,
            redrive_policy=pulumi.Output.json_dumps(
                {
                    "deadLetterTargetArn": dead.arn,
                    "maxReceiveCount": contract.max_receive_count,
                }
            ),
            opts=child,
        )
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
        for label, subject in ((name, queue), (f"{name}-dead-letters", dead)):
            aws.sqs.QueuePolicy(label, queue_url=subject.url, policy=subject.arn.apply(_tls_only), opts=child)

        self.url, self.arn, self.name = queue.url, queue.arn, queue.name
        self.dlq_url, self.dlq_arn, self.dlq_name = dead.url, dead.arn, dead.name
        self.register_outputs({"url": self.url, "dlqUrl": self.dlq_url})


def _tls_only(arn: str) -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "TlsOnly",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "sqs:*",
                    "Resource": arn,
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ],
        }
    )
