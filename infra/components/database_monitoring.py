"""What RDS tells CloudWatch of an instance beside metrics: PostgreSQL's logs, and its machine's processes.

Creates: a log group for each kind of log; where enhanced monitoring is on, the role that RDS takes for it.
"""

import json
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws


def log_groups(
    name: str, identifier: pulumi.Input[str], kinds: Sequence[str], *, days: int, opts: pulumi.ResourceOptions
) -> list[aws.cloudwatch.LogGroup]:
    """The groups that RDS writes an instance's logs to. It would make them itself, kept for ever, and leave them.

    Source: RDS User Guide, "Publishing PostgreSQL logs to Amazon CloudWatch Logs".
    """
    return [
        aws.cloudwatch.LogGroup(
            f"{name}-{kind}",
            name=pulumi.Output.format("/aws/rds/instance/{0}/{1}", identifier, kind),
            retention_in_days=days,
            opts=opts,
        )
        for kind in kinds
    ]


def monitoring_role(
    name: str, account_of: pulumi.Input[str], identifier: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> tuple[aws.iam.Role, aws.iam.RolePolicyAttachment]:
    """The role for enhanced monitoring, and the policy that RDS demands of it; for this one instance alone.

    Source: RDS User Guide, "Setting up and enabling Enhanced Monitoring".
    """
    role = aws.iam.Role(
        name,
        assume_role_policy=pulumi.Output.all(account_of, identifier).apply(lambda known: _trust(*known)),
        opts=opts,
    )
    policy = pulumi.Output.from_input(account_of).apply(
        lambda arn: f"arn:{arn.split(':')[1]}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
    )
    return role, aws.iam.RolePolicyAttachment(name, role=role.name, policy_arn=policy, opts=opts)


def _trust(account_of: str, identifier: str) -> str:
    _, partition, _, region, account, _ = account_of.split(":", 5)
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "monitoring.rds.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {
                        "StringEquals": {
                            "aws:SourceAccount": account,
                            "aws:SourceArn": f"arn:{partition}:rds:{region}:{account}:db:{identifier}",
                        }
                    },
                }
            ],
        }
    )
