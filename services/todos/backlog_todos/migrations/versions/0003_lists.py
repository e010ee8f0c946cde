"""Lists of todos, each with a calendar that is built of what changed, published, and fed to calendar apps."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_TIME = sa.DateTime(timezone=True)
_NOW = sa.func.clock_timestamp()

# Every change of a todo has a version: its list's next number, one for all that a transaction changes. The row of
# `calendars` stays locked until the commit, so that versions become visible in their order and without gaps: whoever
# sees version n sees all changes up to n. A trigger does it, for older releases' tasks and for people with psql too.
_NEXT_VERSION = """
create or replace function next_version(list bigint) returns bigint language plpgsql as $$
declare
    taken text[] := string_to_array(current_setting('backlog.version', true), ':');
    next bigint;
begin
    if taken[1] = list::text then
        return taken[2]::bigint;
    end if;
    update calendars set wanted = wanted + 1 where list_id = list returning wanted into next;
    perform set_config('backlog.version', list || ':' || coalesce(next, 0), true);
    return coalesce(next, 0);
end $$
"""
_VERSIONED = """
create or replace function todos_versioned() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or (tg_op = 'UPDATE' and new.list_id <> old.list_id) then
        insert into removed_todos (list_id, todo_id, version)
        values (old.list_id, old.id, next_version(old.list_id))
        on conflict (list_id, todo_id) do update set version = excluded.version;
    end if;
    if tg_op = 'DELETE' then
        return old;
    end if;
    if tg_op = 'UPDATE' then
        new.revision := old.revision + 1;
    end if;
    new.version := next_version(new.list_id);
    return new;
end $$
"""
_TRIGGER = """
create trigger todos_versioned before insert or update or delete on todos
for each row execute function todos_versioned()
"""


def upgrade() -> None:
    """The first list holds the todos that are there."""
    lists = op.create_table(
        "lists",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False, start=2), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("time_zone", sa.Text),
        sa.Column("remind_minutes", sa.BigInteger),
        sa.Column("created_at", _TIME, nullable=False, server_default=_NOW),
        sa.Column("updated_at", _TIME, nullable=False, server_default=_NOW),
    )
    op.create_table(
        "calendars",
        _list_id(),
        sa.Column("wanted", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    )
    op.create_table(
        "builds",
        _list_id(),
        sa.Column("version", sa.BigInteger, nullable=False, server_default=sa.text("-1")),
        sa.Column("fence", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("asked_at", _TIME),
        sa.Column("leased_until", _TIME),
        sa.Column("published_at", _TIME),
        sa.Column("modified_at", _TIME),
        sa.Column("todos_etag", sa.Text),
        sa.Column("events_etag", sa.Text),
        sa.Column("error", sa.Text),
    )
    op.create_table(
        "fragments",
        sa.Column("list_id", sa.BigInteger, sa.ForeignKey("lists.id", ondelete="cascade"), primary_key=True),
        sa.Column("todo_id", sa.BigInteger, primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("todo", sa.LargeBinary, nullable=False),
        sa.Column("event", sa.LargeBinary),
    )
    op.create_table(
        "chunks",
        sa.Column("list_id", sa.BigInteger, sa.ForeignKey("lists.id", ondelete="cascade"), primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("crc", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("gzip", sa.LargeBinary, nullable=False),
        sa.Column("brotli", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "removed_todos",
        sa.Column("list_id", sa.BigInteger, primary_key=True),
        sa.Column("todo_id", sa.BigInteger, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "results",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
        sa.Column("list_id", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("todos", sa.LargeBinary, nullable=False),
        sa.Column("events", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("list_id", "version", name="results_version"),
    )
    op.create_table(
        "feeds",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
        sa.Column("list_id", sa.BigInteger, sa.ForeignKey("lists.id", ondelete="cascade"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("created_at", _TIME, nullable=False, server_default=_NOW),
        sa.Column("rotated_at", _TIME),
    )
    op.create_index("feeds_list", "feeds", ["list_id"])
    op.create_table(
        "idempotency_keys",
        sa.Column("client", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.BigInteger),
        sa.Column("headers", sa.JSON),
        sa.Column("body", sa.LargeBinary),
        sa.Column("created_at", _TIME, nullable=False, server_default=_NOW),
    )
    op.create_index("idempotency_keys_age", "idempotency_keys", ["created_at"])
    op.create_table(
        "access_tokens",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("token_hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("created_at", _TIME, nullable=False, server_default=_NOW),
        sa.Column("revoked_at", _TIME),
    )
    op.execute(sa.insert(lists).values(id=1, name="Todos"))
    op.execute("insert into calendars (list_id) values (1)")
    op.execute("insert into builds (list_id) values (1)")

    one = sa.text("1")
    op.add_column("todos", sa.Column("list_id", sa.BigInteger, nullable=False, server_default=one))
    op.create_foreign_key("todos_list_id", "todos", "lists", ["list_id"], ["id"], ondelete="cascade")
    op.add_column("todos", sa.Column("all_day", sa.Boolean, nullable=False, server_default=sa.text("false")))
    op.add_column("todos", sa.Column("completed_at", _TIME))
    op.add_column("todos", sa.Column("revision", sa.BigInteger, nullable=False, server_default=sa.text("0")))
    op.add_column("todos", sa.Column("version", sa.BigInteger, nullable=False, server_default=sa.text("0")))
    op.drop_index("todos_deadline_at", "todos")
    op.drop_index("todos_completed", "todos")
    due = sa.text("deadline_at is not null")
    op.create_index("todos_deadline_at", "todos", ["list_id", "deadline_at"], postgresql_where=due)
    op.create_index("todos_completed", "todos", ["list_id", "completed", "id"])
    op.create_index("todos_list", "todos", ["list_id", "id"])
    op.create_index("todos_version", "todos", ["list_id", "version"])
    op.execute(_NEXT_VERSION)
    op.execute(_VERSIONED)
    op.execute(_TRIGGER)

    op.add_column("calendar_jobs", sa.Column("list_id", sa.BigInteger, nullable=False, server_default=one))
    op.add_column("calendar_jobs", sa.Column("version", sa.BigInteger, nullable=False, server_default=sa.text("0")))
    op.add_column("calendar_jobs", sa.Column("result_id", sa.BigInteger, sa.ForeignKey("results.id")))
    over, kept = sa.text("finished_at is not null"), sa.text("result_id is not null")
    op.create_index("calendar_jobs_over", "calendar_jobs", ["finished_at"], postgresql_where=over)
    op.create_index("calendar_jobs_result", "calendar_jobs", ["result_id"], postgresql_where=kept)


def _list_id() -> sa.Column[int]:
    return sa.Column("list_id", sa.BigInteger, sa.ForeignKey("lists.id", ondelete="cascade"), primary_key=True)
