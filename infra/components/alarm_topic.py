"""Where alarms are sent: an encrypted topic, and one address that reads it.

Creates: key with the policy that lets its publishers use it, topic, a policy that lets them publish and refuses plain
HTTP, and a subscription where an address is configured.
"""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components.key_policy import key_policy

#: Who tells something, and the ARNs of what they tell it of: alarms, and budgets, which are in no region.
_PUBLISHERS = {
    "Alarms": ("cloudwatch.amazonaws.com", "cloudwatch:{region}:{account}:alarm:*"),
    "Budgets": ("budgets.amazonaws.com", "budgets::{account}:*"),
}


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
        policy=pulumi.Output.from_input(args.account_of).apply(
            lambda arn: key_policy(arn, "Publishers", *(service for service, _ in _PUBLISHERS.values()))
        ),
        opts=opts,
    )
    topic = aws.sns.Topic(name, kms_master_key_id=key.arn, opts=opts)
    aws.sns.TopicPolicy(name, arn=topic.arn, policy=topic.arn.apply(_policy), opts=opts)
    if args.email:
        aws.sns.TopicSubscription(name, topic=topic.arn, protocol="email", endpoint=args.email, opts=opts)
    return topic


def _policy(topic_arn: str) -> str:
    """Nobody but these services publishes, for this account alone, and nobody without TLS.

    Sources: CloudWatch User Guide, "Notifying users on alarm changes"; AWS Cost Management User Guide, "Creating an
    Amazon SNS topic for budget notifications": a topic's first policy would not let budgets in.
    """
    _, partition, _, region, account, _ = topic_arn.split(":")
    publishers = [
        {
            "Sid": sid,
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sns:Publish",
            "Resource": topic_arn,
            "Condition": {
                "StringEquals": {"aws:SourceAccount": account},
                "ArnLike": {"aws:SourceArn": f"arn:{partition}:{of.format(region=region, account=account)}"},
            },
        }
        for sid, (service, of) in _PUBLISHERS.items()
    ]
    tls_only = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sns:Publish",
        "Resource": topic_arn,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [*publishers, tls_only]})
