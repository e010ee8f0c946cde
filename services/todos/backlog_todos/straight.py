"""Single statements, given to PostgreSQL as they were compiled once: for those that run a thousand times a second.

SQLAlchemy keeps what it is good at, the pool and the writing of SQL, and psycopg the types and the errors. What both do
around each run of a statement takes several times as long as PostgreSQL's answer (docs/adr/0020), and gives single
statements nothing that they need. Most of it is waiting for Python's lock, which psycopg gives away and takes back four
times in a run, and libpq's own call once.
"""

import threading
import time
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any, Final

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.pq import DiagnosticField, ExecStatus, Format
from psycopg.pq.abc import PGresult
from sqlalchemy import Engine, Executable, PoolProxiedConnection, UpdateBase, event, func
from sqlalchemy.dialects.postgresql import psycopg as dialects
from sqlalchemy.exc import DBAPIError, MultipleResultsFound, NoResultFound

from backlog_todos.idle_connections import has_news

_Make = Callable[[Sequence[Any]], Any]
_DIALECT: Final = dialects.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
_DONE: Final = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)
#: Seconds after which a thread's own connection goes back to the pool: not used for so long, and in use for so long.
_LEFT, _OLD = 1.0, 60.0
#: Key of a pooled connection's `info`: what is kept as long as it lives.
_KEPT: Final = "backlog_straight"


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


@dataclass(frozen=True)
class _Compiled:
    """SQL with $1, $2, ...; which values these are; and those that the statement brings along itself."""

    sql: str
    names: Sequence[str]
    formats: Sequence[PyFormat]
    constants: Mapping[str, Any]


