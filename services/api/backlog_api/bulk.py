"""POST /api/v1/todos/bulk, and the same of a list: many operations in one transaction, all of them or none."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response
from pydantic import TypeAdapter, ValidationError

from backlog_api import answers
from backlog_api import request as incoming
from backlog_api.bodies import Bulk, BulkErrorOut, BulkOut, ErrorOut, Operation
from backlog_api.errors import BadRequest, sentence
from backlog_api.operation import operation
from backlog_api.state import state
from backlog_todos import bulk, lists

blueprint = Blueprint("bulk", __name__)

_LARGEST = 16 * 1024 * 1024  # bytes
_OPERATION: TypeAdapter[Any] = TypeAdapter(Operation)
_ANSWERS = {
    200: ("What was done", BulkOut),
    400: ("Nothing was done: what is wrong with each operation", BulkErrorOut),
    404: ("There is no such list", ErrorOut),
}


@blueprint.post("/bulk")
@operation(_ANSWERS, body=Bulk, tells=(answers.VERSION,), largest=_LARGEST)
def change_todos(list_id: int | None = None) -> Response:
    """Create, change, complete and delete many todos, in one transaction; all or nothing.

    It is as if they were done in their order, but each todo counts as changed once.
    """
    content = incoming.content()
    list_id = lists.FIRST if list_id is None else list_id
    if not incoming.storable(list_id):
        raise lists.NoSuchList(list_id)
    try:
        operations = [_domain(told) for told in Bulk.model_validate(content).operations]
    except ValidationError as error:
        return _refused(_mistakes(error) | _others(content["operations"], _mistakes(error), list_id), content)
    try:
        with state().changing() as session:
            ids, version = bulk.applied(session, list_id, operations)
    except bulk.Refused as error:
        return _refused({number: {"id": why} for number, why in error.mistakes.items()}, content)
    done = [{"op": told.op, "id": todo_id} for told, todo_id in zip(operations, ids, strict=True)]
    return answers.as_json({"results": done, "version": version}, headers=answers.version(version))


def _domain(told: Any) -> bulk.Operation:
    return bulk.Operation(told.op, None if told.op == "create" else told.id, told.values())


def _mistakes(error: ValidationError) -> dict[int, dict[str, str]]:
    """What is wrong with each operation, by its index.

    Raises:
        BadRequest: it is something about all of the body.
    """
    found: dict[int, dict[str, str]] = {}
    whole: dict[str, str] = {}
    for mistake in error.errors(include_url=False, include_input=False):
        match mistake["loc"]:
            case ("operations", int(index), *rest):
                name = ".".join(map(str, rest[1:])) or ("op" if "tag" in mistake["type"] else "operation")
                found.setdefault(index, {})[name] = sentence(mistake)
            case loc:
                whole[".".join(map(str, loc)) or "body"] = sentence(mistake)
    if whole:
        raise BadRequest(whole)
    return found


def _others(operations: Sequence[Any], wrong: dict[int, Any], list_id: int) -> dict[int, dict[str, str]]:
    """What would be wrong with the operations that are written well."""
    well = {
        number: _domain(_OPERATION.validate_python(told))
        for number, told in enumerate(operations)
        if number not in wrong
    }
    with state().changing() as session:  # which may be joined: another connection could be one too many
        found = bulk.planned(session, list_id, well).mistakes
    return {number: {"id": why} for number, why in found.items()}


def _refused(mistakes: dict[int, dict[str, str]], content: dict[str, Any]) -> Response:
    items = [
        {"index": index, "error": "; ".join(f"{name}: {why}" for name, why in fields.items()), "fields": fields}
        for index, fields in sorted(mistakes.items())
    ]
    many = len(content["operations"])
    error = f"nothing was done: {len(items)} of {many} operations cannot be"
    return answers.as_json({"error": error, "items": items}, 400)
