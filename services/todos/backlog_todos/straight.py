"""Single statements, given to PostgreSQL as they were compiled once: for those that run a thousand times a second.

SQLAlchemy keeps what it is good at, the pool and the writing of SQL, and psycopg the types and the errors. What both do
around each run of a statement takes several times as long as PostgreSQL's answer (docs/adr/0020), and gives single
statements nothing that they need. libpq's own call runs without Python's lock, so that other threads go on meanwhile.
"""

import threading
import time
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any, Final, cast

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
#: Seconds for which it is not looked at whether the server has hung up: a look would hardly know more than the answer.
_FRESH = 0.01
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
    it is on the disk. Whoever changes so has it written before he tells anybody (`changes.ask_and_flush`).
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


class _Place(threading.local):
    """What a thread keeps of the pool, since when, and when it last left it (seconds of the monotonic clock)."""

    pooled: PoolProxiedConnection | None = None
    since = left = 0.0


class Own:
    """For each thread a pooled connection that it keeps from one block to the next: the pool is not asked each time.

    Whoever goes on to take one of the pool gives it back before, or a pool of as many connections as there are threads
    would not do for all of them. One that was left for long, or is old, goes back by itself, and the pool looks at it.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine, self._place = engine, _Place()
        event.listen(engine, "engine_disposed", self._forget)

    def connection(self, *, asynchronous: bool = False) -> "_Block":
        """A block with the thread's connection; after an error in it the connection is the pool's again."""
        return _Block(self, asynchronous)

    def give_back(self) -> None:
        """Let the pool have this thread's connection, if it keeps one."""
        if pooled := self._place.pooled:
            self._place.pooled = None
            pooled.close()

    def take(self) -> PoolProxiedConnection:
        """The one that is kept, which is then kept no more; or one of the pool."""
        place, now = self._place, time.monotonic()
        if (pooled := place.pooled) is not None:
            idle, driver = now - place.left, cast("psycopg.Connection[Any]", pooled.dbapi_connection)
            is_there = not driver.closed if idle < _FRESH else not has_news(driver)
            if is_there and idle < _LEFT and now - place.since < _OLD:
                place.pooled = None
                return pooled
            self.give_back()
        place.since = now
        return self._engine.raw_connection()

    def keep(self, pooled: PoolProxiedConnection) -> None:
        """Have it for the next block."""
        self._place.pooled, self._place.left = pooled, time.monotonic()

    def _forget(self, _: Engine) -> None:
        """The pool is another now: what this thread keeps of the old one is nobody's."""
        if pooled := self._place.pooled:
            self._place.pooled = None
            pooled.invalidate()


class _Block:
    """Written out, as it costs a third of a generator's."""

    __slots__ = ("_asynchronous", "_own", "_pooled")

    def __init__(self, own: Own, asynchronous: bool) -> None:  # noqa: FBT001 - of this module alone
        self._own, self._asynchronous = own, asynchronous

    def __enter__(self) -> Straight:
        self._pooled = self._own.take()
        return Straight(self._pooled, asynchronous=self._asynchronous)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._own.keep(self._pooled)
        else:
            self._pooled.close()


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
