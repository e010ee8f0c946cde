"""Grants in words: a few actions on a resource, the resource by its name in the program."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from infra.review.grants import Conditions, Grant, Span, account_of, in_order
from infra.review.holders import UNDER, type_of
from infra.review.preview import Preview, State, label

#: Actions and resources of a sentence; more are counted.
_MOST: Final = 4
_OPERATORS: Final = {
    "stringequals": "is",
    "stringequalsignorecase": "is",
    "stringlike": "is like",
    "arnequals": "is like",
    "arnlike": "is like",
    "stringnotequals": "is not",
    "stringnotlike": "is not like",
    "arnnotlike": "is not like",
    "arnnotequals": "is not like",
    "bool": "is",
    "ipaddress": "is in",
    "notipaddress": "is not in",
}


class Names:
    """What the resources of a preview are called, by their URN and by their ARN."""

    def __init__(self, preview: Preview, own: str) -> None:
        self.own = own
        self._labels = dict[str, str]()
        for change in preview.by_urn.values():
            if change.state.custom:
                self._labels[change.urn] = change.label
                for side in (change.before, change.after):
                    arn = side.outputs.get("arn") if side else None
                    if isinstance(arn, str) and arn:
                        self._labels.setdefault(arn, change.label)

    def of(self, name: str) -> str:
        """A resource's label where it is known, and what it is called elsewhere."""
        if name in self._labels or not name.startswith("urn:"):
            return self._labels.get(name, name)
        return label(State(type=type_of(name), urn=name, props={}))

    def resource(self, span: Span) -> str:
        """`sqs/Queue jobs`, `s3/Bucket data/*`, `everything`."""
        if span.but:
            return f"everything but {', '.join(map(self.of, span.but))}"
        if span.pattern == "*":
            return "every resource (*)"
        for cut in (len(span.pattern), *(found.start() for found in re.finditer(r"[/:]", span.pattern))):
            if cut and span.pattern[:cut] in self._labels:
                return f"{self._labels[span.pattern[:cut]]}{span.pattern[cut:]}"
        return span.pattern

    def who(self, span: Span) -> str:
        """A principal as a person says it."""
        if span.but:
            return f"everyone but {', '.join(self.who(Span(one)) for one in span.but)}"
        kind, _, name = span.pattern.partition(":")
        if account := account_of(span.pattern):
            rest = name.partition(":")[2]
            if rest in ("root", "*"):
                return f"account {account}" if account != self.own else f"this account ({account})"
            return self._labels.get(f"arn:aws:iam::{account}:{rest}") or (
                rest if account == self.own else f"{rest} of account {account}"
            )
        if span.pattern == "*":
            return "anyone"
        return name.rsplit("oidc-provider/", 1)[-1] if kind == "Federated" else name or span.pattern


def said(grants: Iterable[Grant], names: Names, *, here: bool = False) -> list[str]:
    """What is granted, a phrase for each resource and condition; `here` is on the thing itself."""
    grouped: Mapping[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for one in sorted(grants, key=in_order):
        grouped[names.resource(one.resource), conditions_said(one.conditions)][one.action.shown] = None
    by_actions: Mapping[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for (resource, when), actions in grouped.items():
        by_actions[listed(actions), when][resource] = None
    return [
        f"{actions}{'' if here else f' on {listed(resources)}'}{f' if {when}' if when else ''}"
        for (actions, when), resources in by_actions.items()
    ]


def conditions_said(conditions: Conditions) -> str:
    """`aws:sourceaccount is 123456789012`."""
    return " and ".join(
        f"{key} {_compared(operator)} {listed(sorted(values), 'or')}"
        for operator, key, values in sorted(conditions, key=lambda one: (one[1], one[0]))
    )


def _compared(operator: str) -> str:
    bare = operator.removesuffix("ifexists")
    word = _OPERATORS.get(bare, bare)
    return word if bare == operator else f"{word}, where it is given,"


def listed(names: Iterable[str], last: str = "and") -> str:
    """`a, b and c`; of many the first ones, and how many more."""
    told = list(names)
    if len(told) > _MOST:
        return f"{', '.join(told[: _MOST - 1])} {last} {len(told) - _MOST + 1} more"
    return f" {last} ".join(filter(None, (", ".join(told[:-1]), told[-1]))) if told else ""


def uses(preview: Preview, urn: str) -> str:
    """What runs under a role, for after its label: ` (task role of ecs/Service api)`."""
    found = dict[str, None]()
    for user in preview.dependents(urn)[:_LOOKED_AT]:
        for side in (user.after, user.before):
            prop = _property(side, urn)
            if side is not None and prop in UNDER:
                started = preview.dependents(user.urn)[:_LOOKED_AT] if user.type in _STARTED else ()
                runs = [one.label for one in started if one.type in _RUNS]
                for name in runs or [label(side)]:
                    found[f"{UNDER[prop]} of {name}"] = None
                break
    return f" ({listed(found)})" if found else ""


#: Dependents of a role that are asked what they use it for: enough to say, however many there are.
_LOOKED_AT: Final = 50
#: What only says how something is to run, and what runs so.
_STARTED: Final = ("aws:ecs/taskDefinition:TaskDefinition", "aws:iam/instanceProfile:InstanceProfile")
_RUNS: Final = ("aws:ecs/service:Service", "aws:ec2/instance:Instance", "aws:ec2/launchTemplate:LaunchTemplate")


def _property(side: State | None, urn: str) -> str:
    if side is None or (side.type.startswith("aws:iam/") and not side.type.endswith(":InstanceProfile")):
        return ""
    return next((prop for prop, urns in side.links.items() if urn in urns and prop in UNDER), "")
