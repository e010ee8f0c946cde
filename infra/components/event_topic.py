"""Where domain events are told: an encrypted topic.

Creates: topic, and a policy that refuses plain HTTP.
"""

import json

import pulumi
import pulumi_aws as aws

from infra.components.message_key import MessageKey, Statements


class EventTopic(pulumi.ComponentResource):
    """Attributes: `arn`, `name`, and `statements`, which the publisher needs beside those of the key."""

    def __init__(self, name: str, key: MessageKey, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:EventTopic", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        topic = aws.sns.Topic(name, kms_master_key_id=key.arn, opts=child)
        aws.sns.TopicPolicy(name, arn=topic.arn, policy=topic.arn.apply(_tls_only), opts=child)
        self.arn: pulumi.Output[str] = topic.arn
        self.name: pulumi.Output[str] = topic.name
        self.statements: Statements = [{"Effect": "Allow", "Action": "sns:Publish", "Resource": topic.arn}]
        self.register_outputs({"arn": self.arn})


def _tls_only(arn: str) -> str:
    """A topic's policy can't speak of `sns:*`: of what it may name, publishing carries data.

    Source: SNS Developer Guide, "Data protection": enforce encryption of data in transit.
    """
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "TlsOnly",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "sns:Publish",
                    "Resource": arn,
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ],
        }
    )
