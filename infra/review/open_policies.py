"""What a resource policy lets anyone do: statements for `*` whose conditions leave out nobody.

Source: IAM User Guide, "AWS global condition context keys"; S3 User Guide, "The meaning of public".
"""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from infra.policy.resources import Hidden
from infra.policy.rules.statements import many, principals
from infra.review.addresses import Breadth, breadth, network, together
from infra.review.preview import State
from infra.review.references import read

#: Keys of a condition that say who asks or from where, so that others are left out. A referer, a user agent or the
#: use of TLS say neither: anyone can have them.
_WHO: Final = (
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceowner",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:principalarn",
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalservicename",
    "aws:principalisawsservice",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:vpcsourceip",
    "aws:userid",
    "kms:calleraccount",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
    "sns:endpoint",
    "elasticfilesystem:accessedviamounttarget",
)
_NEGATIVE: Final = ("stringnotequals", "stringnotlike", "arnnotequals", "arnnotlike", "notipaddress")


class Unread(Exception):
    """A policy can't be read; `args[0]` says why."""


def document(state: State, path: str) -> Any:
    """The policy at a path; nothing where there is none.

    Raises:
        Unread: it is known only after the update, a secret, or no JSON.
    """
    text = read(state, path)
    if isinstance(text, Hidden):
        raise Unread(text.why)
    if text in (None, ""):
        return {}
    try:
        return json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        raise Unread("no JSON") from None


def anyone_may(document: Any) -> frozenset[str]:
    """The actions that a policy allows to whoever asks; a pattern as it is written."""
    if not isinstance(document, Mapping):
        return frozenset()
    statements = [one for one in many(document.get("Statement")) if isinstance(one, Mapping)]
    refused = [one for one in statements if one.get("Effect") == "Deny" and _leaves_out(one)]
    return frozenset(
        action
        for one in statements
        if one.get("Effect") == "Allow" and _for_anyone(one) and not _limited(one)
        for action in _actions(one)
        if not any(_refuses(refusal, action, one) for refusal in refused)
    )


def limits(document: Any) -> frozenset[str]:
    """What keeps statements for anyone within bounds: the keys and values of their conditions, as they are written."""
    statements = many(document.get("Statement")) if isinstance(document, Mapping) else []
    return frozenset(
        f"{key} {', '.join(values)}"
        for one in statements
        if isinstance(one, Mapping) and one.get("Effect") == "Allow" and _for_anyone(one)
        for _, key, values in _conditions(one)
        if key.lower() in (*_WHO, "aws:sourceip")
    )


def denies_plain_text(document: Any) -> bool:
    """Whether whoever comes without TLS is refused."""
    statements = many(document.get("Statement")) if isinstance(document, Mapping) else []
    return any(
        isinstance(one, Mapping)
        and one.get("Effect") == "Deny"
        and any(key.lower() == "aws:securetransport" and values == ["false"] for _, key, values in _conditions(one))
        for one in statements
    )


def _for_anyone(statement: Mapping[str, Any]) -> bool:
    return "NotPrincipal" in statement or "*" in [str(one) for one in principals(statement)]


def _actions(statement: Mapping[str, Any]) -> list[str]:
    found = [str(one) for one in many(statement.get("Action"))]
    return found or [f"all but {', '.join(map(str, many(statement.get('NotAction'))))}"]


def _limited(statement: Mapping[str, Any]) -> bool:
    return any(_limit(operator, key, values) for operator, key, values in _conditions(statement))


def _limit(operator: str, key: str, values: list[str]) -> bool:
    """Whether a condition leaves out all but few: it must hold, and where its key is missing it does not."""
    word, name = operator.lower(), key.lower()
    if word.endswith("ifexists") or word.startswith("forallvalues:") or word == "null" or not values:
        return False
    word = word.removeprefix("foranyvalue:")
    if name == "aws:sourceip":
        blocks = [block for value in values if (block := network(value)) is not None]
        return word == "ipaddress" and len(blocks) == len(values) and breadth(together(blocks)) is not Breadth.WORLD
    if name not in _WHO or word in _NEGATIVE or "not" in word:
        return False
    return not any(_wide(value) for value in values)


def _wide(value: str) -> bool:
    """Whether a pattern fits whatever anyone has: no account, and no resource's name, is said."""
    if not value.strip("*?"):
        return True
    parts = value.split(":", 5)
    if parts[0] != "arn" or len(parts) < 6:  # noqa: PLR2004 - arn:partition:service:region:account:resource
        return False
    account, resource = parts[4], parts[5]
    return not account.strip("*?") and not resource.split("/")[0].split(":")[-1].strip("*?")


def _conditions(statement: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    found = statement.get("Condition")
    for operator, keys in found.items() if isinstance(found, Mapping) else ():
        for key, values in keys.items() if isinstance(keys, Mapping) else ():
            yield str(operator), str(key), [_text(value) for value in many(values)]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _leaves_out(deny: Mapping[str, Any]) -> bool:
    """Whether a refusal leaves all but few out: everyone who is not of an organisation, an account, a network."""
    if not _for_anyone(deny) or "NotPrincipal" in deny:
        return False
    conditions = list(_conditions(deny))
    return bool(conditions) and all(
        operator.lower().removesuffix("ifexists").removeprefix("foranyvalue:") in _NEGATIVE
        and (key.lower() in _WHO or key.lower() == "aws:sourceip")
        and not any(_wide(value) for value in values)
        for operator, key, values in conditions
    )


def _refuses(deny: Mapping[str, Any], action: str, allow: Mapping[str, Any]) -> bool:
    if not any(fnmatchcase(action.lower(), str(one).lower()) for one in many(deny.get("Action"))):
        return False
    allowed, denied = ([str(one) for one in many(side.get("Resource"))] for side in (allow, deny))
    return all(any(fnmatchcase(one, pattern) for pattern in denied) for one in allowed)
