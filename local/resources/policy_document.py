"""Mistakes in IAM policy documents that AWS answers with MalformedPolicyDocument."""

import json
from collections.abc import Iterator
from typing import Any

from local.provider.properties import Bag, has_unknown
from local.provider.schema import Failure

#: Source: IAM User Guide, "Grammar of the IAM JSON policy language".
_STATEMENT = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}


def check_policy(inputs: Bag, key: str, *, trust: bool = False) -> Iterator[Failure]:
    """Check the policy document in one property; `trust` for a role's trust policy, which names no resource."""
    text = inputs.get(key)
    if text is None or has_unknown(text):
        return
    try:
        document = json.loads(text) if isinstance(text, str) else text
    except ValueError as error:
        yield Failure(key, f"is not JSON: {error}")
        return
    if not isinstance(document, dict) or "Statement" not in document:
        yield Failure(key, "a policy document needs Statement")
        return
    if document.get("Version") not in ("2012-10-17", "2008-10-17", None):
        yield Failure(key, f"Version {document['Version']!r} does not exist; 2012-10-17 is the current one")
    statements = document["Statement"]
    for index, statement in enumerate(statements if isinstance(statements, list) else [statements]):
        yield from _check_statement(statement, f"{key}: Statement[{index}]", trust=trust)


def _check_statement(statement: Any, where: str, *, trust: bool) -> Iterator[Failure]:
    if not isinstance(statement, dict):
        yield Failure(where, "must be an object")
        return
    for name in sorted(statement.keys() - _STATEMENT):
        yield Failure(where, f"{name!r} is not an element of a statement")
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield Failure(where, f"Effect must be Allow or Deny, not {statement.get('Effect')!r}")
    if not statement.keys() & {"Action", "NotAction"}:
        yield Failure(where, "needs Action")
    if trust and not statement.keys() & {"Principal", "NotPrincipal"}:
        yield Failure(where, "a trust policy needs Principal")
    if trust and "Resource" in statement:
        yield Failure(where, "a trust policy takes no Resource")
    if not trust and not statement.keys() & {"Resource", "NotResource"}:
        yield Failure(where, "needs Resource")
    for action in _strings(statement.get("Action")):
        if action != "*" and ":" not in action:
            yield Failure(where, f"action {action!r} has no service; AWS writes service:Action")
    for arn in _strings(statement.get("Resource")):
        if arn != "*" and not arn.startswith(("arn:", "*")) and not has_unknown(arn):
            yield Failure(where, f"resource {arn!r} is neither an ARN nor *")


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
