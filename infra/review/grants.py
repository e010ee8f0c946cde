"""Policy documents as grants, in one form: who may, or may not, do what on what, and when; and which covers which.

Sources: IAM User Guide, "IAM JSON policy elements reference" and "Policy evaluation logic".
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

from infra.policy.resources import Hidden
from infra.policy.rules.statements import many

#: Operator and key in lower case, and values, of each condition; all must hold.
Conditions = frozenset[tuple[str, str, frozenset[str]]]

#: Grants that one document may come to: AWS's largest policies are below; what is beyond is no policy.
_MOST: Final = 5_000


class Unreadable(ValueError):
    """A text that is no policy document; `args[0]` says what is wrong with it."""


@dataclass(frozen=True, order=True)
class Span:
    """Names that fit a pattern of `*` and `?`, but for those that fit one of `but`: what a NotAction says.

    `called` is the pattern as it was written, where that is of no matter.
    """

    pattern: str
    but: tuple[str, ...] = ()
    called: str = field(default="", compare=False)

    def covers(self, other: "Span") -> bool:
        """Whether every name of the other is one of this."""
        return fits(self.pattern, other.pattern) and all(
            any(fits(kept_out, mine) for kept_out in other.but) or not _meet(mine, other.pattern) for mine in self.but
        )

    def meets(self, other: "Span") -> bool:
        """Whether some name may be of both; True where that can't be told."""
        return bool(_meet(self.pattern, other.pattern)) and not (
            any(fits(mine, other.pattern) for mine in self.but) or any(fits(its, self.pattern) for its in other.but)
        )

    def common(self, other: "Span") -> "Span":
        """The names of both; more than those where they can't be written as one pattern."""
        narrower = other.pattern if fits(self.pattern, other.pattern) else self.pattern
        called = other.called if narrower == other.pattern else self.called
        return Span(narrower, tuple(sorted({*self.but, *other.but})), called)

    @property
    def shown(self) -> str:
        """As a person says it."""
        name = self.called or self.pattern
        return f"{name} but {', '.join(self.but)}" if self.but else name


ALL: Final = Span("*")


@dataclass(frozen=True)
class Grant:
    """One action that is allowed, or denied.

    Attributes:
        who: a principal as `principal` writes it; empty in a policy of an identity, whose holder it is.
        action: in lower case.
    """

    allows: bool
    who: Span
    action: Span
    resource: Span
    conditions: Conditions = frozenset()

    def covers(self, other: "Grant") -> bool:
        """Whether the other says nothing that this one does not."""
        return (
            self.allows is other.allows
            and self.action.covers(other.action)
            and self.resource.covers(other.resource)
            and self.who.covers(other.who)
            and (self.conditions <= other.conditions or _demand(other.conditions, self.conditions))
        )

    def meets(self, other: "Grant") -> bool:
        """Whether there may be a request of which both speak; conditions are not looked at."""
        return self.action.meets(other.action) and self.resource.meets(other.resource) and self.who.meets(other.who)

    def within(self, bounds: "Grant") -> "Grant":
        """What is left of it where only `bounds` is allowed."""
        return replace(
            self,
            action=self.action.common(bounds.action),
            resource=self.resource.common(bounds.resource),
            conditions=self.conditions | bounds.conditions,
        )

    @property
    def unconditional(self) -> "Grant":
        """The same without its conditions."""
        return replace(self, conditions=frozenset())


def grants(document: Any, own: str = "") -> frozenset[Grant]:
    """The grants of a policy document, a text or what it parses to; `own` is the account that it is in, if known.

    The form in which they are written is gone: lists and single texts, order, case of actions, names of statements.

    Raises:
        Unreadable: it is no policy document.
    """
    if isinstance(document, str):
        return _of_text(document, own)
    return frozenset(_parsed(document, own))


@lru_cache(maxsize=16_384)
def _of_text(text: str, own: str) -> frozenset[Grant]:
    if not text.strip():
        return frozenset()
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("it is no JSON") from None
    return frozenset(_parsed(document, own))


