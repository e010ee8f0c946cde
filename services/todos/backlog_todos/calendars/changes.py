"""Which calendars a transaction changes, and who tells the builders of it.

A change and the version that its calendar should have commit together (a trigger, migration 0003). After the commit
one message asks for a build, and no second one while it is under way. None of it need arrive: the database says which
calendars are behind, and the reconciler looks for them.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Float,
    bindparam,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from backlog_todos.straight import Straight

#: Key of a session's `info`: list id -> the version of its calendar with what the transaction changed.
INFO = "changed_calendars"
#: Seconds between two builds of one calendar, from the publishing of the first: a burst of changes is built once.
TOGETHER = 0.5
#: Seconds after which a message counts as lost: to the reconciler, which builds by itself if need be; and to those who
#: change todos, later, so that while they go on it is the reconciler who finds the calendar not asked for.
UNHEARD_AFTER, LONG_UNHEARD_AFTER = 3.0, 15.0

#: In RETURNING: `list:version` as the trigger has just left it; the one way to learn the version of a deletion.
TAKEN: ColumnElement[str] = literal_column("current_setting('backlog.version', true)")

_ASK = text(
    "update builds set asked_at = clock_timestamp() where list_id = any(:lists) and "
    "(asked_at is null or asked_at < clock_timestamp() - make_interval(secs => :unheard)) "
    "returning list_id, "
    "cast(least(:together, greatest(0, coalesce(:together - extract(epoch from clock_timestamp() - published_at), 0))) "
    "as double precision) as wait"
).bindparams(bindparam("lists", type_=ARRAY(BigInteger)), together=TOGETHER)
_ASKED = _ASK.columns(list_id=BigInteger, wait=Float)
#: The same for one list, and a commit that waits for the disk: what was committed before it, by whomever, is there then
#: too. Without a row to change there would be nothing to write, and so nothing to wait for: the message to nobody is
#: something. Source: PostgreSQL, "Asynchronous Commit".
_ASKED_FLUSHED = text(
    f"with asked as ({_ASK.text.replace('any(:lists)', ':list_id')}), "  # noqa: S608 - of our own text
    "flushed as (select pg_logical_emit_message(true, 'backlog', '') as up_to) "
    "select wait, cast(up_to as text) from flushed left join asked on true"
).bindparams(together=TOGETHER)


def note(session: Session | Straight, list_id: int, version: int) -> None:
    """The session's transaction changes this calendar, which has `version` with the change."""
    session.info.setdefault(INFO, {})[list_id] = version


def note_taken(session: Session | Straight, taken: str) -> None:
    """The same by what `TAKEN` gave."""
    list_id, _, version = taken.partition(":")
    note(session, int(list_id), int(version))


def noted(session: Session | Straight) -> Mapping[int, int]:
    """Which calendars the session's transaction has changed, with their versions."""
    noted: Mapping[int, int] = session.info.get(INFO, {})
    return noted


def touch(session: Session, list_id: int) -> int:
    """The list itself has changed (its name, its zone, its reminders): its calendar is to be built; its version."""
    version: int = session.execute(select(func.next_version(list_id))).scalar_one()
    note(session, list_id, version)
    return version


def ask(
    connection: Connection | Straight, list_ids: Iterable[int], unheard_after: float = LONG_UNHEARD_AFTER
) -> dict[int, float]:
    """For which of the lists a message is to be sent, and with how many seconds of delay; the others have one.

    One round trip, on a connection that commits by itself.
    """
    asked = connection.execute(_ASKED, {"lists": sorted(list_ids), "unheard": unheard_after})
    return {row.list_id: row.wait for row in asked}


def ask_and_flush(connection: Straight, list_id: int) -> float | None:
    """The same for one list: the delay in seconds, or None where no message is to be sent.

    What was committed asynchronously before (backlog_todos.straight) is on the disk when it returns.
    """
    asked = connection.execute(_ASKED_FLUSHED, {"list_id": list_id, "unheard": LONG_UNHEARD_AFTER})
    wait: float | None = asked.one().wait
    return wait
