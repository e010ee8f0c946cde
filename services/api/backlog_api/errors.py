"""Errors as JSON, with the names of the fields that are wrong. Bad input is a 4xx; a store that is away is a 503."""

from typing import Any

from flask import Flask, Response, current_app, jsonify
from pydantic import ValidationError
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from backlog_todos.lists import NoSuchList
from backlog_todos.todos import OtherRevision

_RETRY_AFTER = 2  # seconds
#: Headers of an error that its answer keeps.
_ITS_OWN = frozenset({"Retry-After", "WWW-Authenticate"})


class BadRequest(Exception):
    """Input that is refused: field -> what is wrong with it."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(fields)
        self.fields = fields


def of_validation(error: ValidationError) -> BadRequest:
    """Pydantic's findings as field -> sentence."""
    return BadRequest({".".join(map(str, mistake["loc"])) or "body": sentence(mistake) for mistake in error.errors()})


def register(app: Flask) -> None:
    """Answer every error of the app as JSON."""

    @app.errorhandler(BadRequest)
    def bad_request(error: BadRequest) -> tuple[Response, int]:
        what = "; ".join(f"{field}: {sentence}" for field, sentence in error.fields.items())
        return jsonify(error=what, fields=error.fields), 400

    @app.errorhandler(NoSuchList)
    def no_list(error: NoSuchList) -> tuple[Response, int]:
        return jsonify(error=str(error)), 404

    @app.errorhandler(OtherRevision)
    def other_revision(_: OtherRevision) -> tuple[Response, int]:
        return jsonify(error="the todo is in another revision: read it again"), 412

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Any:
        response = jsonify(error=error.description or error.name)
        response.status_code = error.code or 500
        for name, value in error.get_headers():
            if name in _ITS_OWN:
                response.headers[name] = value
        if error.code == 405:  # noqa: PLR2004 - RFC 9110, 15.5.6: it names the methods
            response.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or []))
        return response

    @app.errorhandler(DataError)
    def unstorable(error: DataError) -> tuple[Response, int]:
        current_app.logger.info("unstorable value", extra={"detail": type(error.orig).__name__})
        return jsonify(error="a value is outside what can be stored"), 400

    @app.errorhandler(OperationalError)
    @app.errorhandler(PoolTimeoutError)
    @app.errorhandler(DBAPIError)
    def away(error: Exception) -> Response:
        current_app.logger.error("database is away", extra={"detail": type(getattr(error, "orig", error)).__name__})
        response = jsonify(error="the database cannot be reached, try again soon")
        response.status_code = 503
        response.headers["Retry-After"] = str(_RETRY_AFTER)
        return response


def sentence(mistake: Any) -> str:
    """One of pydantic's findings, for people."""
    kind, message = mistake["type"], str(mistake["msg"])
    if kind == "extra_forbidden":
        return "is not a known field"
    if kind == "missing":
        return "is missing"
    if kind == "string_pattern_mismatch":
        return "must not be blank"
    if kind == "union_tag_not_found":
        return "is missing"
    if kind == "union_tag_invalid":
        return f"must be one of {mistake['ctx']['expected_tags'].replace(chr(39), '')}"
    if kind == "model_attributes_type":
        return "must be a JSON object"
    return message.removeprefix("Value error, ").removeprefix("Input ")
