"""What a task's role needs to protect its own task from scale-in.

Creates no resource. Source: Amazon ECS Developer Guide, "Task scale-in protection endpoint": the agent asks ECS with
the task role's rights.
"""

from collections.abc import Mapping
from typing import Any

import pulumi


def protection(cluster_arn: pulumi.Input[str]) -> Mapping[str, Any]:
    """The statement, for tasks of one cluster: a task's own ARN is not known before it runs."""
    return {
        "Effect": "Allow",
        "Action": ["ecs:GetTaskProtection", "ecs:UpdateTaskProtection"],
        "Resource": pulumi.Output.from_input(cluster_arn).apply(_tasks),
    }


def _tasks(cluster_arn: str) -> str:
    """`arn:aws:ecs:REGION:ACCOUNT:cluster/NAME` has tasks `arn:aws:ecs:REGION:ACCOUNT:task/NAME/ID`."""
    return f"{cluster_arn.replace(':cluster/', ':task/', 1)}/*"
