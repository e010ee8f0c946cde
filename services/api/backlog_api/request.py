"""Reading a request: JSON bodies and query parameters, or a BadRequest that names what is wrong."""

import json
from typing import NoReturn, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from backlog_api.errors import BadRequest, of_validation

Model = TypeVar("Model", bound=BaseModel)

_LARGEST_ID = 2**63 - 1  # PostgreSQL's bigint
_MOST_DAYS = 36_500


def body(model: type[Model]) -> Model:
    """The request's JSON object as a model.

    Raises:
        UnsupportedMediaType: it does not say that it is JSON.
        BadRequest: it is no JSON object, or its fields are wrong.
    """
    if request.mimetype != "application/json" and not request.mimetype.endswith("+json"):
        raise UnsupportedMediaType("send JSON, with Content-Type: application/json")
    try:
        content = json.loads(request.get_data(), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BadRequest({"body": "is not valid JSON"}) from None
    if not isinstance(content, dict):
        raise BadRequest({"body": "must be a JSON object"})
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise of_validation(error) from None


def completed() -> bool | None:
    """`?completed=true|false`."""
    text = request.args.get("completed")
    if text is None:
        return None
    if text.lower() not in ("true", "false"):
        raise BadRequest({"completed": "must be true or false"})
    return text.lower() == "true"


def window() -> int | None:
    """`?window=N`, in days."""
    text = request.args.get("window")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or int(text[:9]) > _MOST_DAYS or len(text) > len(str(_MOST_DAYS)):
        raise BadRequest({"window": f"must be a number of days from 0 to {_MOST_DAYS}"})
    return int(text)


def storable(todo_id: int) -> bool:
    """Whether there can be a todo of this id at all."""
    return 0 < todo_id <= _LARGEST_ID


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
