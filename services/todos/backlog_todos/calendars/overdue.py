"""Finds calendars that are behind and that nobody seems to be about to build: their messages are lost."""

import logging
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, text

from backlog_todos.calendars import builds, changes
from backlog_todos.database import Sessions

log = logging.getLogger(__name__)

_AT_ONCE = 100  # calendars of one look
# Both tables have a row for each list, and no more.
_OVERDUE = text(
    "select list_id from calendars join builds using (list_id) where wanted > builds.version "
    "and (asked_at is null or asked_at < clock_timestamp() - make_interval(secs => :unheard)) "
    "and (leased_until is null or leased_until < clock_timestamp()) order by published_at nulls first limit :at_once"
)
_STILL = text(
    "select list_id from calendars join builds using (list_id) where list_id = any(cast(:lists as bigint[])) "
    "and wanted > builds.version and (leased_until is null or leased_until < clock_timestamp())"
)


def asked_again(connection: Connection, send: Callable[[int, float], object]) -> Sequence[int]:
    """Ask once more for those that are overdue; which they are. Every statement is a transaction of its own."""
    found = connection.execute(_OVERDUE, {"unheard": changes.UNHEARD_AFTER, "at_once": _AT_ONCE}).scalars().all()
    asked = changes.ask(connection, found, changes.UNHEARD_AFTER) if found else {}
    for list_id in asked:
        log.info("calendar asked for again", extra={"list_id": list_id})
        send(list_id, 0.0)
    return sorted(asked)


def built(sessions: Sessions, list_ids: Sequence[int], send: Callable[[int, float], object]) -> int:
    """Build those of which still nobody has heard; how many that was. One that cannot be built stops no other."""
    if not list_ids:
        return 0
    with sessions() as session:
        still = session.execute(_STILL, {"lists": list(list_ids)}).scalars().all()
    count = 0
    for list_id in still:
        try:
            count += builds.refresh(sessions, list_id, send)
        except Exception as error:  # noqa: BLE001 - it is found again at the next look
            log.warning("calendar not built", extra={"list_id": list_id, "detail": type(error).__name__})
    return count
