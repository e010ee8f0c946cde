"""Reading a request: JSON bodies and query parameters, or a BadRequest that names what is wrong."""

import json
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from flask import request
from gunicorn.http.errors import NoMoreData, ParseException  # type: ignore[import-untyped]
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from backlog_api.bodies import LARGEST_ID
from backlog_api.errors import BadRequest, of_validation

Model = TypeVar("Model", bound=BaseModel)

_MOST_DAYS = 36_500
LARGEST_PAGE = 1_000


def body(model: type[Model]) -> Model:
    """The request's JSON object as a model.

    Raises:
        UnsupportedMediaType: it does not say that it is JSON.
        BadRequest: it is no JSON object, or its fields are wrong.
    """
    try:
        return model.model_validate(content())
    except ValidationError as error:
        raise of_validation(error) from None


def content() -> dict[str, Any]:
    """The request's JSON object; the errors are those of `body`."""
    if request.mimetype != "application/json" and not request.mimetype.endswith("+json"):
        raise UnsupportedMediaType("send JSON, with Content-Type: application/json")
    return parsed(sent())


def parsed(sent: bytes) -> dict[str, Any]:
    """The JSON object that was sent.

    Raises:
        BadRequest: it is none.
    """
    try:
        found = json.loads(sent, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BadRequest({"body": "is not valid JSON"}) from None
    if not isinstance(found, dict):
        raise BadRequest({"body": "must be a JSON object"})
    return found


@dataclass(frozen=True)
class Filters:
    """What of a list is wanted; None means all of it. `window` is in days, `after` an id."""

    completed: bool | None
    window: int | None
    limit: int | None
    after: int


def filters() -> Filters:
    """`?completed=true|false`, `?window=N`, `?limit=N` and `?after=ID`.

    Raises:
        BadRequest: each of them that is wrong.
    """
    completed, window = request.args.get("completed"), request.args.get("window")
    limit, after = request.args.get("limit"), request.args.get("after")
    wrong = {}
    if completed is not None and completed.lower() not in ("true", "false"):
        wrong["completed"] = "must be true or false"
    if window is not None and not _is_number(window, _MOST_DAYS):
        wrong["window"] = f"must be a number of days from 0 to {_MOST_DAYS}"
    if limit is not None and (not _is_number(limit, LARGEST_PAGE) or not int(limit)):
        wrong["limit"] = f"must be a number from 1 to {LARGEST_PAGE}"
    if after is not None and not _is_number(after, LARGEST_ID):
        wrong["after"] = f"must be an id, or 0: a number up to {LARGEST_ID}"
    if wrong:
        raise BadRequest(wrong)
    return Filters(
        completed=None if completed is None else completed.lower() == "true",
        window=None if window is None else int(window),
        limit=None if limit is None else int(limit),
        after=0 if after is None else int(after),
    )


def storable(an_id: int) -> bool:
    """Whether there can be a todo or a list of this id at all."""
    return 0 < an_id <= LARGEST_ID


def sent() -> bytes:
    """The body as it came.

    Raises:
        BadRequest: it was to come in chunks, and did not.
    """
    try:
        return request.get_data()
    except (ParseException, NoMoreData):  # RFC 9112, section 7.1; gunicorn then hangs up
        raise BadRequest({"body": "is not sent in chunks, as its header says"}) from None


def _is_number(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
