"""How many tasks of a service run and should: by Container Insights, or by what ECS says for nothing.

Creates no resource.
"""

from dataclasses import dataclass

import pulumi

from infra.components.metrics import Metric, of_service


@dataclass(frozen=True, kw_only=True)
class TaskMetrics:
    """A service's tasks; `insights` says whether its cluster has Container Insights."""

    cluster: pulumi.Input[str]
    service: pulumi.Input[str]
    insights: bool

    def running(self, label: str = "Tasks running") -> Metric:
        """Running tasks; missing when there is none.

        Each task tells its CPU once a minute, so that the number of samples in a minute is that of the tasks.
        Source: Amazon ECS Developer Guide, "CloudWatch metrics": service RUNNING task count.
        """
        if self.insights:
            return of_service(self.cluster, self.service, "RunningTaskCount", label)
        return Metric(
            namespace="AWS/ECS",
            name="CPUUtilization",
            statistic="SampleCount",
            label=label,
            dimensions={"ClusterName": self.cluster, "ServiceName": self.service},
        )

    def desired(self, label: str = "Tasks desired") -> Metric | None:
        """Tasks that there should be; only Container Insights knows."""
        return of_service(self.cluster, self.service, "DesiredTaskCount", label) if self.insights else None
