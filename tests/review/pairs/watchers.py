"""Changes of what watches and tells."""

import json

import pulumi_aws as aws

from infra.review.finding import Verdict
from tests.review.pairs import Pair, Program


def watched(*, alarm: bool = True, tells: bool = True, threshold: int = 0, letters: bool = True) -> Program:
    """A queue, its dead letters, and an alarm when there are any."""

    def program() -> None:
        dead = aws.sqs.Queue("letters", message_retention_seconds=1_209_600)
        policy = dead.arn.apply(lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5}))
        aws.sqs.Queue("jobs", redrive_policy=policy if letters else None)
        topic = aws.sns.Topic("alarms")
        if alarm:
            aws.cloudwatch.MetricAlarm(
                "letters",
                namespace="AWS/SQS",
                metric_name="ApproximateNumberOfMessagesVisible",
                dimensions={"QueueName": dead.name},
                statistic="Maximum",
                period=60,
                evaluation_periods=1,
                comparison_operator="GreaterThanThreshold",
                threshold=threshold,
                alarm_actions=[topic.arn] if tells else [],
            )

    return program


PAIRS = [
    Pair(
        "an alarm is deleted",
        watched(),
        watched(alarm=False),
        Verdict.LOOK,
        says=("cloudwatch/MetricAlarm letters is deleted: nobody is told of what was watched",),
    ),
    Pair(
        "an alarm tells nobody any more",
        watched(),
        watched(tells=False),
        Verdict.LOOK,
        says=("cloudwatch/MetricAlarm letters tells nobody any more",),
    ),
    Pair(
        "an alarm has another threshold",
        watched(),
        watched(threshold=1),
        Verdict.SAFE,
        never_says=("tells nobody", "is deleted"),
    ),
    Pair(
        "a queue loses its dead letters",
        watched(),
        watched(letters=False),
        Verdict.LOOK,
        says=("sqs/Queue jobs loses its redrivePolicy: a message that always fails is tried until it is",),
    ),
    Pair(
        "a queue gets dead letters",
        watched(letters=False),
        watched(),
        Verdict.LOOK,
        says=("sqs/Queue jobs: a dead-letter queue: a message is set aside after 5 attempts",),
    ),
]
