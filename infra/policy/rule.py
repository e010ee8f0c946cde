"""What a rule is: a pure function from a resource and its stack to sentences, and what people need to know of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from infra.policy.resources import Resource, Stack

Check = Callable[[Resource, Stack], Iterator[str]]

_SECURITY_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide/{}-controls.html#{}"


class Severity(IntEnum):
    """How bad it is; for a control of AWS Security Hub, close to its own."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        id: kebab-case, unique, frozen: exceptions and code scanning refer to it.
        types: the types of resource that it looks at.
        control: the control of AWS Security Hub that it checks (`SQS.1`), or empty; which standards it belongs to is in
            compare/standards.py.
        why: what goes wrong without it.
        mend: what to do.
        check: yields a sentence for each violation; reads through `Resource.get`, so that what is not known is
            never taken for a pass.
    """

    id: str
    types: tuple[str, ...]
    control: str
    severity: Severity
    why: str
    mend: str
    check: Check

    @property
    def link(self) -> str:
        """Where the control is described; for the project's own rules, the list of rules."""
        if not self.control:
            return f"docs/policies.md#{self.id}"
        return _SECURITY_HUB.format(self.control.split(".")[0].lower(), self.control.lower().replace(".", "-"))


def rule(id_: str, *types: str, severity: Severity, why: str, mend: str, control: str = "") -> Callable[[Check], Rule]:
    """Make a rule of the function below; the module that it stands in is in `catalog.MODULES`."""
    return lambda check: Rule(id=id_, types=types, control=control, severity=severity, why=why, mend=mend, check=check)


def must(path: str, holds: Callable[[Any], bool], sentence: str) -> Check:
    """A check of one property; the sentence says what is wrong where it does not hold."""

    def check(resource: Resource, _: Stack) -> Iterator[str]:
        if not holds(resource.get(path)):
            yield sentence

    return check
