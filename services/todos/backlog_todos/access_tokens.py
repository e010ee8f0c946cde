"""Bearer tokens of the API: named, hashed, revocable.

`python -m backlog_todos.access_tokens add NAME [HASH] | list | revoke NAME | new` (docs/access.md). A token is printed
once, when it is made, on standard output alone. Where that is logged, as ECS Exec is, `new` makes one on another
machine, and `add NAME HASH` is all that the logged shell is told.
"""

import hashlib
import os
import re
import secrets
import sys
from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from backlog_todos.database import connect, sessions
from backlog_todos.scrubbing import ACCESS_TOKEN
from backlog_todos.settings import DatabaseSettings, SettingsError
from backlog_todos.tables import AccessToken

_BYTES = 20  # 160 random bits
_TOKEN = re.compile(rf"{ACCESS_TOKEN}[a-z2-7]{{32}}")
_HASH = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@ -]{0,63}")
_NOW = func.clock_timestamp()
_USAGE = "usage: python -m backlog_todos.access_tokens add NAME [HASH] | list | revoke NAME | new"


class TokenError(Exception):
    """What cannot be done with a token, as a sentence."""


@dataclass(frozen=True)
class Known:
    """A token that is valid: what the database calls it, and people do."""

    id: int
    name: str


def new() -> str:
    """A token that nobody has had."""
    return ACCESS_TOKEN + b32encode(secrets.token_bytes(_BYTES)).decode().lower()


def hashed(token: str) -> bytes:
    """What is kept of it. A random token of 160 bits needs no slow hash: it can't be guessed."""
    return hashlib.sha256(token.encode()).digest()


def add(session: Session, name: str, digest: bytes) -> None:
    """Let in whoever has the token of this SHA-256; a revoked name may be given again.

    Raises:
        TokenError: the name is none, or taken.
    """
    if not _NAME.fullmatch(name):
        raise TokenError(f"{name!r} is no name: letters, digits and . _ @ - or blanks, 64 at most")
    session.execute(delete(AccessToken).where(AccessToken.name == name, AccessToken.revoked_at.is_not(None)))
    statement = insert(AccessToken).values(name=name, token_hash=digest).on_conflict_do_nothing()
    if session.execute(statement.returning(AccessToken.id)).scalar_one_or_none() is None:
        raise TokenError(f"there is a token {name!r} already, or the same under another name: revoke it first")


def revoke(session: Session, name: str) -> None:
    """Let it in no more, seconds from now (backlog_api.bearer).

    Raises:
        TokenError: there is none that is valid.
    """
    statement = update(AccessToken).where(AccessToken.name == name, AccessToken.revoked_at.is_(None))
    if not session.execute(statement.values(revoked_at=_NOW).returning(AccessToken.id)).all():
        raise TokenError(f"there is no valid token {name!r}")


def listed(session: Session) -> Sequence[AccessToken]:
    """All of them, the oldest first; those that are revoked too."""
    return session.scalars(select(AccessToken).order_by(AccessToken.id)).all()


def found(session: Session, token: str) -> Known | None:
    """Whose token it is; one indexed read, and none for what can be no token."""
    if not _TOKEN.fullmatch(token):
        return None
    statement = select(AccessToken.id, AccessToken.name).where(
        AccessToken.token_hash == hashed(token), AccessToken.revoked_at.is_(None)
    )
    row = session.execute(statement).one_or_none()
    return Known(*row) if row else None


def main(arguments: Sequence[str]) -> int:
    """Do what the command says; 0 when it is done, 1 when it cannot be, 2 when it is no command."""
    try:
        match arguments:
            case ["new"]:
                token = new()
                _print(token)
                sys.stderr.write(f"its hash, for `add NAME HASH`: {hashed(token).hex()}\n")
                return 0
            case ["add", _] | ["add", _, _] | ["list"] | ["revoke", _]:
                engine = connect(DatabaseSettings.from_environment(os.environ), pool_size=1)
                with sessions(engine).begin() as session:
                    lines = _done(session, *arguments)
                engine.dispose()
                _print(*lines)
                return 0
            case _:
                sys.stderr.write(f"{_USAGE}\n")
                return 2
    except SQLAlchemyError as error:
        sys.stderr.write(f"access_tokens: the database does not answer ({type(error).__name__})\n")
    except (TokenError, SettingsError) as error:
        sys.stderr.write(f"access_tokens: {error}\n")
    return 1


def _done(session: Session, what: str, name: str = "", digest: str | None = None) -> list[str]:
    """Carry a command out; what it prints, once that is committed."""
    if what == "list":
        return [
            f"{at.created_at:%Y-%m-%d}  {'revoked' if at.revoked_at else 'valid':7}  {at.name}"
            for at in listed(session)
        ]
    if what == "revoke":
        revoke(session, name)
        return []
    if digest is None:
        token = new()
        add(session, name, hashed(token))
        return [token]
    if not _HASH.fullmatch(digest):
        raise TokenError("HASH is the 64 hexadecimal digits that `new` prints")
    add(session, name, bytes.fromhex(digest))
    return []


def _print(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
