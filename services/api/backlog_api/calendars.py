"""/api/v1/todos/ical, and the same of any list: ask for a calendar, ask how it stands, fetch it."""

import uuid

from flask import Blueprint, Response, g, jsonify, url_for
from flask import request as flask_request
from werkzeug.exceptions import NotFound

from backlog_api import access_log
from backlog_api import request as incoming
from backlog_api.bodies import ErrorOut, TaskOut, TaskStatusOut
from backlog_api.errors import BadRequest
from backlog_api.operation import Query, operation
from backlog_api.state import state
from backlog_todos import calendar_jobs, lists
from backlog_todos.calendar import MEDIA_TYPE

blueprint = Blueprint("calendars", __name__)

_MISSING = {404: ("There is no such task, or it is not finished", ErrorOut)}
_AS = Query("as", "a VTODO for each todo, or a VEVENT at each deadline", {"type": "string", "enum": ["todo", "event"]})


@blueprint.post("/ical")
@operation({202: ("The task", TaskOut), 404: ("There is no such list", ErrorOut)})
def request_calendar(list_id: int = lists.FIRST) -> tuple[Response, int]:
    """Put a job on the queue; it is committed before it is sent, and sent again if that failed."""
    with state().changing() as session:
        job_id = calendar_jobs.requested(session, list_id) if incoming.storable(list_id) else None
    if job_id is None:
        raise lists.NoSuchList(list_id)
    access_log.about(task_id=job_id)
    state().afterwards(lambda: _send(job_id))
    url = _url("get_status", job_id)
    return jsonify(TaskOut(task_id=str(job_id), task_url=url).model_dump()), 202


@blueprint.get("/ical/<task_id>/status")
@operation({200: ("How it stands", TaskStatusOut), **_MISSING})
def get_status(task_id: str, list_id: int = lists.FIRST) -> Response:
    """How a calendar stands, by Celery's names."""
    with state().sessions() as session:
        task = _uuid(task_id)
        job = calendar_jobs.standing(session, task, list_id) if incoming.storable(list_id) else None
    if job is None:
        raise NotFound(f"there is no task {task_id}")
    url = _url("get_result", job.id)
    return jsonify(TaskStatusOut(task_id=str(job.id), task_status=job.status, result_url=url).model_dump())


@blueprint.get("/ical/<task_id>/result")
@operation({200: ("The calendar", "text/calendar"), 400: ("A parameter is wrong", ErrorOut), **_MISSING}, query=(_AS,))
def get_result(task_id: str, list_id: int = lists.FIRST) -> Response | tuple[Response, int]:
    """The calendar, as a file; `?as=event` gives events at the deadlines instead of todos."""
    kind = flask_request.args.get("as", "todo")
    if kind not in ("todo", "event"):
        raise BadRequest({"as": "must be todo or event"})
    with state().sessions() as session:
        task, events = _uuid(task_id), kind == "event"
        found = calendar_jobs.result(session, task, list_id, events=events) if incoming.storable(list_id) else None
    if found is None:
        raise NotFound(f"there is no task {task_id}")
    _, text = found
    if text is None:
        return jsonify(error="Task not finished"), 404
    return Response(text, content_type=MEDIA_TYPE, headers={"Content-Disposition": 'attachment; filename="todos.ics"'})


def _send(job_id: uuid.UUID) -> None:
    if state().queue.send(job_id, g.request_id):
        with state().sessions.begin() as session:
            calendar_jobs.sent(session, job_id)


def _url(endpoint: str, task_id: uuid.UUID) -> str:
    """Of the host that was asked; without one that can stand in a URL (no Host, or an odd one), its path alone."""
    of_list = {name: value for name, value in (flask_request.view_args or {}).items() if name == "list_id"}
    return url_for(f".{endpoint}", task_id=task_id, _external=bool(flask_request.host), **of_list)


def _uuid(task_id: str) -> uuid.UUID:
    try:
        return uuid.UUID(task_id)
    except ValueError:
        raise NotFound(f"there is no task {task_id}") from None
