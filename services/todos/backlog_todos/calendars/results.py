"""Calendars that are kept for the jobs that asked for them; jobs that find the same version share one."""

from sqlalchemy import text
from sqlalchemy.orm import Session

_THERE = text(
    "select results.id from results join builds using (list_id, version) where list_id = :list_id "
    "for key share of results"
)
# Joined where the pieces are: a calendar does not travel to be kept.
_KEEP = text(
    "insert into results (list_id, version, todos, events) select list_id, version, "
    "(select string_agg(gzip, ''::bytea order by number) from chunks where list_id = :list_id and kind = 'todo'), "
    "(select string_agg(gzip, ''::bytea order by number) from chunks where list_id = :list_id and kind = 'event') "
    "from builds where list_id = :list_id "
    "on conflict (list_id, version) do update set version = excluded.version returning id"
)
_OLD_JOBS = text(
    "delete from calendar_jobs where id in (select id from calendar_jobs where finished_at "
    "< clock_timestamp() - make_interval(days => :days) limit :at_once for update skip locked) "
    "returning result_id"
)
_UNUSED = text(
    "delete from results where id = any(cast(:ids as bigint[])) "
    "and not exists (select from calendar_jobs where result_id = results.id)"
)
#: Days that a job, and its calendar, can be asked for after it is over.
KEPT_DAYS = 7


def kept(session: Session, list_id: int) -> int:
    """The calendar as it is published now; the id of the row that holds it.

    Raises:
        NoResultFound: there is no such list.
    """
    there = session.execute(_THERE, {"list_id": list_id}).scalar_one_or_none()
    return int(there if there is not None else session.execute(_KEEP, {"list_id": list_id}).scalar_one())


def dropped(session: Session, at_once: int = 500) -> int:
    """Forget jobs that were over long ago, some at a time, and the calendars that no other job has; how many jobs."""
    old = session.execute(_OLD_JOBS, {"days": KEPT_DAYS, "at_once": at_once}).scalars().all()
    if results := sorted({each for each in old if each is not None}):
        session.execute(_UNUSED, {"ids": results})
    return len(old)
