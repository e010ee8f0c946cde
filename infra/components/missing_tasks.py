"""The rule that tells of a service with fewer tasks than it wants."""

import pulumi

from infra.components.alarm import Rule
from infra.components.metrics import of_service


def missing_tasks(cluster: pulumi.Input[str], service: pulumi.Input[str], *, may_sleep: bool) -> Rule:
    """Fewer tasks than wanted. A service without any running task has no metrics at all: that is the alarm, too.

    Where none is wanted at times (`may_sleep`), silence is no news; a job that then waits is `late-jobs`' to tell.
    Source: Amazon ECS Developer Guide, "Container Insights", considerations.
    """
    return Rule(
        meaning="Fewer tasks run than the service should have.",
        runbook="missing-tasks",
        metrics={
            "desired": of_service(cluster, service, "DesiredTaskCount", "Tasks desired"),
            "running": of_service(cluster, service, "RunningTaskCount", "Tasks running"),
        },
        expression="desired - running",
        label="Tasks missing",
        threshold=0,
        minutes=5,
        breaching=5,
        missing="notBreaching" if may_sleep else "breaching",
    )
