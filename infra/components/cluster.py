"""The ECS cluster that both services run in.

Creates: cluster, with Container Insights where it is wanted, and its capacity providers; by setting, a log group of
what is typed and answered in shells of its tasks (ECS Exec).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pulumi
import pulumi_aws as aws

Insights = Literal["disabled", "enabled", "enhanced"]


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """`exec_log_days` is how long the logs of shells are kept; without it there are none, and no shells."""

    insights: Insights
    exec_log_days: int | None = None


class Cluster(pulumi.ComponentResource):
    """Attributes: `arn`, `name`, `insights` (whether Container Insights tells of it).

    `exec_statements` are what a task's role needs so that ECS Exec opens a shell in it. Services depend on the whole
    component: without capacity they cannot place a task.
    """

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:Cluster", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        logs = (
            aws.cloudwatch.LogGroup(f"{name}-exec", retention_in_days=args.exec_log_days, opts=child)
            if args.exec_log_days
            else None
        )
        cluster = aws.ecs.Cluster(
            name,
            settings=[aws.ecs.ClusterSettingArgs(name="containerInsights", value=args.insights)],
            configuration=_logged(logs) if logs else None,
            opts=child,
        )
        aws.ecs.ClusterCapacityProviders(
            name, cluster_name=cluster.name, capacity_providers=["FARGATE", "FARGATE_SPOT"], opts=child
        )
        self.arn, self.name, self.insights = cluster.arn, cluster.name, args.insights != "disabled"
        self.exec_statements: Sequence[Mapping[str, Any]] = _exec_statements(logs) if logs else ()
        self.register_outputs({"name": self.name})


def _logged(logs: aws.cloudwatch.LogGroup) -> aws.ecs.ClusterConfigurationArgs:
    return aws.ecs.ClusterConfigurationArgs(
        execute_command_configuration=aws.ecs.ClusterConfigurationExecuteCommandConfigurationArgs(
            logging="OVERRIDE",
            log_configuration=aws.ecs.ClusterConfigurationExecuteCommandConfigurationLogConfigurationArgs(
                cloud_watch_log_group_name=logs.name
            ),
        )
    )


def _exec_statements(logs: aws.cloudwatch.LogGroup) -> Sequence[Mapping[str, Any]]:
    """The agent in the task speaks to Systems Manager, whose message actions know no resource, and writes the log.

    Source: Amazon ECS Developer Guide, "Monitor Amazon ECS containers with ECS Exec", IAM permissions.
    """
    return (
        {
            "Effect": "Allow",
            "Action": [
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel",
            ],
            "Resource": "*",
        },
        {
            "Effect": "Allow",
            "Action": "logs:DescribeLogGroups",
            "Resource": logs.arn.apply(lambda arn: f"{arn.partition(':log-group:')[0]}:log-group:*"),
        },
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            "Resource": pulumi.Output.format("{0}:*", logs.arn),
        },
    )
