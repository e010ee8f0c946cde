"""/api/v1/todos/ical: ask for a calendar, ask how it stands, fetch it."""

import uuid

from flask import Blueprint, Response, g, jsonify, url_for
from flask import request as flask_request
from werkzeug.exceptions import NotFound

from backlog_api.bodies import ErrorOut, TaskOut, TaskStatusOut
from backlog_api.errors import BadRequest
from backlog_api.operation import Query, operation
from backlog_api.state import state
from backlog_todos import calendar_jobs
from backlog_todos.calendar import MEDIA_TYPE

blueprint = Blueprint("calendars", __name__, url_prefix="/api/v1/todos/ical")

_MISSING = {404: ("There is no such task, or it is not finished", ErrorOut)}
_AS = Query("as", "a VTODO for each todo, or a VEVENT at each deadline", {"type": "string", "enum": ["todo", "event"]})


@blueprint.post("")
@operation({202: ("The task", TaskOut)})
def request_calendar() -> tuple[Response, int]:
    """Put a job on the queue; it is committed before it is sent, and sent again if that failed."""
    with state().sessions.begin() as session:
        job_id = calendar_jobs.requested(session)
    if state().queue.send(job_id, g.request_id):
        with state().sessions.begin() as session:
            calendar_jobs.sent(session, job_id)
    url = url_for("calendars.get_status", task_id=job_id, _external=True)
    return jsonify(TaskOut(task_id=str(job_id), task_url=url).model_dump()), 202


@blueprint.get("/<task_id>/status")
@operation({200: ("How it stands", TaskStatusOut), **_MISSING})
def get_status(task_id: str) -> Response:
    """How a calendar stands, by Celery's names."""
    with state().sessions() as session:
        job = calendar_jobs.standing(session, _uuid(task_id))
    if job is None:
        raise NotFound(f"there is no task {task_id}")
    url = url_for("calendars.get_result", task_id=task_id, _external=True)
    return jsonify(TaskStatusOut(task_id=str(job.id), task_status=job.status, result_url=url).model_dump())


@blueprint.get("/<task_id>/result")
@operation({200: ("The calendar", "text/calendar"), 400: ("A parameter is wrong", ErrorOut), **_MISSING}, query=(_AS,))
def get_result(task_id: str) -> Response | tuple[Response, int]:
    """The calendar, as a file; `?as=event` gives events at the deadlines instead of todos."""
    kind = flask_request.args.get("as", "todo")
    if kind not in ("todo", "event"):
        raise BadRequest({"as": "must be todo or event"})
    with state().sessions() as session:
        found = calendar_jobs.result(session, _uuid(task_id), events=kind == "event")
    if found is None:
        raise NotFound(f"there is no task {task_id}")
    _, text = found
    if text is None:
        return jsonify(error="Task not finished"), 404
    return Response(text, content_type=MEDIA_TYPE, headers={"Content-Disposition": 'attachment; filename="todos.ics"'})


def _uuid(task_id: str) -> uuid.UUID:
    try:
        return uuid.UUID(task_id)
    except ValueError:
        raise NotFound(f"there is no task {task_id}") from None
