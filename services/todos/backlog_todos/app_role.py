"""The role that API and worker log in as: it reads and writes rows, and nothing else."""

from dataclasses import dataclass, field
from typing import LiteralString, Self

import psycopg
from psycopg import sql

from backlog_todos.settings import AUTH, Reader
from backlog_todos.tables import Table

#: Alembic's own table is none of the application's. The last two are for tables that the same owner makes later.
_RIGHTS: tuple[LiteralString, ...] = (
    "revoke all on database {database} from public",
    "revoke all on schema public from public",
    "revoke all on all tables in schema public from {role}",
    "grant connect on database {database} to {role}",
    "grant usage on schema public to {role}",
    "grant select, insert, update, delete on {tables} to {role}",
    "grant usage on all sequences in schema public to {role}",
    "alter default privileges in schema public grant select, insert, update, delete on tables to {role}",
    "alter default privileges in schema public grant usage on sequences to {role}",
)


@dataclass(frozen=True)
class AppRole:
    """Its name, and how it proves who it is: by a password, or by IAM's tokens where there is none."""

    name: str
    password: str | None = field(repr=False)

    @classmethod
    def read(cls, read: Reader) -> Self:
        """Read DATABASE_APP_USER and DATABASE_APP_AUTH, and DATABASE_APP_PASSWORD where that is `password`."""
        name = read.text("DATABASE_APP_USER")
        iam = read.one_of("DATABASE_APP_AUTH", AUTH, "password") == "iam"
        return cls(name, None if iam else read.text("DATABASE_APP_PASSWORD"))


def make(connection: psycopg.Connection, role: AppRole) -> None:
    """Let the role log in, whatever it was; within the connection's transaction.

    Whoever runs it need not be a superuser, which RDS's master is not: CREATEROLE is enough. The server is told what
    it checks the password with (RFC 5803) and never the password: neither its log nor its statistics can have it.

    Raises:
        psycopg.Error: the role cannot be made; `rds_iam`, whose members log in by token, is there on RDS alone.
    """
    name = sql.Identifier(role.name)
    if not connection.execute("select 1 from pg_roles where rolname = %s", (role.name,)).fetchone():
        rights = sql.SQL("nosuperuser nocreatedb nocreaterole noreplication nobypassrls")
        connection.execute(sql.SQL("create role {} {}").format(name, rights))
    if role.password is None:
        connection.execute(sql.SQL("alter role {} login nocreatedb nocreaterole password null").format(name))
        connection.execute(sql.SQL("grant rds_iam to {}").format(name))
    else:
        verifier = connection.pgconn.encrypt_password(role.password.encode(), role.name.encode(), b"scram-sha-256")
        change = sql.SQL("alter role {} login nocreatedb nocreaterole password {}")
        connection.execute(change.format(name, sql.Literal(verifier.decode())))


def grant(connection: psycopg.Connection, role: AppRole) -> None:
    """Give the role its rights, and take whatever it had beyond; within the connection's transaction."""
    names = {
        "role": sql.Identifier(role.name),
        "database": sql.Identifier(connection.info.dbname),
        "tables": sql.SQL(", ").join(map(sql.Identifier, sorted(Table.metadata.tables))),
    }
    for statement in _RIGHTS:
        connection.execute(sql.SQL(statement).format(**names))
