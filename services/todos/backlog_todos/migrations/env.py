"""Alembic's entry: connection, lock and transaction are the caller's (backlog_todos.migrate)."""

from alembic import context

from backlog_todos.tables import Table

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Table.metadata, transaction_per_migration=False
)
context.run_migrations()
