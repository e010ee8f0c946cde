"""A role that ECS tasks of one account and region take, with one inline policy.

Creates: role and its policy.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class TaskRoleArgs:
    """`statements` are the policy's; `cluster_arn` says whose tasks may take the role: account and region are its."""

    cluster_arn: pulumi.Input[str]
    statements: Sequence[Mapping[str, Any]]


class TaskRole(pulumi.ComponentResource):
    """Attributes: `arn`. A service depends on the whole component: without its policy a task starts only to fail."""

    def __init__(self, name: str, args: TaskRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:TaskRole", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            name,
            assume_role_policy=pulumi.Output.from_input(args.cluster_arn).apply(_trust),
            opts=child,
        )
        aws.iam.RolePolicy(
            name,
            role=role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(args.statements)}),
            opts=child,
        )
        self.arn: pulumi.Output[str] = role.arn
        self.register_outputs({"arn": self.arn})


def _trust(cluster_arn: str) -> str:
    """Only ECS, and only for tasks of the cluster's own account and region (no confused deputy).

    The account is read from the cluster's ARN: it is right wherever the stack is, and no setting can contradict it.
    Source: Amazon ECS Developer Guide, "Amazon ECS task IAM role", trust policy.
    """
    _, partition, _, region, account, _ = cluster_arn.split(":", 5)
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {
                        "StringEquals": {"aws:SourceAccount": account},
                        "ArnLike": {"aws:SourceArn": f"arn:{partition}:ecs:{region}:{account}:*"},
                    },
                }
            ],
        }
    )
