"""The role that the services log in as: made by the migration, and able to do what they do and no more."""

import subprocess
import sys

import psycopg
import pytest
from sqlalchemy import text

MIGRATE = [sys.executable, "-m", "backlog_todos.migrate"]
REFUSED = (
    "create table mine (id int)",
    "create temporary table mine (id int)",
    "create schema mine",
    "drop table todos",
    "truncate todos",
    "alter table todos add column mine text",
    "create index mine on todos (title)",
    "select * from alembic_version",
    "create role mine",
    "create database mine",
    "select * from pg_authid",
    "copy todos to program 'cat'",
)


def migrate(environment):
    done = subprocess.run(MIGRATE, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done


def log_in(told, **other):
    login = {"user": told["DATABASE_APP_USER"], "password": told["DATABASE_APP_PASSWORD"]}
    where = {"host": told["DATABASE_HOST"], "port": told["DATABASE_PORT"], "dbname": told["DATABASE_NAME"]}
    return psycopg.connect(**where, **{**login, **other}, autocommit=True)


@pytest.fixture
def as_rds_master(servers, as_owner):
    """An owner that is no superuser: what RDS's master is. The database is its own, with nothing in it yet."""
    name = f"master_{as_owner['DATABASE_NAME']}"
    servers.run_sql(f"create role {name} login createdb createrole password 'master'")
    servers.run_sql(f"create database {name} owner {name}")
    yield {**as_owner, "DATABASE_NAME": name, "DATABASE_USER": name, "DATABASE_PASSWORD": "master"}
    servers.run_sql(f"drop database {name} with (force)")
    servers.run_sql(f"drop role {as_owner['DATABASE_APP_USER']}")
    servers.run_sql(f"drop role {name}")


def test_it_reads_and_writes_rows(as_rds_master):
    migrate(as_rds_master)
    with log_in(as_rds_master) as connection:
        connection.execute("insert into todos (title) values ('milk')")
        connection.execute("update todos set completed = true")
        assert connection.execute("select title from todos").fetchall() == [("milk",)]
        connection.execute("delete from todos")


@pytest.mark.parametrize("statement", REFUSED)
def test_it_is_refused_everything_else(as_owner, statement):
    migrate(as_owner)
    with log_in(as_owner) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_it_is_no_more_than_a_login(as_rds_master):
    migrate(as_rds_master)
    rights = "rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolcanlogin"
    with log_in(as_rds_master) as connection:
        query = f"select {rights} from pg_roles where rolname = current_user"
        assert connection.execute(query).fetchone() == (False, True, False, False, False, False, True)
        assert not connection.execute(
            "select * from pg_auth_members where member = (select oid from pg_roles where rolname = current_user)"
        ).fetchall()


def test_nobody_else_may_connect(servers, as_owner):
    migrate(as_owner)
    other = f"other_{as_owner['DATABASE_NAME']}"
    servers.run_sql(f"create role {other} login password 'x'")
    try:
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            log_in(as_owner, user=other, password="x")
    finally:
        servers.run_sql(f"drop role {other}")


def test_what_it_had_beyond_is_taken_and_what_the_owner_makes_later_is_its_own(as_owner, sql):
    migrate(as_owner)
    role = as_owner["DATABASE_APP_USER"]
    with sql.begin() as session:
        session.execute(text(f"grant truncate, references on todos to {role}"))
        session.execute(text("create table later (id bigserial)"))
    with log_in(as_owner) as connection:
        connection.execute("insert into later default values")
    migrate(as_owner)
    with log_in(as_owner) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("truncate todos")


def test_a_new_password_takes_the_old_one_s_place(as_owner):
    migrate(as_owner)
    migrate({**as_owner, "DATABASE_APP_PASSWORD": "another"})
    log_in(as_owner, password="another").close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        log_in(as_owner)


def test_the_server_never_hears_the_password(servers, as_owner):
    """It logs statements, those that fail at least, and keeps statistics of them."""
    servers.run_sql("alter system set log_statement = 'all'")
    servers.run_sql("select pg_reload_conf()")
    try:
        migrate({**as_owner, "DATABASE_APP_PASSWORD": "never-to-be-seen"})
        log_in(as_owner, password="never-to-be-seen").close()
    finally:
        servers.run_sql("alter system reset log_statement")
        servers.run_sql("select pg_reload_conf()")
    log = servers.log()
    assert f'alter role "{as_owner["DATABASE_APP_USER"]}"' in log
    assert "never-to-be-seen" not in log


def test_the_owner_does_not_give_its_own_rights_away(as_owner):
    done = subprocess.run(
        MIGRATE,
        env={**as_owner, "DATABASE_APP_USER": as_owner["DATABASE_USER"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "the owner keeps its rights" in done.stderr
