"""What is promised of calendars (docs/adr/), whatever the queue does with its messages and workers with their lives."""

import gzip
import time
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from backlog_todos import calendar, lists, todos
from backlog_todos.calendars import builds, changes, overdue, published, snapshot
from backlog_todos.calendars.rendering import rendered
from backlog_todos.database import connect, sessions
from backlog_todos.settings import DatabaseSettings
from backlog_todos.tables import Todo, TodoList


@pytest.fixture
def database(environment):
    engine = connect(DatabaseSettings.from_environment(environment))
    yield sessions(engine)
    engine.dispose()


@dataclass
class World:
    """A list, its queue, and builders that may stop anywhere."""

    database: object
    list_id: int = 1
    queue: list[int] = field(default_factory=list)
    at_work: list[tuple] = field(default_factory=list)
    history: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    builds: int = 0

    def send(self, list_id, _wait):
        self.queue.append(list_id)

    def change(self, change):
        """A transaction, and what the API does after it."""
        with self.database.begin() as session:
            change(session)
        if changes.noted(session):
            self.history[self.wanted()] = self.whole()
            with self.database.kw["bind"].connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                for list_id, wait in changes.ask(connection, [self.list_id]).items():
                    self.send(list_id, wait)

    def deliver(self):
        if self.queue:
            self.queue.pop()
            self.refresh()

    def refresh(self):
        self.builds += builds.refresh(self.database, self.list_id, self.send)
        self.is_right()

    def begin(self):
        """A builder claims, looks and renders, and is heard of no more for a while."""
        if claimed := builds.claim(self.database, self.list_id):
            seen = builds.look(self.database, claimed)
            if seen.wanted > seen.version:
                self.at_work.append((claimed, seen, rendered(seen, lambda: None)))
            else:
                builds.let_go(self.database, claimed)

    def end(self):
        """The builder that was heard of last, or the first, publishes."""
        if self.at_work:
            self.builds += builds.put(self.database, *self.at_work.pop(0))
            self.is_right()
            builds.follow_up(self.database, self.list_id, self.send)

    def time_passes(self):
        """Leases end, and messages count as lost."""
        self.run(
            "update builds set leased_until = leased_until - interval '1 hour', asked_at = asked_at - interval '1 hour'"
        )

    def reconcile(self):
        with self.database.kw["bind"].connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            asked = overdue.asked_again(connection, self.send)
        self.builds += overdue.built(self.database, asked, self.send)

    def run(self, statement, **values):
        with self.database.begin() as session:
            return session.execute(text(statement), values)

    def wanted(self):
        return self.run("select wanted from calendars where list_id = :id", id=self.list_id).scalar_one()

    def version(self):
        return self.run("select version from builds where list_id = :id", id=self.list_id).scalar_one()

    def whole(self):
        with self.database() as session:
            of = session.get(TodoList, self.list_id)
            about = calendar.About(of.name, of.time_zone, of.remind_minutes)
            every = session.scalars(select(Todo).where(Todo.list_id == self.list_id).order_by(Todo.id)).all()
            return calendar.of_todos(every, about).encode(), calendar.of_events(every, about).encode()

    def served(self):
        with self.database.kw["bind"].connect() as connection:
            of = published.Of(list_id=self.list_id)
            return tuple(
                gzip.decompress(published.published(connection, of, kind, "gzip").body) for kind in ("todo", "event")
            )

    def is_right(self):
        """What is published is exactly what the list was at that version: never a mixture, never an older one."""
        if (version := self.version()) >= 0:
            assert self.served() == self.history[version]


@pytest.fixture
def world(database):
    world = World(database)
    world.history[0] = world.whole()
    return world


def create(world, **values):
    world.change(lambda session: todos.created(session, world.list_id, {"title": "todo", **values}))


#: What can happen, in any order; some of it more often.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("create"), st.booleans(), st.text(max_size=5).filter(lambda text: "\x00" not in text)),
        st.tuples(st.just("tick"), st.integers(0, 5), st.booleans()),
        st.tuples(st.just("delete"), st.integers(0, 5)),
        st.tuples(st.just("rename"), st.sampled_from([None, "Europe/Berlin"]), st.sampled_from([None, 30])),
        st.sampled_from(["deliver", "deliver", "drop", "twice", "begin", "end", "end last", "crash"]).map(
            lambda n: (n,)
        ),
        st.sampled_from(["time passes", "reconcile"]).map(lambda name: (name,)),
    ),
    max_size=25,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(STEPS)
def test_no_lost_update_whatever_the_queue_and_the_workers_do(database, steps):
    with database.begin() as session:
        list_id = lists.created(session, {"name": "Ünïcode, \\; list"}).id
    world = World(database, list_id)
    world.history[0] = world.whole()
    for name, *about in steps:
        take(world, name, about)
    # In the end all is quiet: nobody delivers anything any more, and nobody is left at work.
    world.queue.clear()
    world.time_passes()
    world.reconcile()
    assert world.version() == world.wanted()
    assert world.served() == world.whole()
    for late in world.at_work:
        assert not builds.put(database, *late)
    assert world.served() == world.whole()


