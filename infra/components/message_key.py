"""The key that messages are encrypted with, on the topic of events and, where it is configured, on queues.

Creates: a KMS key, whose policy lets SNS deliver to queues that are encrypted with it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.components.key_policy import key_policy

Statements = Sequence[Mapping[str, Any]]


class MessageKey(pulumi.ComponentResource):
    """Attributes: `arn`, and `statements`, which whoever sends or receives messages under this key needs."""

    def __init__(self, name: str, account_of: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:MessageKey", name, None, opts)
        key = aws.kms.Key(
            name,
            description="Encrypts messages",
            enable_key_rotation=True,
            deletion_window_in_days=7,
            policy=pulumi.Output.from_input(account_of).apply(
                lambda arn: key_policy(arn, "Deliveries", "sns.amazonaws.com")
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn: pulumi.Output[str] = key.arn
        # Source: SQS Developer Guide, "Key management": a producer needs both, a consumer the first.
        self.statements: Statements = [
            {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": key.arn}
        ]
        self.register_outputs({"arn": self.arn})
