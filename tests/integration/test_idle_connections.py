"""Pooled connections that are none any more are replaced before anybody notices."""

import pytest
from sqlalchemy import event, text

from backlog_todos import idle_connections
from backlog_todos.database import connect
from backlog_todos.settings import DatabaseSettings

_PID = text("select pg_backend_pid()")


@pytest.fixture
def engine(environment):
    made = connect(DatabaseSettings.from_environment(environment), pool_size=2)
    yield made
    made.dispose()


def pid(engine):
    with engine.connect() as connection:
        return connection.execute(_PID).scalar_one()


def test_a_connection_is_used_again_and_asked_nothing(engine):
    asked = []
    first = pid(engine)
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
    driver.execute = lambda *statement: asked.append(statement)
    assert pid(engine) == first
    assert asked == []


def test_what_the_server_has_ended_is_replaced(engine, servers):
    first = pid(engine)
    servers.run_sql(f"select pg_terminate_backend({first}, 5000)")
    assert pid(engine) != first


def test_all_that_the_server_has_ended_are_replaced(engine, servers):
    with engine.connect() as one, engine.connect() as two:
        first = {connection.execute(_PID).scalar_one() for connection in (one, two)}
    for ended in first:
        servers.run_sql(f"select pg_terminate_backend({ended}, 5000)")
    with engine.connect() as one, engine.connect() as two:
        assert first.isdisjoint({connection.execute(_PID).scalar_one() for connection in (one, two)})


def test_what_was_closed_here_is_replaced(engine):
    with engine.connect() as connection:
        connection.connection.driver_connection.close()
        connection.invalidate()
    assert pid(engine)


def test_what_was_idle_for_long_is_asked(engine, monkeypatch):
    monkeypatch.setattr(idle_connections, "_LONG", -1.0)
    asked = []
    first = pid(engine)
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        ask = driver.execute
    driver.execute = lambda statement: asked.append(statement) or ask(statement)
    assert pid(engine) == first
    assert asked == ["select 1"]


def test_who_takes_a_connection_begins_no_transaction_by_it(engine, monkeypatch):
    monkeypatch.setattr(idle_connections, "_LONG", -1.0)
    pid(engine)
    statements = []
    event.listen(engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver.info.transaction_status == 0
    assert statements == []
