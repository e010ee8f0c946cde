"""What the services are told by their environment; nothing else tells them anything."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from sqlalchemy import URL

_SSLMODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


class SettingsError(Exception):
    """Variables that are missing or malformed, a sentence each."""


@dataclass(frozen=True)
class DatabaseSettings:
    """Where the database is and who asks; the password is shown nowhere."""

    host: str
    port: int
    name: str
    user: str
    sslmode: str
    password: str = field(repr=False)

    @property
    def url(self) -> URL:
        """For SQLAlchemy; its `str` hides the password."""
        return URL.create(
            "postgresql+psycopg",
            self.user,
            self.password,
            self.host,
            self.port,
            self.name,
            query={"sslmode": self.sslmode},
        )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read DATABASE_HOST, _PORT, _NAME, _USER, _PASSWORD and _SSLMODE.

        Raises:
            SettingsError: every variable that is missing or malformed.
        """
        read = Reader(environment)
        settings = cls.read(read)
        read.finish()
        return settings

    @classmethod
    def read(cls, read: "Reader") -> Self:
        """The same for a door that has variables of its own, and finishes the reading itself."""
        return cls(
            host=read.text("DATABASE_HOST"),
            port=read.number("DATABASE_PORT", 1, 65_535),
            name=read.text("DATABASE_NAME"),
            user=read.text("DATABASE_USER"),
            sslmode=read.one_of("DATABASE_SSLMODE", _SSLMODES),
            password=read.text("DATABASE_PASSWORD"),
        )


class Reader:
    """Reads variables one after another and complains of all of them together."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._mistakes: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        """A variable that is not empty."""
        value = self._environment.get(name, "") or default
        if value is None:
            self._mistakes.append(f"{name} is not set")
            return ""
        return value

    def number(self, name: str, least: int, most: int, default: int | None = None) -> int:
        """A whole number between two bounds."""
        text = self.text(name, None if default is None else str(default))
        if not text:
            return least
        try:
            value = int(text)
        except ValueError:
            self._mistakes.append(f"{name} must be a whole number, not {text!r}")
            return least
        if not least <= value <= most:
            self._mistakes.append(f"{name} must be between {least} and {most}, not {value}")
        return value

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        """One of the words."""
        value = self.text(name)
        if value and value not in choices:
            self._mistakes.append(f"{name} must be one of {', '.join(choices)}, not {value!r}")
        return value

    def finish(self) -> None:
        """Raise what was found.

        Raises:
            SettingsError: a sentence for each mistake.
        """
        if self._mistakes:
            raise SettingsError("; ".join(self._mistakes))
