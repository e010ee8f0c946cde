"""A list's calendar is built of what changed, and is always what a whole rendering gives."""

import gzip

import brotli
import pytest
from sqlalchemy import select, text

from backlog_todos import calendar, todos
from backlog_todos.calendars import builds, published
from backlog_todos.database import connect, sessions
from backlog_todos.settings import DatabaseSettings
from backlog_todos.tables import Todo, TodoList

FIRST = published.Of(list_id=1)


@pytest.fixture
def database(environment):
    engine = connect(DatabaseSettings.from_environment(environment))
    yield sessions(engine)
    engine.dispose()


def whole(database, list_id=1):
    """Both calendars, rendered from all todos."""
    with database() as session:
        of = session.get(TodoList, list_id)
        about = calendar.About(of.name, of.time_zone, of.remind_minutes)
        every = session.scalars(select(Todo).where(Todo.list_id == list_id).order_by(Todo.id)).all()
        return calendar.of_todos(every, about).encode(), calendar.of_events(every, about).encode()


def served(database, list_id=1, encoding="gzip"):
    """Both calendars, as they are published."""
    with database.kw["bind"].connect() as connection:
        of = published.Of(list_id=list_id)
        bodies = [published.published(connection, of, kind, encoding).body for kind in ("todo", "event")]
    decode = {"gzip": gzip.decompress, "brotli": brotli.decompress}[encoding]
    return tuple(decode(body) for body in bodies)


def refresh(database, list_id=1):
    return builds.refresh(database, list_id, lambda *_: None)


def state(database, column, list_id=1):
    with database() as session:
        return session.execute(text(f"select {column} from builds where list_id = :id"), {"id": list_id}).scalar_one()


def create(database, **values):
    with database.begin() as session:
        return todos.created(session, 1, {"title": "todo", **values}).id


def test_an_empty_list_has_an_empty_calendar(database):
    assert refresh(database)
    assert served(database) == served(database, encoding="brotli") == whole(database)


def test_whatever_changes_the_published_calendar_is_that_of_a_whole_rendering(database):
    with database.begin() as session:
        session.execute(
            text(
                "insert into todos (title, deadline_at) "
                "select 'todo ' || n, case when n % 3 > 0 then now() + n * interval '1 hour' end "
                "from generate_series(1, 1000) n"
            )
        )
    assert refresh(database)
    assert served(database) == served(database, encoding="brotli") == whole(database)
    with database.begin() as session:
        todos.changed(session, 1, 300, {"title": "ä" * 100, "completed": True})
        for gone in range(512, 768):
            todos.deleted(session, 1, gone)
        todos.created(session, 1, {"title": "new"})
    assert refresh(database)
    assert served(database) == served(database, encoding="brotli") == whole(database)
    assert not refresh(database)


def test_a_build_renders_what_changed_and_nothing_else(database, monkeypatch):
    for _ in range(5):
        create(database)
    refresh(database)
    rendered = []
    original = calendar.todo
    monkeypatch.setattr(calendar, "todo", lambda shown, *about: rendered.append(shown.id) or original(shown, *about))
    with database.begin() as session:
        todos.changed(session, 1, 3, {"completed": True})
    refresh(database)
    assert rendered == [3]
    assert served(database) == whole(database)
