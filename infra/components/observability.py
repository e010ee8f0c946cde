"""What tells that the job contract is broken.

Creates: a topic that alarms are sent to, and the alarms on dead letters and on the oldest message's age.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components.messaging import JobQueue
from infra.job_contract import JobContract

_RUNBOOK = "Runbook: docs/runbooks"
_MINUTE = 60


@dataclass(frozen=True, kw_only=True)
class AlarmsArgs:
    """Thresholds are the contract's."""

    queue: JobQueue
    contract: JobContract


class Alarms(pulumi.ComponentResource):
    """Attributes: `topic_arn`, to subscribe to."""

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:Alarms", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        topic = aws.sns.Topic(name, opts=child)
        late = args.contract.oldest_message_alarm_seconds
        aws.cloudwatch.MetricAlarm(
            "dead-letters",
            namespace="AWS/SQS",
            metric_name="ApproximateNumberOfMessagesVisible",
            statistic="Maximum",
            dimensions={"QueueName": args.queue.dlq_name},
            comparison_operator="GreaterThanThreshold",
            threshold=0,
            period=_MINUTE,
            evaluation_periods=1,
            treat_missing_data="notBreaching",
            alarm_actions=[topic.arn],
            ok_actions=[topic.arn],
            alarm_description=f"A job failed for good and is in the dead-letter queue. {_RUNBOOK}/dead-letters.md",
            opts=child,
        )
        aws.cloudwatch.MetricAlarm(
            "late-jobs",
            namespace="AWS/SQS",
            metric_name="ApproximateAgeOfOldestMessage",
            statistic="Maximum",
            dimensions={"QueueName": args.queue.name},
            comparison_operator="GreaterThanThreshold",
            threshold=late,
            period=_MINUTE,
            evaluation_periods=3,
            treat_missing_data="notBreaching",
            alarm_actions=[topic.arn],
            ok_actions=[topic.arn],
            alarm_description=f"The oldest job waits longer than its contract's {late} s. {_RUNBOOK}/late-jobs.md",
            opts=child,
        )
        self.topic_arn: pulumi.Output[str] = topic.arn
        self.register_outputs({"topicArn": self.topic_arn})
