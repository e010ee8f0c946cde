"""Builds a list's calendar of what changed: claim, look, render, publish.

A claim is a fence, the next number, and a lease that the builder renews while it renders. Nobody else builds before it
is over; whoever publishes with an older fence than the last one given is refused, however late he comes. What is
published replaces what was there in one transaction, so that readers see the one or the other.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, text

from backlog_todos import events
from backlog_todos.calendars import changes
from backlog_todos.calendars.publishing import publish
from backlog_todos.calendars.rendering import Made, rendered
from backlog_todos.calendars.snapshot import Seen, seen
from backlog_todos.database import Sessions

#: Seconds that a builder of which nothing is heard keeps others away; it says that it is there in a third of that.
LEASE = 10.0
_LOOK = 0.05  # seconds between two looks at a build of somebody else's

# The message is heard of before the builder looks: whoever commits after the look sends another.
_CLAIM = text(
    "update builds set fence = fence + 1, leased_until = clock_timestamp() + make_interval(secs => :lease), "
    "asked_at = null where list_id = :list_id and (leased_until is null or leased_until < clock_timestamp()) "
    "returning fence"
)
_RENEW = text(
    "update builds set leased_until = clock_timestamp() + make_interval(secs => :lease) "
    "where list_id = :list_id and fence = :fence"
)
# Who failed lets go; the calendar counts as asked for, so that the reconciler tries again in a while, and not at once.
_LET_GO = text(
    "update builds set leased_until = null, error = cast(:error as text), "
    "asked_at = case when cast(:error as text) is null then asked_at else clock_timestamp() end "
    "where list_id = :list_id and fence = :fence"
)
_BEHIND = text(
    "select true from builds join calendars using (list_id) where list_id = :list_id and wanted > builds.version"
)
_VERSION = text("select version from builds where list_id = :list_id")


@dataclass(frozen=True)
class Claim:
    """The right to publish a list's calendar."""

    list_id: int
    fence: int


def claim(sessions: Sessions, list_id: int, lease: float = LEASE) -> Claim | None:
    """Take the right to build; None while another has it, and when there is no such list."""
    with _committing(sessions) as connection:
        fence = connection.execute(_CLAIM, {"list_id": list_id, "lease": lease}).scalar_one_or_none()
    return Claim(list_id, fence) if fence is not None else None


def build(sessions: Sessions, claimed: Claim, lease: float = LEASE) -> bool:
    """Build by a claim, and let go of it; whether something was published.

    Raises:
        Exception: whatever went wrong; the claim is let go, and the calendar is as it was.
    """
    try:
        looked = look(sessions, claimed)
        if looked is not None and looked.wanted > looked.version:
            return put(sessions, claimed, looked, rendered(looked, renewing(sessions, claimed, lease)))
    except BaseException as error:
        let_go(sessions, claimed, type(error).__name__)
        raise
    let_go(sessions, claimed)
    return False


def look(sessions: Sessions, claimed: Claim) -> Seen | None:
    """What there is to build, in one snapshot; None when the list is gone."""
    with sessions.kw["bind"].connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        return seen(connection, claimed.list_id)


def put(sessions: Sessions, claimed: Claim, looked: Seen, made: Made) -> bool:
    """Publish, and so let go of the claim; False, with nothing changed, when another has claimed it since."""
    with sessions.begin() as session:
        changed = publish(session, claimed.list_id, claimed.fence, looked, made)
        if changed is None:
            session.rollback()
            return False
        if changed:
            about = {"list_id": claimed.list_id, "version": looked.wanted}
            events.record(session, "calendar.published", f"lists/{claimed.list_id}", about)
    return True


def refresh(sessions: Sessions, list_id: int, send: Callable[[int, float], object], lease: float = LEASE) -> bool:
    """What a message asks for: build unless another is at it; whether something was published.

    What was committed while this build ran is asked for by the last act of the builder: a message that came meanwhile
    was turned away, and whoever commits later finds the calendar not asked for. See docs/adr/ on calendars.
    """
    claimed = claim(sessions, list_id, lease)
    if claimed is None:
        return False
    published = build(sessions, claimed, lease)
    follow_up(sessions, list_id, send)
    return published


def ensure(
    sessions: Sessions, list_id: int, version: int, send: Callable[[int, float], object], lease: float = LEASE
) -> bool:
    """Have at least this version published, by building it or by waiting for who is at it; False: the list is gone."""
    while True:
        with _committing(sessions) as connection:
            there = connection.execute(_VERSION, {"list_id": list_id}).scalar_one_or_none()
        if there is None or there >= version:
            return there is not None
        if claimed := claim(sessions, list_id, lease):
            build(sessions, claimed, lease)
            follow_up(sessions, list_id, send)
        else:
            time.sleep(_LOOK)


def follow_up(sessions: Sessions, list_id: int, send: Callable[[int, float], object]) -> None:
    """Ask for one more build if the calendar is behind already, unless it is asked for."""
    with _committing(sessions) as connection:
        behind = connection.execute(_BEHIND, {"list_id": list_id}).scalar_one_or_none()
        asked = changes.ask(connection, [list_id]) if behind else {}
    for asked_id, wait in asked.items():
        send(asked_id, wait)


def renewing(sessions: Sessions, claimed: Claim, lease: float) -> Callable[[], None]:
    """What a builder calls again and again: it renews the lease when a third of it is over."""
    due = time.monotonic() + lease / 3

    def alive() -> None:
        nonlocal due
        if time.monotonic() >= due:
            with _committing(sessions) as connection:
                connection.execute(_RENEW, {"list_id": claimed.list_id, "fence": claimed.fence, "lease": lease})
            due = time.monotonic() + lease / 3

    return alive


def let_go(sessions: Sessions, claimed: Claim, error: str | None = None) -> None:
    """Give the claim back unused."""
    with _committing(sessions) as connection:
        connection.execute(_LET_GO, {"list_id": claimed.list_id, "fence": claimed.fence, "error": error})


def _committing(sessions: Sessions) -> Connection:
    """A connection each of whose statements is a transaction."""
    connection: Connection = sessions.kw["bind"].connect().execution_options(isolation_level="AUTOCOMMIT")
    return connection
