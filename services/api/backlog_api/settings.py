"""What the API is told by its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from backlog_api.access_settings import AccessSettings
from backlog_todos import broker
from backlog_todos.broker import Broker
from backlog_todos.settings import STREAMS, DatabaseSettings, Reader


@dataclass(frozen=True)
class ApiSettings:
    """The database, the broker that takes jobs, who may ask, and the streams that events are written for."""

    database: DatabaseSettings
    broker: Broker
    access: AccessSettings
    threads: int
    streams: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read WEB_THREADS and EVENT_STREAMS beside the variables of the database, the broker and the access.

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
            broker=broker.read(read),
            access=AccessSettings.read(read),
            threads=read.number("WEB_THREADS", 1, 256, 4),
            streams=read.several("EVENT_STREAMS", STREAMS),
        )
