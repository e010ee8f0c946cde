"""The ECS cluster that both services run in.

Creates: cluster with Container Insights (the worker scales by its RunningTaskCount), and its capacity providers.
"""

import pulumi
import pulumi_aws as aws


class Cluster(pulumi.ComponentResource):
    """Attributes: `arn`, `name`. Services depend on the whole component: without capacity they cannot place a task."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:Cluster", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        cluster = aws.ecs.Cluster(
            name, settings=[aws.ecs.ClusterSettingArgs(name="containerInsights", value="enabled")], opts=child
        )
        aws.ecs.ClusterCapacityProviders(
            name, cluster_name=cluster.name, capacity_providers=["FARGATE", "FARGATE_SPOT"], opts=child
        )
        self.arn, self.name = cluster.arn, cluster.name
        self.register_outputs({"name": self.name})
