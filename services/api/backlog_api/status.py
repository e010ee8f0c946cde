"""/api/v1/health says that the process answers; /api/v1/ready that it can do its work."""

import logging

from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from backlog_api.operation import operation
from backlog_api.state import state

blueprint = Blueprint("status", __name__, url_prefix="/api/v1")
log = logging.getLogger(__name__)


@blueprint.get("/health")
@operation({200: ("It answers", {"type": "object", "properties": {"status": {"const": "ok"}}, "required": ["status"]})})
def get_health() -> Response:
    """Whether the process answers.

    It touches nothing else: a database that is away must not have every task replaced.
    """
    return jsonify(status="ok")


@blueprint.get("/ready")
@operation({200: ("Both can be reached", {"type": "object"}), 503: ("One of them is away", {"type": "object"})})
def get_ready() -> tuple[Response, int]:
    """Whether database and queue can be reached, and which of them cannot."""
    checks = {"database": _database_answers(), "queue": state().queue.answers()}
    missing = [name for name, answers in checks.items() if not answers]
    shown = {name: "ok" if answers else "away" for name, answers in checks.items()}
    if missing:
        return jsonify(status="away", error=f"{' and '.join(missing)} cannot be reached", **shown), 503
    return jsonify(status="ok", **shown), 200


def _database_answers() -> bool:
    try:
        with state().engine.connect() as connection:
            connection.execute(text("select 1 from todos limit 1"))
    except SQLAlchemyError as error:
        log.warning("database does not answer", extra={"detail": type(error).__name__})
        return False
    return True
