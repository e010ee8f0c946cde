"""Todos and calendar jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_TIME = sa.DateTime(timezone=True)
_NOW = sa.func.clock_timestamp()


def upgrade() -> None:
    """Make both tables with their indexes."""
    op.create_table(
        "todos",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("completed", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("deadline_at", _TIME),
        sa.Column("created_at", _TIME, nullable=False, server_default=_NOW),
        sa.Column("updated_at", _TIME, nullable=False, server_default=_NOW),
    )
    op.create_index("todos_deadline_at", "todos", ["deadline_at"], postgresql_where=sa.text("deadline_at is not null"))
    op.create_index("todos_completed", "todos", ["completed", "id"])
    op.create_table(
        "calendar_jobs",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("status", sa.Text, nullable=False, server_default=sa.text("'PENDING'")),
        sa.Column("attempts", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("requested_at", _TIME, nullable=False, server_default=_NOW),
        sa.Column("sent_at", _TIME),
        sa.Column("started_at", _TIME),
        sa.Column("finished_at", _TIME),
        sa.Column("error", sa.Text),
        sa.Column("todos", sa.Text, comment="the calendar of VTODOs"),
        sa.Column("events", sa.Text, comment="the calendar of VEVENTs, for apps that know no VTODO"),
    )
    op.create_index(
        "calendar_jobs_open",
        "calendar_jobs",
        ["sent_at"],
        postgresql_where=sa.text("status not in ('SUCCESS', 'FAILURE')"),
    )
