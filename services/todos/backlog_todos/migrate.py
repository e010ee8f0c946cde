"""`python -m backlog_todos.migrate`: brings schema and application role up to date, one process at a time, and ends.

It alone logs in as the database's owner. See docs/migrations.md for what a migration may do.
"""

import os
import sys
import time
from pathlib import Path
from typing import cast

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from backlog_todos.app_role import AppRole, grant, make
from backlog_todos.database import connect
from backlog_todos.settings import DatabaseSettings, Reader, SettingsError

#: Any number, the same in every process: whoever holds the advisory lock migrates, the others wait and find it done.
_LOCK = 6_400
#: Seconds. While a migration waits for a table that a long transaction holds, every other query of that table waits
#: behind it: it gives up soon, lets them pass, and tries again.
_TABLE_LOCK, _PAUSE, _TRIES = 2, 3, 6


def migrate(connection: Connection) -> bool:
    """Apply what is missing, within the connection's transaction; whether the schema is now this code's own.

    One that is newer is left as it is: an older task that starts beside newer ones, or after a deployment was rolled
    back, has to come up.
    """
    connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    connection.execute(text(f"set local lock_timeout = '{_TABLE_LOCK}s'"))
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if newer := set(MigrationContext.configure(connection).get_current_heads()) - known:
        _say(f"the schema is at {', '.join(sorted(newer))}, which is newer than this code: left as it is")
        return False
    command.upgrade(config, "head")
    return True


def main() -> int:
    """Migrate the database of the environment; 0 when it is up to date, 2 when the environment is wrong."""
    try:
        settings, role = _told()
    except SettingsError as error:
        _say(str(error))
        return 2
    # No limit: whoever comes second waits for the whole of the first one's migration.
    engine = connect(settings, pool_size=1, statement_timeout=0)
    try:
        _apply(engine, role)
    except (SQLAlchemyError, psycopg.Error) as error:
        _say(f"{settings.host}:{settings.port}/{settings.name}: {_sentence(error)}")
        return 1
    finally:
        engine.dispose()
    return 0


def _apply(engine: Engine, role: AppRole) -> None:
    """Schema and role in one transaction, tried again where a table is in use."""
    for left in reversed(range(_TRIES)):
        try:
            with engine.begin() as connection:
                own = migrate(connection)
                driver = cast("psycopg.Connection", connection.connection.driver_connection)
                make(driver, role)
                if own:  # else newer code knows better what the role needs
                    grant(driver, role)
        except OperationalError as error:
            if not left or not isinstance(error.orig, psycopg.errors.LockNotAvailable):
                raise
            _say(f"{_sentence(error)}; tried again in {_PAUSE} s")
            time.sleep(_PAUSE)
        else:
            return


def _told() -> tuple[DatabaseSettings, AppRole]:
    read = Reader(os.environ)
    settings, role = DatabaseSettings.read(read), AppRole.read(read)
    read.finish()
    if settings.user == role.name:
        raise SettingsError(f"DATABASE_USER and DATABASE_APP_USER are both {role.name!r}: the owner keeps its rights")
    return settings, role


def _sentence(error: Exception) -> str:
    """The server's own words, in one line: neither the statement nor its values."""
    original = error.orig if isinstance(error, DBAPIError) else error
    return " ".join(str(original).split())


def _say(sentence: str) -> None:
    sys.stderr.write(f"migrate: {sentence}\n")


if __name__ == "__main__":
    sys.exit(main())
