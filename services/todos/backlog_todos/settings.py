"""What the services are told by their environment; nothing else tells them anything."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from sqlalchemy import URL

#: Where events may go (backlog_todos.events).
STREAMS = ("sns", "kafka")
_SSLMODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_ALWAYS_TLS = _SSLMODES[3:]
#: Those that sign RDS's certificates; libpq has no others that it trusts.
_AUTHORITIES = Path(__file__).with_name("rds-ca.pem")
#: How one proves to the server who one is: by password, or by IAM's tokens.
AUTH = ("password", "iam")


class SettingsError(Exception):
    """Variables that are missing or malformed, a sentence each."""


@dataclass(frozen=True)
class DatabaseSettings:
    """Where the database is and who asks; the password is shown nowhere, and there is none where IAM's tokens serve."""

    host: str
    port: int
    name: str
    user: str
    sslmode: str
    password: str | None = field(repr=False)
    region: str | None = None
    authorities: str = str(_AUTHORITIES)

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
            query={"sslmode": self.sslmode} | ({"sslrootcert": self.authorities} if self._verifies else {}),
        )

    @property
    def _verifies(self) -> bool:
        """With a file of authorities libpq would verify where it was told to encrypt only."""
        return self.sslmode.startswith("verify")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read DATABASE_HOST, _PORT, _NAME, _USER, _SSLMODE and _SSLROOTCERT, and how to log in (_AUTH).

        By that it is DATABASE_PASSWORD or AWS_REGION that is read.

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
        iam = read.one_of("DATABASE_AUTH", AUTH, "password") == "iam"
        sslmode = read.one_of("DATABASE_SSLMODE", _SSLMODES)
        if iam and sslmode not in _ALWAYS_TLS:
            read.complain(f"DATABASE_AUTH iam needs DATABASE_SSLMODE {' or '.join(_ALWAYS_TLS)}: a token is a password")
        return cls(
            host=read.text("DATABASE_HOST"),
            port=read.number("DATABASE_PORT", 1, 65_535),
            name=read.text("DATABASE_NAME"),
            user=read.text("DATABASE_USER"),
            sslmode=sslmode,
            password=None if iam else read.text("DATABASE_PASSWORD"),
            region=read.text("AWS_REGION") if iam else None,
            authorities=read.optional("DATABASE_SSLROOTCERT") or str(_AUTHORITIES),
        )


class Reader:
    """Reads variables one after another and complains of all of them together."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._mistakes: list[str] = []

    def complain(self, sentence: str) -> None:
        """Add a mistake that no single variable has."""
        self._mistakes.append(sentence)

    def text(self, name: str, default: str | None = None) -> str:
        """A variable that is not empty."""
        value = self._environment.get(name, "") or default
        if value is None:
            self._mistakes.append(f"{name} is not set")
            return ""
        return value

    def optional(self, name: str) -> str | None:
        """A variable that may be absent; an empty one is."""
        return self._environment.get(name) or None

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

    def one_of(self, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """One of the words."""
        value = self.text(name, default)
        if value and value not in choices:
            self._mistakes.append(f"{name} must be one of {', '.join(choices)}, not {value!r}")
        return value

    def several(self, name: str, choices: tuple[str, ...]) -> tuple[str, ...]:
        """Some of the words, with commas between them; none where the variable is not set."""
        words = tuple(word for word in self._environment.get(name, "").split(",") if word)
        if strange := [word for word in words if word not in choices]:
            self._mistakes.append(f"{name} must be some of {', '.join(choices)}, not {', '.join(strange)}")
        return words

    def finish(self) -> None:
        """Raise what was found.

        Raises:
            SettingsError: a sentence for each mistake.
        """
        if self._mistakes:
            raise SettingsError("; ".join(self._mistakes))
