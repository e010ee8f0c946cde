"""The OpenAPI document, made from the routes, their descriptions and the models that check them; and a page of it."""

import inspect
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, render_template
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from backlog_api import operation
from backlog_api.bodies import ErrorOut, NewTodo, TaskOut, TaskStatusOut, TodoChange, TodoOut

blueprint = Blueprint("openapi", __name__, url_prefix="/api/v1")

_MODELS = (ErrorOut, NewTodo, TaskOut, TaskStatusOut, TodoChange, TodoOut)
_SCHEMAS = "#/components/schemas/{model}"
_METHODS = ("GET", "POST", "PUT", "DELETE")
#: What any operation may answer beside its own.
_ANYWHERE = {503: ("The database cannot be reached", ErrorOut)}
_WITH_BODY = {413: ("The body is 1 MiB or more", ErrorOut), 415: ("The body is not said to be JSON", ErrorOut)}


@blueprint.get("/openapi.json")
def get_document() -> Response:
    """This document."""
    return jsonify(document(current_app._get_current_object()))  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's own way to the app itself


@blueprint.get("/docs")
def get_docs() -> str:
    """The document, for people."""
    return render_template("docs.html", document=document(current_app._get_current_object()))  # type: ignore[attr-defined]  # noqa: SLF001


@cache
def document(app: Flask) -> dict[str, Any]:
    """The API as OpenAPI 3.1."""
    _, definitions = models_json_schema([(model, "validation") for model in _MODELS], ref_template=_SCHEMAS)
    paths: dict[str, Any] = {}
    for rule, method, view, said in _operations(app):
        paths.setdefault(_path(rule), {})[method.lower()] = _described(rule, view, said)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Backlog",
            "version": "1.0.0",
            "description": "Todos, and calendars of them that a worker builds. Errors are JSON: "
            "error is a sentence, fields says it for each field.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": definitions["$defs"]},
    }


def _operations(app: Flask) -> Iterator[tuple[Rule, str, Any, operation.Operation]]:
    for rule in sorted(app.url_map.iter_rules(), key=str):
        view = app.view_functions[rule.endpoint]
        said = operation.of(view)
        for method in sorted(rule.methods or ()):
            if said and method in _METHODS:
                yield rule, method, view, said


def _described(rule: Rule, view: Any, said: operation.Operation) -> dict[str, Any]:
    answers = {**_ANYWHERE, **(_WITH_BODY if said.body else {}), **said.answers}
    described: dict[str, Any] = {
        "operationId": view.__name__,
        "summary": (inspect.getdoc(view) or "").splitlines()[0],
        "parameters": [*_in_path(rule), *_in_query(said)],
        "responses": {str(status): _answer(*answer) for status, answer in sorted(answers.items())},
    }
    if said.body:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": _schema(said.body)}}}
    return described


def _in_path(rule: Rule) -> list[dict[str, Any]]:
    schemas = {"todo_id": {"type": "integer"}, "task_id": {"type": "string", "format": "uuid"}}
    return [{"name": name, "in": "path", "required": True, "schema": schemas[name]} for name in sorted(rule.arguments)]


def _in_query(said: operation.Operation) -> list[dict[str, Any]]:
    return [
        {"name": parameter.name, "in": "query", "description": parameter.description, "schema": dict(parameter.schema)}
        for parameter in said.query
    ]


def _answer(description: str, carried: Any) -> dict[str, Any]:
    if isinstance(carried, str):
        return {"description": description, "content": {carried: {"schema": {"type": "string"}}}}
    return {"description": description, "content": {"application/json": {"schema": _schema(carried)}}}


def _schema(carried: Any) -> dict[str, Any]:
    if isinstance(carried, list):
        return {"type": "array", "items": _schema(carried[0])}
    if isinstance(carried, dict):
        return carried
    model: type[BaseModel] = carried
    return {"$ref": _SCHEMAS.format(model=model.__name__)}


def _path(rule: Rule) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(rule))
