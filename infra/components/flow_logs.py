"""Who talked to whom in the VPC, and who was refused.

Creates: log group, the role that writes into it, and the flow log.
"""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class FlowLogsArgs:
    """`retention_days` is one of CloudWatch Logs' (infra/settings/retention.py)."""

    vpc_id: pulumi.Input[str]
    vpc_arn: pulumi.Input[str]
    retention_days: int


class FlowLogs(pulumi.ComponentResource):
    """No attributes: nothing else uses it."""

    def __init__(self, name: str, args: FlowLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:FlowLogs", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        group = aws.cloudwatch.LogGroup(name, retention_in_days=args.retention_days, opts=child)
        role = aws.iam.Role(name, assume_role_policy=pulumi.Output.from_input(args.vpc_arn).apply(_trust), opts=child)
        rights = aws.iam.RolePolicy(name, role=role.name, policy=group.arn.apply(_rights), opts=child)
        aws.ec2.FlowLog(
            name,
            vpc_id=args.vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            tags={"Name": name},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[rights]),
        )
        self.register_outputs({})


def _trust(vpc_arn: str) -> str:
    """Only the delivery of flow logs, and only for flow logs of this account and region (no confused deputy).

    Source: VPC User Guide, "IAM role for publishing flow logs to CloudWatch Logs".
    """
    _, partition, _, region, account, _ = vpc_arn.split(":", 5)
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {
                        "StringEquals": {"aws:SourceAccount": account},
                        "ArnLike": {"aws:SourceArn": f"arn:{partition}:ec2:{region}:{account}:vpc-flow-log/*"},
                    },
                }
            ],
        }
    )


def _rights(group_arn: str) -> str:
    """What the delivery does in its log group; the group itself is there already."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": [
                        "logs:CreateLogStream",
                        "logs:DescribeLogGroups",
                        "logs:DescribeLogStreams",
                        "logs:PutLogEvents",
                    ],
                    "Resource": f"{group_arn}:*",
                }
            ],
        }
    )
