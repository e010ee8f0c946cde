"""How many connections to the database the tasks of a stack hold at most."""

from collections.abc import Iterator
from dataclasses import dataclass

from infra.database_class import max_connections

#: Connections that PostgreSQL keeps for superusers (3, its default) and RDS for its master (2).
#: Source: PostgreSQL manual, superuser_reserved_connections; RDS User Guide, rds.rds_superuser_reserved_connections.
RESERVED = 5


@dataclass(frozen=True, kw_only=True)
class Connections:
    """Numbers of tasks are the most that there may be.

    A pool never has more than this (backlog_todos.database): one connection for each thread of the API, one for each
    job at work, and in each worker one for its reconciler and one for the relay of each stream of events. A migration's
    is gone before its task's pool is there.
    """

    api_tasks: int
    processes: int
    threads: int
    worker_tasks: int
    jobs_at_once: int
    streams: int

    @property
    def steady(self) -> int:
        """While one release runs."""
        each_worker = self.jobs_at_once + 1 + self.streams
        return self.api_tasks * self.processes * self.threads + self.worker_tasks * each_worker

    @property
    def while_deploying(self) -> int:
        """While two releases run: deployments double the tasks (deployment_maximum_percent 200)."""
        return 2 * self.steady

    def contradictions(self, instance_class: str) -> Iterator[str]:
        """The sentence that says by which numbers they do not fit a class."""
        limit = max_connections(instance_class)
        if self.while_deploying + RESERVED > limit:
            yield (
                f"api.maxCount {self.api_tasks} x api.processes {self.processes} x api.threads {self.threads} and "
                f"worker.maxCount {self.worker_tasks} x (job.jobsAtOnce {self.jobs_at_once} + 1 + {self.streams} of "
                f"events.streams) are {self.steady} "
                f"connections, {self.while_deploying} while a deployment runs two releases, and {RESERVED} are kept: "
                f"over the {limit} that database.instanceClass {instance_class} takes; "
                "choose a class of more memory, or fewer tasks"
            )
