"""Reads IAM policy documents, where one thing may stand for a list of one."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

Statement = Mapping[str, Any]

_WHO = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:principalorgid", "aws:principalarn")


def statements(document: Any, effect: str) -> Iterator[Statement]:
    """The statements of one effect (`Allow` or `Deny`)."""
    for statement in many(document.get("Statement")):
        if statement.get("Effect") == effect:
            yield statement


def many(value: Any) -> list[Any]:
    """A list as it is, one thing as a list of it, nothing as an empty one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def principals(statement: Statement) -> list[str]:
    """Whom a statement speaks of, whatever their kind; `*` is anyone."""
    found = statement.get("Principal", [])
    return [who for kind in found.values() for who in many(kind)] if isinstance(found, Mapping) else many(found)


def conditions(statement: Statement) -> Iterator[tuple[str, str, list[str]]]:
    """Operator, key in lower case, and values of each condition."""
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            yield operator, key.lower(), [str(value) for value in many(values)]


def denies_plain_text(document: Any) -> bool:
    """Whether anyone without TLS is refused everything."""
    return any(
        "*" in principals(statement)
        and any(action.endswith(":*") or action == "*" for action in many(statement.get("Action")))
        and list(conditions(statement)) == [("Bool", "aws:securetransport", ["false"])]
        for statement in statements(document, "Deny")
    )


def demands(statement: Statement, keys: Collection[str]) -> bool:
    """Whether one of the keys must have a certain value: not only differ from one, and not only where it is there."""
    return any(
        key in keys and "*" not in values and "Not" not in operator and not operator.endswith(("IfExists", "Null"))
        for operator, key, values in conditions(statement)
    )


def open_to_anyone(document: Any) -> bool:
    """Whether anyone may do something with no condition on who or from where."""
    return any(
        ("*" in principals(statement) or "NotPrincipal" in statement) and not demands(statement, _WHO)
        for statement in statements(document, "Allow")
    )
