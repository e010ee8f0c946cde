"""/api/v1/queue: how the work stands: what waits, who works, what was built last, what failed for good."""

from typing import Any

from flask import Blueprint, Response, jsonify
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from backlog_api.operation import operation
from backlog_api.state import state
from backlog_todos.database import WORKER
from backlog_todos.tables import Build

blueprint = Blueprint("queue", __name__, url_prefix="/api/v1")

_WORKERS = text(
    "select count(distinct application_name) from pg_stat_activity "
    "where datname = current_database() and starts_with(application_name, :name)"
)


@blueprint.get("/queue")
@operation({200: ("How the work stands; null is what nobody knows", {"type": "object"})})
def get_queue() -> Response:
    """What waits on the queue, is with workers, failed for good; how many workers there are; the last build."""
    with state().sessions() as session:
        shown = _work(session)
    depths = state().queue.depths()
    return jsonify(
        answers=depths is not None,
        waiting=depths and depths.waiting,
        in_flight=depths and depths.in_flight,
        dead=depths and depths.dead,
        **shown,
    )


def _work(session: Session) -> dict[str, Any]:
    """Workers are counted by the names of their connections, which all services share a role to see."""
    last, building = session.execute(
        select(func.max(Build.published_at), func.count().filter(Build.leased_until > func.now()))
    ).one()
    workers = session.execute(_WORKERS, {"name": WORKER}).scalar_one()
    return {"workers": workers, "building": building, "last_build": last and last.isoformat()}
