"""Where alarms are sent: an encrypted topic, and one address that reads it.

Creates: key with the policy that lets CloudWatch use it, topic, and a subscription where an address is configured.
"""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class AlarmTopicArgs:
    """`account_of` is the ARN of anything in the stack's account; `email` is asked by SNS to confirm."""

    account_of: pulumi.Input[str]
    email: str | None


def alarm_topic(name: str, args: AlarmTopicArgs, opts: pulumi.ResourceOptions) -> aws.sns.Topic:
    """The topic. Its key is the stack's own: SNS's managed key cannot be used by CloudWatch, and alarms would be lost.

    Source: SNS Developer Guide, "Key management": compatibility between event sources and encrypted topics.
    """
    key = aws.kms.Key(
        name,
        description="Encrypts what alarms say",
        enable_key_rotation=True,
        deletion_window_in_days=7,
        policy=pulumi.Output.from_input(args.account_of).apply(_key_policy),
        opts=opts,
    )
    topic = aws.sns.Topic(name, kms_master_key_id=key.arn, opts=opts)
    if args.email:
        aws.sns.TopicSubscription(name, topic=topic.arn, protocol="email", endpoint=args.email, opts=opts)
    return topic


def _key_policy(arn: str) -> str:
    """The account rules its key; CloudWatch may use it for alarms of this account alone."""
    _, partition, _, _, account, _ = arn.split(":", 5)
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "Account",
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
                    "Action": "kms:*",
                    "Resource": "*",
                },
                {
                    "Sid": "Alarms",
                    "Effect": "Allow",
                    "Principal": {"Service": "cloudwatch.amazonaws.com"},
                    "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                    "Resource": "*",
                    "Condition": {"StringEquals": {"aws:SourceAccount": account}},
                },
            ],
        }
    )