def take(world, name, about):
    match name:
        case "create":
            due = "2030-01-31T17:00:00+00:00" if about[0] else None
            create(world, title=about[1] or "todo", deadline_at=due)
        case "tick":
            if (todo_id := nth(world, about[0])) is not None:
                values = {"completed": about[1]}
                world.change(lambda session: todos.changed(session, world.list_id, todo_id, values))
        case "delete":
            if (todo_id := nth(world, about[0])) is not None:
                world.change(lambda session: todos.deleted(session, world.list_id, todo_id))
        case "rename":
            values = {"name": f"list {len(world.history)}", "time_zone": about[0], "remind_minutes": about[1]}
            world.change(lambda session: lists.changed(session, world.list_id, values))
        case "drop":
            world.queue[:1] = []
        case "twice":
            world.queue += world.queue[:1]
        case "end last":
            world.at_work.reverse()
            world.end()
        case "crash":
            world.at_work[:1] = []
        case _:
            getattr(world, name.replace(" ", "_"))()


def nth(world, n):
    with world.database() as session:
        ids = session.scalars(select(Todo.id).where(Todo.list_id == world.list_id).order_by(Todo.id)).all()
    return ids[n % len(ids)] if ids else None


def test_at_most_one_build_of_a_calendar_is_published_at_a_time(world):
    """The fence: a builder that was given up, and comes back late, puts nothing old in the place of the new."""
    create(world, title="old")
    world.begin()
    world.time_passes()
    create(world, title="new")
    world.refresh()
    ((claimed, seen, made),) = world.at_work
    assert not builds.put(world.database, claimed, seen, made)
    assert world.served() == world.whole()
    assert world.version() == 2


def test_nobody_builds_while_another_does(world):
    create(world)
    world.begin()
    assert builds.claim(world.database, 1) is None
    assert not builds.refresh(world.database, 1, world.send)
    world.end()
    assert world.served() == world.whole()


def test_any_number_of_changes_lead_to_one_more_build(world):
    for _ in range(10):
        create(world)
    assert world.queue == [1]
    world.queue.clear()
    world.begin()
    for _ in range(10):
        create(world)
    assert world.queue == [1]
    world.queue.clear()
    world.refresh()  # is turned away
    world.end()
    assert world.queue == [1]
    world.deliver()
    assert (world.builds, world.queue) == (2, [])
    assert world.served() == world.whole()


def test_what_changes_while_it_is_built_is_built_next_even_if_its_message_was_turned_away(world):
    create(world, title="first")
    world.queue.clear()
    world.begin()
    create(world, title="second")
    world.deliver()
    assert world.queue == []
    world.end()
    assert world.queue == [1]


def test_a_burst_is_built_once_at_its_beginning_and_then_now_and_then(world):
    """The first change is built at once; what follows waits, from the last build on, and never longer."""
    waits = []
    world.send = lambda _, wait: waits.append(wait)
    create(world)
    world.refresh()
    for since in ("-interval '1 hour'", "interval '1 hour'"):  # far from now: whatever this machine's pace
        world.run(f"update builds set asked_at = null, published_at = clock_timestamp() - {since}")
        create(world)
    assert waits == [0, changes.TOGETHER, 0]
    assert 0.2 <= changes.TOGETHER <= 0.5


def test_a_calendar_that_nobody_asked_for_is_found(world):
    """The process died between the commit and the message, or it was somebody with psql."""
    world.run("insert into todos (title) values ('by hand')")
    world.history[1] = world.whole()
    world.reconcile()
    assert world.served() == world.whole()


def test_a_change_and_its_version_commit_together(world, database):
    with database() as session:
        todos.created(session, 1, {"title": "never"})
        session.rollback()
    assert (world.wanted(), world.whole()) == (0, world.history[0])


def test_whoever_sees_a_version_sees_all_changes_up_to_it(database):
    """Two at once: the second gets its version when the first has committed, and so later."""
    with database.begin() as session:
        todos.created(session, 1, {"title": "open"})
        with database.kw["bind"].connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            seen = snapshot.seen(connection, 1)
        assert (seen.wanted, list(seen.changed)) == (0, [])
    with database.kw["bind"].connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        seen = snapshot.seen(connection, 1)
    assert (seen.wanted, len(seen.changed)) == (1, 1)


def test_who_writes_todos_does_not_wait_for_who_builds(world, database):
    create(world)
    world.begin()
    with database.begin() as publishing:
        publishing.execute(text("select 1 from builds where list_id = 1 for key share"))
        publishing.execute(text("update fragments set revision = revision"))
        create(world)  # and asks, with statements that would time out
    world.end()


def test_a_build_that_fails_leaves_what_was_published_and_is_tried_again(world, database, monkeypatch):
    create(world)
    world.refresh()
    before = world.served()
    create(world, title="breaks")
    original = calendar.todo
    monkeypatch.setattr(calendar, "todo", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        builds.refresh(database, 1, world.send)
    assert world.served() == before
    assert world.run("select error from builds").scalar_one() == "ZeroDivisionError"
    monkeypatch.setattr(calendar, "todo", original)
    world.time_passes()
    world.reconcile()
    assert world.served() == world.whole()
    assert world.run("select error from builds").scalar_one() is None


def test_a_lease_lasts_as_long_as_its_builder_is_heard_of(world, database, monkeypatch):
    create(world)
    claimed = builds.claim(database, 1, lease=60)
    alive = builds.renewing(database, claimed, lease=60)
    until = "select leased_until from builds"
    before = world.run(until).scalar_one()
    alive()
    assert world.run(until).scalar_one() == before  # it is not due
    later = time.monotonic() + 30
    monkeypatch.setattr(builds.time, "monotonic", lambda: later)
    alive()
    assert world.run(until).scalar_one() > before
    assert builds.claim(database, 1) is None


def test_a_list_that_is_gone_has_nothing_to_build_and_nobody_waits_for_it(database):
    assert not builds.ensure(database, 99, 1, lambda *_: None)
    assert not builds.refresh(database, 99, lambda *_: None)
