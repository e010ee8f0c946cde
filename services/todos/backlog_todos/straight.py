"""Single statements, given to psycopg as they were compiled once: for those that run a thousand times a second.

SQLAlchemy keeps what it is good at, the pool and the writing of SQL. What it does around each run of a statement takes
three times as long as PostgreSQL's answer (docs/adr/0020), and gives single statements nothing that they need.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import Engine, Executable, PoolProxiedConnection
from sqlalchemy.dialects.postgresql import psycopg as dialects
from sqlalchemy.exc import DBAPIError, MultipleResultsFound, NoResultFound

_DIALECT = dialects.dialect()  # type: ignore[no-untyped-call]


class Rows(list[Any]):
    """What a statement returned, as named tuples."""

    def one_or_none(self) -> Any:
        """The only row; None where there is none.

        Raises:
            MultipleResultsFound: there are more.
        """
        if len(self) > 1:
            raise MultipleResultsFound
        return self[0] if self else None

    def one(self) -> Any:
        """The only row.

        Raises:
            NoResultFound: there is none.
            MultipleResultsFound: there are more.
        """
        if not self:
            raise NoResultFound
        return self.one_or_none()


class Straight:
    """A pooled connection on which each statement is its own transaction.

    Attributes:
        info: as that of a Session: what those who run statements have to tell each other.
    """

    def __init__(self, pooled: PoolProxiedConnection) -> None:
        self._pooled = pooled
        self._driver: psycopg.Connection[Any] = pooled.dbapi_connection  # type: ignore[assignment]
        self.info: dict[str, Any] = {}

    def execute(self, statement: Executable, parameters: Mapping[str, Any]) -> Rows:
        """Run a statement of SQLAlchemy's that is kept, not made for this once, and is written the same each time.

        Raises:
            DBAPIError: the database refuses it, or is away: the kinds of a Connection.
        """
        sql, constants = _compiled(statement, frozenset(parameters))
        try:
            with self._driver.cursor(row_factory=namedtuple_row) as cursor:
                cursor.execute(sql, {**constants, **parameters})
                # Whether there are columns; `cursor.description` would make an object of each.
                return Rows(cursor.fetchall() if cursor.pgresult and cursor.pgresult.nfields else ())
        except psycopg.Error as error:
            gone = self._driver.broken
            if gone:
                self._pooled.invalidate(error)
            raise DBAPIError.instance(
                sql, None, error, psycopg.Error, hide_parameters=True, connection_invalidated=gone, dialect=_DIALECT
            ) from error


@contextmanager
def straight(engine: Engine) -> Iterator[Straight]:
    """One of the engine's pooled connections, until the end of the block."""
    pooled = engine.raw_connection()
    try:
        driver: psycopg.Connection[Any] = pooled.dbapi_connection  # type: ignore[assignment]
        driver.autocommit = True
        try:
            yield Straight(pooled)
        finally:
            if not driver.closed:
                driver.autocommit = False
    finally:
        pooled.close()


@lru_cache(maxsize=256)
def _compiled(statement: Executable, names: frozenset[str]) -> tuple[str, Mapping[str, Any]]:
    """Its SQL, and the values that it brings along itself. An INSERT sets the columns that it gets a value for."""
    compiled = statement.compile(dialect=_DIALECT, column_keys=sorted(names))  # type: ignore[attr-defined]
    return str(compiled), {name: value for name, value in compiled.params.items() if name not in names}
