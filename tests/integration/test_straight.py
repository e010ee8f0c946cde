"""What runs straight on psycopg behaves as what SQLAlchemy runs: rows, errors, lost connections, transactions."""

import threading
import time

import pytest
from sqlalchemy import BigInteger, bindparam, func, insert, select, text
from sqlalchemy.exc import DataError, IntegrityError, MultipleResultsFound, NoResultFound, OperationalError

from backlog_todos import todos
from backlog_todos.calendars import changes
from backlog_todos.database import connect
from backlog_todos.settings import DatabaseSettings
from backlog_todos.straight import straight

_FOUND = select(todos.TABLE).where(todos.TABLE.c.id == bindparam("todo_id", type_=BigInteger))
_ALL = select(todos.TABLE.c.id).order_by(todos.TABLE.c.id)
_MADE = insert(todos.TABLE).returning(todos.TABLE)
_CONSTANT = select(func.coalesce(bindparam("given", type_=BigInteger), 7).label("seven"))


@pytest.fixture
def engine(environment):
    made = connect(DatabaseSettings.from_environment(environment), pool_size=1)
    yield made
    made.dispose()


def test_a_row_is_the_one_that_sqlalchemy_finds(engine):
    with straight(engine) as connection:
        made = todos.created(connection, 1, {"title": "Äpfel", "completed": True, "deadline_at": None})
        found = todos.found(connection, 1, made.id)
    with engine.connect() as connection:
        assert tuple(found) == tuple(todos.found(connection, 1, made.id))
    assert found._fields == tuple(todos.TABLE.c.keys())


def test_each_statement_is_its_own_transaction(engine):
    with straight(engine) as connection:
        connection.execute(_MADE, {"list_id": 1, "title": "kept"})
        with pytest.raises(IntegrityError):
            connection.execute(_MADE, {"list_id": 4_711, "title": "of no list"})
    with engine.connect() as connection:
        assert connection.scalars(select(todos.TABLE.c.title)).all() == ["kept"]


def test_a_value_of_the_statements_own_is_kept(engine):
    with straight(engine) as connection:
        assert connection.execute(_CONSTANT, {"given": None}).one().seven == 7


def test_one_row_is_one_row(engine):
    with straight(engine) as connection:
        assert connection.execute(_ALL, {}).one_or_none() is None
        with pytest.raises(NoResultFound):
            connection.execute(_ALL, {}).one()
        for title in ("one", "two"):
            connection.execute(_MADE, {"list_id": 1, "title": title})
        with pytest.raises(MultipleResultsFound):
            connection.execute(_ALL, {}).one()


def test_a_refusal_is_of_sqlalchemys_kind_and_shows_no_value(engine):
    with pytest.raises(DataError) as refused, straight(engine) as connection:
        connection.execute(_MADE, {"list_id": 1, "title": "a secret\0"})
    assert "a secret" not in str(refused.value)


def test_a_lost_connection_is_an_error_once_and_then_replaced(engine, servers):
    with straight(engine) as connection:
        (pid,) = connection.execute(text("select pg_backend_pid()"), {}).one()
        servers.end_sessions(f"pid = {pid}")
        with pytest.raises(OperationalError) as lost:
            connection.execute(_FOUND, {"todo_id": 1})
    assert lost.value.connection_invalidated
    with straight(engine) as connection:
        assert connection.execute(_FOUND, {"todo_id": 1}).one_or_none() is None


def test_whoever_has_the_connection_next_has_transactions_again(engine):
    with straight(engine) as connection:
        connection.execute(_ALL, {})
    with engine.connect() as connection:
        connection.execute(_MADE, {"list_id": 1, "title": "given back"})
        connection.rollback()
        assert connection.scalars(select(todos.TABLE.c.title)).all() == []


def test_statements_that_the_connection_has_forgotten_are_made_known_again(engine):
    """psycopg deallocates all of them after a rollback, its own and these."""
    with straight(engine) as connection:
        connection.execute(_ALL, {})
    for _ in range(2):
        with engine.connect() as connection:
            connection.exec_driver_sql("deallocate all")
        with straight(engine) as connection:
            assert connection.execute(_ALL, {}) == []
            assert connection.execute(_CONSTANT, {"given": 7}).one().seven == 7


_AHEAD = text("select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), pg_current_wal_flush_lsn()) as bytes")


def test_an_asynchronous_change_is_committed_before_the_disk_has_it(engine, until):
    def ahead():
        with straight(engine, asynchronous=True) as connection:
            todos.created(connection, 1, {"title": "x"})
            return connection.execute(_AHEAD, {}).one().bytes > 0

    until(ahead)


def test_once_its_calendar_is_asked_for_the_disk_has_it(engine):
    for _ in range(20):
        with straight(engine, asynchronous=True) as connection:
            todo = todos.created(connection, 1, {"title": "x"})
            todos.changed(connection, 1, todo.id, {"completed": True})
            todos.deleted(connection, 1, todo.id)
            ((written,),) = connection.execute(text("select cast(pg_current_wal_insert_lsn() as text)"), {})
            changes.ask_and_flush(connection, 1)
            there = text("select pg_current_wal_flush_lsn() >= cast(cast(:written as text) as pg_lsn) as flushed")
            assert connection.execute(there, {"written": written}).one().flushed


def test_a_session_beside_it_commits_as_ever(engine):
    for _ in range(20):
        with straight(engine, asynchronous=True) as connection:
            todos.created(connection, 1, {"title": "x"})
        with engine.begin() as connection:
            assert connection.execute(text("show synchronous_commit")).scalar_one() == "on"


def test_other_threads_go_on_while_a_statement_takes_its_time(engine):
    at_work = threading.Thread(target=_sleep, args=(engine,))
    at_work.start()
    turns = 0
    while at_work.is_alive():
        turns += 1
        time.sleep(0.01)
    assert turns > 10


def _sleep(engine):
    with straight(engine) as connection:
        connection.execute(text("select pg_sleep(1)"), {})
