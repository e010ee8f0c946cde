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
        read = Reader(environment)
        settings = cls.read(read)
        read.finish()
        return settings

    @classmethod
    def read(cls, read: Reader) -> Self:
        """The same for gunicorn, which has variables of its own, and finishes the reading itself."""
        return cls(
            database=DatabaseSettings.read(read),
            queue_url=read.text("QUEUE_URL"),
            region=read.text("AWS_REGION"),
            threads=read.number("WEB_THREADS", 1, 256, 4),
        )
