"""How the calendars of lists stand: what is published of what is wanted, read for many lists by one query."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backlog_todos.tables import Build, Calendar


@dataclass(frozen=True)
class Standing:
    """A calendar: the version that is published (-1: none yet), the one that is wanted, and whether a worker is asked.

    `error` is what the last build failed with, if it did.
    """

    version: int
    wanted: int
    asked: bool
    published_at: datetime | None
    error: str | None

    @property
    def behind(self) -> int:
        """Changes that the published calendar does not show."""
        return self.wanted - max(self.version, 0)

    @property
    def state(self) -> str:
        """`fresh`, `building` while a worker is asked or at work, or `behind`."""
        if self.version == self.wanted:
            return "fresh"
        return "building" if self.asked else "behind"

    def shown(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "state": self.state,
            "version": self.version,
            "wanted": self.wanted,
            "behind": self.behind,
            "published_at": self.published_at and self.published_at.isoformat(),
            "error": self.error,
        }


def standings(session: Session, list_ids: Collection[int]) -> dict[int, Standing]:
    """Those of the lists that there are."""
    asked = Build.asked_at.is_not(None) | func.coalesce(Build.leased_until > func.now(), False)
    query = (
        select(Calendar.list_id, Build.version, Calendar.wanted, asked, Build.published_at, Build.error)
        .join(Build, Build.list_id == Calendar.list_id)
        .where(Calendar.list_id.in_(list_ids))
    )
    rows = session.execute(query)
    return {
        list_id: Standing(version, wanted, is_asked, published_at, error)
        for list_id, version, wanted, is_asked, published_at, error in rows
    }
