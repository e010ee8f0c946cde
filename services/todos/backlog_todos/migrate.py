"""`python -m backlog_todos.migrate`: brings the schema up to date, one process at a time, and ends."""

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from backlog_todos.database import connect
from backlog_todos.settings import DatabaseSettings, SettingsError

#: Any number, the same in every process: whoever holds the advisory lock migrates, the others wait and find it done.
_LOCK = 6_400


def migrate(connection: Connection) -> None:
    """Apply what is missing, within the connection's transaction."""
    connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def main() -> int:
    """Migrate the database of the environment; 0 when the schema is up to date."""
    try:
        settings = DatabaseSettings.from_environment()
    except SettingsError as error:
        sys.stderr.write(f"migrate: {error}\n")
        return 2
    # No limit: whoever comes second waits for the whole of the first one's migration.
    engine = connect(settings, pool_size=1, statement_timeout=0)
    try:
        with engine.begin() as connection:
            migrate(connection)
    except OperationalError as error:
        sys.stderr.write(f"migrate: {settings.host}:{settings.port}/{settings.name}: {str(error.orig).strip()}\n")
        return 1
    finally:
        engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
