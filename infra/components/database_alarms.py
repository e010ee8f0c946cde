"""When the database calls someone."""

from infra.components.alarm import Rule
from infra.components.database import Database
from infra.components.metrics import of_database
from infra.connections import Connections

_GIB = 1024**3  # bytes
_CPU = 80  # percent
_STORAGE = 0.05  # of what was allocated: RDS grows storage at 10 % free, so that below 5 % it did not
_MEMORY = 0.05  # of the class's; what the kernel caches is not among it


def database_rules(database: Database, connections: Connections) -> dict[str, Rule]:
    """The alarms' rules, by logical name."""
    most = connections.while_deploying
    return {
        "database-cpu": Rule(
            meaning=f"The database's CPU is over {_CPU} %.",
            runbook="database-cpu",
            metrics={"cpu": of_database(database.identifier, "CPUUtilization", "CPU, %")},
            threshold=_CPU,
            minutes=10,
            breaching=10,
        ),
        "database-memory": Rule(
            meaning=f"Less than {_MEMORY:.0%} of the database's {database.memory_gib:g} GiB of memory are free.",
            runbook="database-memory",
            metrics={"free": of_database(database.identifier, "FreeableMemory", "Freeable, bytes", "Minimum")},
            threshold=int(database.memory_gib * _GIB * _MEMORY),
            below=True,
            minutes=15,
            breaching=15,
        ),
        "database-storage": Rule(
            meaning=f"Less than {_STORAGE:.0%} of the database's first {database.storage_gib} GiB are free.",
            runbook="database-storage",
            metrics={"free": of_database(database.identifier, "FreeStorageSpace", "Free, bytes", "Minimum")},
            threshold=database.storage_gib * _GIB * _STORAGE,
            below=True,
            minutes=5,
            breaching=5,
        ),
        "database-connections": Rule(
            meaning=f"The database has more than {most} connections: all pools of two releases at once have no more.",
            runbook="database-connections",
            metrics={"connections": of_database(database.identifier, "DatabaseConnections", "Connections", "Maximum")},
            threshold=most,
            minutes=5,
            breaching=5,
        ),
    }