def _parsed(document: Any, own: str) -> Iterator[Grant]:
    if not isinstance(document, Mapping):
        raise Unreadable("it is no JSON object")
    left = _MOST
    for statement in many(document.get("Statement")):
        if not isinstance(statement, Mapping):
            raise Unreadable("one of its statements is no JSON object")
        if statement.get("Effect") not in ("Allow", "Deny"):
            raise Unreadable(f"the effect of a statement is {statement.get('Effect')!r:.40}")
        for key in ("Action", "NotAction", "Principal", "NotPrincipal"):
            if hidden := next(_hidden(statement.get(key)), None):
                raise Unreadable(hidden.why)
        actions = _actions(statement)
        resources = _resources(statement)
        who = _who(statement, own)
        left -= len(actions) * len(resources) * len(who)
        if left < 0:
            raise Unreadable(f"it comes to more than {_MOST:,} grants")
        conditions = _conditions(statement.get("Condition"))
        for action in actions:
            for resource in resources:
                for principal_ in who:
                    yield Grant(statement["Effect"] == "Allow", principal_, action, resource, conditions)


def _hidden(value: Any) -> Iterator[Hidden]:
    for part in value.values() if isinstance(value, Mapping) else (value,):
        yield from (one for one in many(part) if isinstance(one, Hidden))


def _text(value: Any) -> str:
    """A name; of one that is not known why, which is the name of nothing else."""
    return f"({value.why})" if isinstance(value, Hidden) else str(value)


def _actions(statement: Mapping[str, Any]) -> list[Span]:
    if "NotAction" in statement:
        return [Span("*", tuple(sorted({str(name).lower() for name in many(statement["NotAction"])})))]
    return [Span(name.lower(), called=name) for name in dict.fromkeys(map(str, many(statement.get("Action"))))]


def _resources(statement: Mapping[str, Any]) -> list[Span]:
    """Those of a trust policy, and of some resources' policies, are none: it is the thing itself."""
    if "NotResource" in statement:
        return [Span("*", tuple(sorted(map(_text, many(statement["NotResource"])))))]
    return [Span(name) for name in dict.fromkeys(map(_text, many(statement.get("Resource"))))] or [ALL]


def _who(statement: Mapping[str, Any], own: str) -> list[Span]:
    if "NotPrincipal" in statement:
        return [Span("*", tuple(sorted(_principals(statement["NotPrincipal"], own))))]
    if "Principal" not in statement:
        return [Span("")]
    return [Span(one) for one in _principals(statement["Principal"], own)]


def _principals(found: Any, own: str) -> list[str]:
    if not isinstance(found, Mapping):
        return ["*"] if found == "*" else [principal("AWS", str(one), own) for one in many(found)]
    return [principal(str(kind), str(one), own) for kind, names in found.items() for one in many(names)]


_ROOT = re.compile(r"^(?:arn:[\w-]+:iam::(\d{12}):root|(\d{12}))$")
_OF_ACCOUNT = re.compile(r"^arn:[\w-]+:(?:iam|sts)::(\d{12}|cloudfront):(.+)$")


def principal(kind: str, name: str, own: str = "") -> str:
    """A principal in one form: `*`, `AWS:123456789012:role/x`, `Service:sqs.amazonaws.com`, `Federated:...`.

    An account is named by its root or by its number. Another account's stands for everyone in it, as only that account
    decides who; one's own only hands the decision to its own policies, and covers nobody.
    Source: IAM User Guide, "AWS JSON policy elements: Principal".
    """
    if name == "*":
        return "*"
    if kind != "AWS":
        return f"{kind}:{name}"
    if root := _ROOT.match(name):
        account = root[1] or root[2]
        return f"AWS:{account}:{'root' if account == own else '*'}"
    if of_account := _OF_ACCOUNT.match(name):
        return f"AWS:{of_account[1]}:{of_account[2]}"
    return f"AWS:{name}"


def account_of(who: str) -> str:
    """The account that a principal is of, 12 digits; empty where it is of none."""
    kind, _, rest = who.partition(":")
    account = rest.split(":", 1)[0]
    return account if kind == "AWS" and re.fullmatch(r"\d{12}", account) else ""


def _conditions(found: Any) -> Conditions:
    if not isinstance(found, Mapping):
        return frozenset()
    given = [
        (str(operator).lower(), str(key).lower(), frozenset(map(_said, many(values))))
        for operator, keys in found.items()
        if isinstance(keys, Mapping)
        for key, values in keys.items()
    ]
    return frozenset((_operator(operator, values), key, values) for operator, key, values in given)


def _operator(name: str, values: frozenset[str]) -> str:
    """Of two that say the same one: ARNs are alike or not, and a text without wildcards is like itself alone."""
    name = name.replace("arnequals", "arnlike").replace("arnnotequals", "arnnotlike")
    if not any("*" in value or "?" in value for value in values):
        name = name.replace("stringlike", "stringequals").replace("stringnotlike", "stringnotequals")
    return name


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) or value in ("True", "False") else _text(value)


