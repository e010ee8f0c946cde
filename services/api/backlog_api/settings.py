"""What the API is told by its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from backlog_todos.settings import DatabaseSettings, Reader


@dataclass(frozen=True)
class ApiSettings:
    """The database, and the queue that jobs go to."""

    database: DatabaseSettings
    queue_url: str
    region: str
    threads: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read QUEUE_URL, AWS_REGION and WEB_THREADS beside the database's variables.

        Raises:
            SettingsError: every variable that is missing or malformed.
        """
        database = DatabaseSettings.from_environment(environment)
        read = Reader(environment)
        settings = cls(database, read.text("QUEUE_URL"), read.text("AWS_REGION"), read.number("WEB_THREADS", 1, 256, 4))
        read.finish()
        return settings
