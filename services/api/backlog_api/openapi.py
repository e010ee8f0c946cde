"""The OpenAPI document, made from the routes, their descriptions and the models that check them; and a page of it."""

import inspect
import re
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, render_template
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from backlog_api import access, idempotency, operation
from backlog_api.bodies import (
    IN_LIST,
    Bulk,
    BulkErrorOut,
    BulkOut,
    ErrorOut,
    FeedAddressOut,
    FeedOut,
    ListChange,
    ListOut,
    NewFeed,
    NewList,
    NewTodo,
    TaskOut,
    TaskStatusOut,
    TodoChange,
    TodoOut,
)

blueprint = Blueprint("openapi", __name__, url_prefix="/api/v1")

_MODELS = (
    *(Bulk, BulkErrorOut, BulkOut, ErrorOut, ListChange, ListOut, NewList, NewTodo, TaskOut, TaskStatusOut),
    *(FeedAddressOut, FeedOut, NewFeed, TodoChange, TodoOut, *IN_LIST.values()),
)
_SCHEMAS = "#/components/schemas/{model}"
_METHODS = ("GET", "POST", "PUT", "DELETE")
#: What any operation may answer beside its own.
_ANYWHERE = {503: ("The database cannot be reached", ErrorOut), 429: ("Too many requests; see Retry-After", ErrorOut)}
_CLOSED = {401: ("No valid access token was shown, and the stack is not open", ErrorOut)}
_CHANGING = {403: ("Another site's page had a browser ask", ErrorOut)}
_POSTED = {
    400: ("A field, a parameter or the Idempotency-Key is wrong", ErrorOut),
    422: ("The Idempotency-Key was used for another request", ErrorOut),
}
_KEY = operation.Query(
    idempotency.HEADER,
    "for 24 hours the same request with it is answered alike, and done once",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
)
_SECURITY = {
    "token": {"type": "http", "scheme": "bearer", "description": "An access token, blg_..."},
    "page": {"type": "apiKey", "in": "cookie", "name": access.SECURE_COOKIE, "description": "What /sign-in sets"},
}
_MEBIBYTE = 1024 * 1024


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
        paths.setdefault(_path(rule), {})[method.lower()] = _described(rule, method, view, said)
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
        "security": [] if access.of(app).settings.kind == "open" else [{name: []} for name in _SECURITY],
        "components": {"schemas": definitions["$defs"], "securitySchemes": _SECURITY},
    }


def _operations(app: Flask) -> Iterator[tuple[Rule, str, Any, operation.Operation]]:
    for rule in sorted(app.url_map.iter_rules(), key=str):
        view = app.view_functions[rule.endpoint]
        said = operation.of(view)
        for method in sorted(rule.methods or ()):
            if said and method in _METHODS:
                yield rule, method, view, said


def _described(rule: Rule, method: str, view: Any, said: operation.Operation) -> dict[str, Any]:
    of_list, posted = "list_id" in rule.arguments, method == "POST"
    answers = {
        **_ANYWHERE,
        **({} if access.is_open(rule) else _CLOSED),
        **({} if method == "GET" else _CHANGING),
        **(_POSTED if posted else {}),
        **(_with_body(said) if said.body else {}),
        **said.answers,
    }
    headers = (*said.headers, _KEY) if posted else said.headers
    described: dict[str, Any] = {
        "operationId": rule.endpoint.replace(".", "_"),
        "summary": (inspect.getdoc(view) or "").splitlines()[0],
        "parameters": [*_in_path(rule), *_parameters("query", said.query), *_parameters("header", headers)],
        "responses": {str(status): _answer(*answer, of_list=of_list) for status, answer in sorted(answers.items())},
    }
    for status in filter(_is_done, answers):
        if said.tells:
            described["responses"][str(status)]["headers"] = _headers(said.tells)
    if access.is_open(rule):
        described["security"] = []
    if said.body:
        schema = _schema(said.body, of_list=of_list)
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return described


def _with_body(said: operation.Operation) -> dict[int, tuple[str, Any]]:
    return {
        413: (f"The body is {said.largest // _MEBIBYTE} MiB or more", ErrorOut),
        415: ("The body is not said to be JSON", ErrorOut),
    }


def _in_path(rule: Rule) -> list[dict[str, Any]]:
    number: dict[str, Any] = {"type": "integer"}
    task: dict[str, Any] = {"type": "string", "format": "uuid"}
    token: dict[str, Any] = {"type": "string", "pattern": "^[a-z2-7]{32}$"}
    schemas = {"feed_id": number, "list_id": number, "todo_id": number, "task_id": task, "token": token}
    return [{"name": name, "in": "path", "required": True, "schema": schemas[name]} for name in sorted(rule.arguments)]


def _parameters(place: str, said: tuple[operation.Query, ...]) -> list[dict[str, Any]]:
    return [
        {"name": parameter.name, "in": place, "description": parameter.description, "schema": dict(parameter.schema)}
        for parameter in said
    ]


def _is_done(status: int) -> bool:
    return status < HTTPStatus.BAD_REQUEST


def _headers(said: tuple[operation.Query, ...]) -> dict[str, Any]:
    return {header.name: {"description": header.description, "schema": dict(header.schema)} for header in said}


def _answer(description: str, carried: Any, *, of_list: bool) -> dict[str, Any]:
    if carried is None:
        return {"description": description}
    if isinstance(carried, str):
        return {"description": description, "content": {carried: {"schema": {"type": "string"}}}}
    return {"description": description, "content": {"application/json": {"schema": _schema(carried, of_list=of_list)}}}


def _schema(carried: Any, *, of_list: bool) -> dict[str, Any]:
    if isinstance(carried, list):
        return {"type": "array", "items": _schema(carried[0], of_list=of_list)}
    if isinstance(carried, dict):
        return carried
    model: type[BaseModel] = IN_LIST.get(carried, carried) if of_list else carried
    return {"$ref": _SCHEMAS.format(model=model.__name__)}


def _path(rule: Rule) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(rule))
