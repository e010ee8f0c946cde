"""Who may use a key of KMS: the account rules it, and services of AWS may use it for this account alone.

Creates no resource.
"""

import json


def key_policy(arn: str, sid: str, *services: str) -> str:
    """The policy of a key in the account of `arn`, which is that of anything in the stack.

    Source: SNS Developer Guide, "Key management": compatibility between event sources and encrypted queues and topics.
    """
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
                    "Sid": sid,
                    "Effect": "Allow",
                    "Principal": {"Service": services[0] if len(services) == 1 else list(services)},
                    "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                    "Resource": "*",
                    "Condition": {"StringEquals": {"aws:SourceAccount": account}},
                },
            ],
        }
    )