class _Kept:
    """Of one connection: psycopg's ways from and to PostgreSQL's types; of each statement it knows, name and rows."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self.transformer, self.numbers = Transformer(driver), count()
        self.prepared: dict[str, tuple[bytes, _Make | None]] = {}


class Straight:
    """A pooled connection on which each statement is its own transaction.

    With `asynchronous` a change is committed asynchronously: other transactions see it, and its locks are free, before
    it is on the disk. Whoever changes so has it written before he tells anybody (`changes.ask`, which flushes).
    Source: PostgreSQL, "Asynchronous Commit".

    Attributes:
        info: as that of a Session: what those who run statements have to tell each other.
    """

    def __init__(self, pooled: PoolProxiedConnection, *, asynchronous: bool = False) -> None:
        self._pooled, self._asynchronous = pooled, asynchronous
        self._driver: psycopg.Connection[Any] = pooled.dbapi_connection  # type: ignore[assignment]
        kept = pooled.info.get(_KEPT)
        self._kept: _Kept = kept or pooled.info.setdefault(_KEPT, _Kept(self._driver))
        self.info: dict[str, Any] = {}

    def execute(self, statement: Executable, parameters: Mapping[str, Any]) -> Rows:
        """Run a statement of SQLAlchemy's that is kept, not made for this once, and is written the same each time.

        Raises:
            DBAPIError: the database refuses it, or is away: the kinds of a Connection.
        """
        compiled = _compiled(statement, frozenset(parameters), self._asynchronous)
        values = {**compiled.constants, **parameters}
        try:
            try:
                return self._run(compiled, values)
            except InvalidSqlStatementName:  # psycopg lets go of all of a connection's statements after a rollback
                self._kept.prepared.clear()
                return self._run(compiled, values)
        except psycopg.Error as error:
            gone = self._driver.broken
            if gone:
                self._pooled.invalidate(error)
            raise DBAPIError.instance(
                compiled.sql,
                None,
                error,
                psycopg.Error,
                hide_parameters=True,
                connection_invalidated=gone,
                dialect=_DIALECT,
            ) from error

    def _run(self, compiled: _Compiled, values: Mapping[str, Any]) -> Rows:
        server, transformer = self._driver.pgconn, self._kept.transformer
        name, make = self._kept.prepared.get(compiled.sql) or self._prepare(compiled.sql)
        sent = transformer.dump_sequence([values[each] for each in compiled.names], compiled.formats)
        result = _done(server.exec_prepared(name, sent, result_format=Format.BINARY))  # type: ignore[arg-type]
        if make is None:
            return Rows()
        transformer.set_pgresult(result)
        return Rows(transformer.load_rows(0, result.ntuples, make))

    def _prepare(self, sql: str) -> tuple[bytes, _Make | None]:
        server, known = self._driver.pgconn, self._kept.prepared
        name = f"backlog_{next(self._kept.numbers)}".encode()
        _done(server.prepare(name, sql.encode()))
        told = _done(server.describe_prepared(name))
        columns = tuple(told.fname(number) for number in range(told.nfields))
        known[sql] = name, _maker(columns) if columns else None
        return known[sql]


@contextmanager
def straight(engine: Engine, *, asynchronous: bool = False) -> Iterator[Straight]:
    """One of the engine's pooled connections, until the end of the block.

    psycopg does not know of the statements, and begins no transaction for them: PostgreSQL commits each by itself.
    """
    pooled = engine.raw_connection()
    try:
        yield Straight(pooled, asynchronous=asynchronous)
    finally:
        pooled.close()


class Own:
    """For each thread a pooled connection that it keeps from one block to the next: the pool is not asked each time.

    Whoever goes on to take one of the pool gives it back before, or a pool of as many connections as there are threads
    would not do for all of them. One that was left for long, or is old, goes back by itself, and the pool looks at it.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine, self._local = engine, threading.local()
        event.listen(engine, "engine_disposed", self._close)

    @contextmanager
    def connection(self, *, asynchronous: bool = False) -> Iterator[Straight]:
        """The thread's connection; after an error it is the pool's again."""
        pooled, taken = self._kept() or (self._engine.raw_connection(), time.monotonic())
        try:
            yield Straight(pooled, asynchronous=asynchronous)
        except BaseException:
            pooled.close()
            raise
        self._local.kept = pooled, taken, time.monotonic()

    def give_back(self) -> None:
        """Let the pool have this thread's connection, if it keeps one."""
        kept, self._local.kept = getattr(self._local, "kept", None), None
        if kept:
            kept[0].close()

    def _close(self, _: Engine) -> None:
        """The pool is another now: what this thread keeps of the old one is nobody's."""
        kept, self._local.kept = getattr(self._local, "kept", None), None
        if kept:
            kept[0].invalidate()

    def _kept(self) -> tuple[PoolProxiedConnection, float] | None:
        kept = getattr(self._local, "kept", None)
        if kept is None:
            return None
        pooled, taken, left = kept
        now = time.monotonic()
        if now - left > _LEFT or now - taken > _OLD or has_news(pooled.dbapi_connection):
            self.give_back()
            return None
        self._local.kept = None
        return pooled, taken


def _done(result: PGresult) -> PGresult:
    if result.status in _DONE:
        return result
    if result.error_field(DiagnosticField.SQLSTATE) is None:  # it is libpq that speaks: the server is gone
        raise psycopg.OperationalError(result.get_error_message())
    raise error_from_result(result)


@lru_cache(maxsize=256)
def _compiled(statement: Executable, names: frozenset[str], asynchronous: bool) -> _Compiled:  # noqa: FBT001 - a key
    """A statement as it is sent. An INSERT sets the columns that it gets a value for."""
    if asynchronous and isinstance(statement, UpdateBase):
        # What is in force when the transaction commits counts, and it is this transaction's alone.
        statement = statement.returning(func.set_config("synchronous_commit", "off", True))
    compiled = statement.compile(dialect=_DIALECT, column_keys=sorted(names))  # type: ignore[attr-defined]
    constants = {name: value for name, value in compiled.params.items() if name not in names}
    order = tuple(compiled.positiontup)
    return _Compiled(str(compiled), order, [PyFormat.TEXT] * len(order), constants)


@lru_cache(maxsize=256)
def _maker(names: tuple[bytes | None, ...]) -> _Make:
    row: Any = namedtuple("Row", [name.decode() for name in names if name], rename=True)  # type: ignore[misc]  # noqa: PYI024 - as the database names them
    make: _Make = row._make
    return make