def _demand(stricter: Conditions, looser: Conditions) -> bool:
    """Whether what meets the stricter conditions meets the looser ones too."""
    return all(any(_demands(one, other) for one in stricter) for other in looser)


def _demands(one: tuple[str, str, frozenset[str]], other: tuple[str, str, frozenset[str]]) -> bool:
    operator, key, values = one
    wanted, wanted_key, allowed = other
    if key != wanted_key:
        return False
    bare = wanted.removesuffix("ifexists")
    if operator not in (bare, wanted) and (operator, bare) not in _IMPLIES:
        return False
    if "not" in operator:
        return values >= allowed
    if bare in _PATTERNS:
        return all(any(fits(pattern, value) for pattern in allowed) for value in values)
    return values <= allowed


_PATTERNS: Final = ("stringlike", "arnlike")
_IMPLIES: Final = {
    ("stringequals", "arnlike"),
    ("stringequals", "stringequalsignorecase"),
    ("stringequals", "stringlike"),
}


@lru_cache(maxsize=1_024)
def uncovered(of: frozenset[Grant], by: frozenset[Grant]) -> tuple[Grant, ...]:
    """Those grants that none of the others covers."""
    plain, wild = defaultdict[str, list[Grant]](list), defaultdict[str, list[Grant]](list)
    for other in by:
        service, _, name = other.action.pattern.partition(":")
        if other.action.but or re.search(r"[*?]", service):
            wild[""].append(other)  # of any service
        elif re.search(r"[*?]", name):
            wild[service].append(other)
        else:
            plain[other.action.pattern].append(other)

    def may_cover(one: Grant) -> Iterator[Grant]:
        yield from plain.get(one.action.pattern, ())
        yield from wild.get(one.action.pattern.partition(":")[0], ())
        yield from wild[""]

    left = [one for one in of if one not in by and not any(other.covers(one) for other in may_cover(one))]
    return tuple(sorted(left, key=in_order))


def in_order(one: Grant) -> tuple[Any, ...]:
    """What grants are sorted by, so that they are told alike each time."""
    return (
        one.resource,
        one.action,
        one.who,
        sorted((key, operator, *sorted(some)) for operator, key, some in one.conditions),
    )


def relaxed(grant: Grant, before: Iterable[Grant]) -> Conditions:
    """The conditions that it had before, and that are gone or looser now; empty where it was not there at all."""
    for old in before:
        if (
            old.conditions
            and _demand(old.conditions, grant.conditions)
            and old.unconditional.covers(grant.unconditional)
        ):
            return old.conditions - grant.conditions
    return frozenset()


@lru_cache(maxsize=1_024)
def bounded(of: frozenset[Grant], bounds: frozenset[Grant]) -> frozenset[Grant]:
    """What is left of an identity's grants under a permissions boundary."""
    allowed = [bound for bound in bounds if bound.allows]
    return frozenset(
        one.within(bound) if one.allows else one
        for one in of
        for bound in (allowed if one.allows else [one])
        if one.meets(bound)
    )


@lru_cache(maxsize=65_536)
def fits(pattern: str, name: str) -> bool:
    """Whether a pattern has all that another has; a name is a pattern of one."""
    return pattern in ("*", name) or _compiled(pattern).fullmatch(name) is not None


@lru_cache(maxsize=16_384)
def _compiled(pattern: str) -> re.Pattern[str]:
    """`*` of the name only fits `*`; what was passed over is not tried again, so that no pattern takes long."""
    first, *rest = (re.escape(part).replace(r"\?", "[^*]") for part in re.sub(r"\*+", "*", pattern).split("*"))
    if not rest:
        return re.compile(first, re.DOTALL)
    *middle, last = rest
    return re.compile(first + "".join(f"(?>.*?{part})" for part in middle) + f".*{last}", re.DOTALL)


def _meet(one: str, other: str) -> bool:
    """Whether two patterns have a name in common: True if not told apart by what stands before or after their `*`."""
    if fits(one, other) or fits(other, one):
        return True
    wild = [pattern for pattern in (one, other) if "*" in pattern or "?" in pattern]
    if len(wild) < 2:  # noqa: PLR2004 - a name that does not fit a pattern is not of it
        return False
    (start, *_, end), (its_start, *_, its_end) = (re.split(r"([*?])", pattern) for pattern in wild)
    return (start.startswith(its_start) or its_start.startswith(start)) and (
        end.endswith(its_end) or its_end.endswith(end)
    )
