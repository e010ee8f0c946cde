"""The rule that tells of a service with fewer tasks than it wants."""

from infra.components.alarm import Rule
from infra.components.task_metrics import TaskMetrics


def missing_tasks(tasks: TaskMetrics, fewest: int) -> Rule:
    """Fewer tasks than wanted. A service without any running task has no metrics at all: that is the alarm, too.

    What is wanted is autoscaling's number where Container Insights tells it, else the `fewest` of the configuration.
    Where none is wanted at times (`fewest` is 0), silence is no news; a job that then waits is `late-jobs`' to tell.
    Source: Amazon ECS Developer Guide, "Container Insights", considerations.
    """
    desired = tasks.desired()
    return Rule(
        meaning="Fewer tasks run than the service should have.",
        runbook="missing-tasks",
        metrics={"running": tasks.running()} | ({"desired": desired} if desired else {}),
        expression="desired - running" if desired else f"{fewest} - running",
        label="Tasks missing",
        threshold=0,
        minutes=5,
        breaching=5,
        missing="breaching" if fewest else "notBreaching",
    )
