"""Logging in to RDS by IAM: a token instead of a password, made anew for each connection."""

from collections.abc import Callable
from typing import Any

from boto3.session import Session
from sqlalchemy import Engine, event

from backlog_todos.settings import DatabaseSettings


def log_in_by_token(engine: Engine, token: Callable[[], str]) -> None:
    """Give every new connection a token of its own; those that are open stay open when it expires."""

    @event.listens_for(engine, "do_connect")
    def add(_dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> None:
        parameters["password"] = token()


def tokens(settings: DatabaseSettings) -> Callable[[], str]:
    """What makes tokens for this database and user, valid for fifteen minutes.

    A token is a signature made here, with no call of AWS but for credentials that are about to expire: nothing is
    gained by keeping one. Source: RDS User Guide, "IAM database authentication".
    """
    client = Session(region_name=settings.region).client("rds")
    where = {"DBHostname": settings.host, "Port": settings.port, "DBUsername": settings.user}

    def token() -> str:
        return str(client.generate_db_auth_token(**where))

    return token
