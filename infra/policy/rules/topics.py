"""SNS."""

from collections.abc import Iterator

from infra.policy.resources import Resource, Stack
from infra.policy.rule import Severity, rule
from infra.policy.rules.statements import open_to_anyone

TOPIC = "aws:sns/topic:Topic"
POLICY = "aws:sns/topicPolicy:TopicPolicy"


@rule(
    "sns-encrypted", TOPIC, control="SNS.1", severity=Severity.MEDIUM,
    why="What is published lies on disks in clear.",
    mend="Set kms_master_key_id; for alarms a key of one's own, whose policy lets cloudwatch.amazonaws.com use it.",
)  # fmt: skip
def encrypted(topic: Resource, _: Stack) -> Iterator[str]:
    if not topic.get("kmsMasterKeyId"):
        yield "is not encrypted"


@rule(
    "sns-not-public", TOPIC, POLICY, control="SNS.4", severity=Severity.CRITICAL,
    why="Anyone can publish to the topic, or subscribe to it.",
    mend="Name the principals, or add a condition on aws:SourceArn, aws:SourceAccount or aws:SourceOwner.",
)  # fmt: skip
def not_public(topic: Resource, _: Stack) -> Iterator[str]:
    if open_to_anyone(topic.document("policy")):
        yield "lets anyone publish or subscribe"
