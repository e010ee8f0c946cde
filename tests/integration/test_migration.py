"""The migration: by its container's command, alone and together, beside running services, older and newer ones."""

import shutil
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

import backlog_todos
from backlog_todos.tables import Table
from tests.servers import GUNICORN

MIGRATE = [sys.executable, "-m", "backlog_todos.migrate"]
NEXT = '''
"""A column, as a release that expands the schema adds it."""
from alembic import op
import sqlalchemy as sa
revision = "0000next"
down_revision = "{head}"
def upgrade():
    op.add_column("todos", sa.Column("colour", sa.Text))
    op.create_table("colours", sa.Column("name", sa.Text, primary_key=True))
'''
NEXT_TABLE = """
class Colour(Table):
    __tablename__ = "colours"
    name: Mapped[str] = mapped_column(primary_key=True)
"""


def run(environment):
    return subprocess.run(MIGRATE, env=environment, capture_output=True, text=True, check=False, timeout=90)


@pytest.fixture
def next_release(as_owner, sql, tmp_path):
    """What the migration of the release after this one is told; its code lies in a folder of its own."""
    package = Path(backlog_todos.__file__).parent
    shutil.copytree(package, tmp_path / "backlog_todos", ignore=shutil.ignore_patterns("__pycache__"))
    with sql() as session:
        head = session.execute(text("select version_num from alembic_version")).scalar()
    with (tmp_path / "backlog_todos" / "tables.py").open("a", encoding="utf-8") as tables:
        tables.write(NEXT_TABLE)
    versions = tmp_path / "backlog_todos" / "migrations" / "versions"
    (versions / "next.py").write_text(NEXT.format(head=head), encoding="utf-8")
    return {**as_owner, "PYTHONPATH": str(tmp_path)}


def test_two_migrations_at_once_are_safe(as_owner, sql):
    with sql.begin() as session:
        for table in (*Table.metadata.tables, "alembic_version"):
            session.execute(text(f"drop table {table} cascade"))
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda _: run(as_owner), range(3)))
    assert [result.returncode for result in done] == [0, 0, 0], [result.stderr for result in done]
    with sql() as session:
        assert session.execute(text("select count(*) from todos")).scalar() == 0


def test_a_migration_waits_for_another_for_as_long_as_it_takes(as_owner, sql):
    """The other's statement limit (backlog_todos.database) must not end it."""
    with sql.begin() as session:
        session.execute(text("select pg_advisory_xact_lock(6400)"))
        with subprocess.Popen(MIGRATE, env=as_owner, stderr=subprocess.PIPE, text=True) as waiting:
            with pytest.raises(subprocess.TimeoutExpired):
                waiting.wait(3)
            limit = "select current_setting('statement_timeout')"
            assert session.execute(text(limit)).scalar() == "15s"
            session.rollback()
            assert waiting.wait(30) == 0, waiting.stderr


def test_a_migration_without_a_database_says_so(as_owner):
    done = run({**as_owner, "DATABASE_PORT": "1"})
    assert done.returncode == 1
    assert done.stderr.startswith(f"migrate: 127.0.0.1:1/{as_owner['DATABASE_NAME']}: connection")
    assert "Traceback" not in done.stderr


def test_a_migration_that_fails_says_why_in_one_line_and_changes_nothing(next_release, sql):
    with sql.begin() as session:
        session.execute(text("create table colours (name int)"))
    done = run(next_release)
    assert done.returncode == 1
    where = f"127.0.0.1:{next_release['DATABASE_PORT']}/{next_release['DATABASE_NAME']}"
    assert done.stderr == f'migrate: {where}: relation "colours" already exists\n'
    with sql() as session:
        columns = session.execute(text("select * from todos")).keys()
    assert "colour" not in columns


def test_a_migration_lets_queries_pass_while_a_long_transaction_holds_its_table(
    next_release, sql, client, tmp_path, until
):
    said = tmp_path / "said"
    with sql() as session, said.open("w") as stderr:
        session.execute(text("select * from todos"))  # as a report that runs for minutes
        waiting = subprocess.Popen(MIGRATE, env=next_release, stderr=stderr)
        try:
            until(lambda: "lock timeout" in said.read_text(encoding="utf-8"), seconds=30)
            assert client.get("/api/v1/todos").status_code == 200
            session.rollback()
            assert waiting.wait(60) == 0
        finally:
            waiting.kill()
            waiting.wait()


def test_the_old_api_serves_while_the_next_release_migrates(next_release, start, free_port, sql):
    port = free_port()
    start(GUNICORN, "backlog_api.health", PORT=str(port))

    def ask(number):
        body = f'{{"title": "todo {number}"}}'.encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/todos", body)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status

    with ThreadPoolExecutor() as pool:
        migration = pool.submit(run, next_release)
        answers = []
        while not migration.done() or len(answers) < 20:
            answers += pool.map(ask, range(4))
        assert migration.result().returncode == 0, migration.result().stderr
        answers += pool.map(ask, range(4))
    assert set(answers) == {201}
    with sql() as session:
        assert session.execute(text("select count(colour) from todos")).scalar() == 0


def test_an_older_task_still_starts_on_a_newer_schema_and_takes_no_right_away(next_release, as_owner, sql):
    """As after a rollback, or while both releases run: the newer tasks go on."""
    assert [run(release).returncode for release in (as_owner, next_release)] == [0, 0]
    done = run(as_owner)
    assert (done.returncode, done.stderr) == (
        0,
        "migrate: the schema is at 0000next, which is newer than this code: left as it is\n",
    )
    role = as_owner["DATABASE_APP_USER"]
    with sql() as session:
        may = session.execute(text(f"select has_table_privilege('{role}', 'colours', 'insert')")).scalar()
    assert may, "a table of the newer release"
