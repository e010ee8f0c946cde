"""Writes docs/policies.md: `python -m infra.policy.document`."""

import sys
from pathlib import Path

from infra.policy.catalog import RULES
from infra.policy.exceptions import EXCEPTIONS
from infra.policy.levels import STACKS, level
from infra.policy.remedies import REMEDIES
from infra.policy.rule import Rule

FILE = Path(__file__).resolve().parents[2] / "docs" / "policies.md"

_HEAD = """# What may not be deployed

Written by `python -m infra.policy.document`; a test says when it is out of date.

    make policy STACK=dev                                    # the program, without credentials
    make policy STACK=prod FORMAT=sarif                      # for code scanning; json as well
    pulumi stack export > state.json && make policy EXPORT=state.json     # what is there; no login
    pulumi preview --policy-pack infra/policy                # the same rules, in the engine
    make policy-compare                                      # beside checkov (policies-compared.md)

A rule says of each resource: pass, violation, excepted, or **not evaluable** (a value is known only after the update,
or can't be seen from there), which is counted and shown, and is never a pass. A violation stops a deployment where its
level is mandatory. Levels and thresholds of each stack are in `infra/policy/levels.py`; a stack that is not listed
there is held to prod's. The exit code is 1 when something stops, 2 when the stack could not be read.

A new rule is a function in `infra/policy/rules/` and one line in `tests/policy/test_rules.py`.
"""

_MENDING = """Off by default. In a stack that `MENDED` in `infra/policy/levels.py` names, the pack sets these properties
where the rule would refuse the resource, in a preview and in an update, and the preview tells what it changed. It is
only what AWS changes in place. The program stays as it was: what is set here belongs there soon after."""


def document() -> str:
    """The whole page."""
    stacks = list(STACKS)
    lines = [
        _HEAD,
        f"## The {len(RULES)} rules",
        "",
        f"| rule | control | severity | {' | '.join(stacks)} | why | how to mend |",
        f"|---|---|---|{'---|' * len(stacks)}---|---|",
        *(_row(rule, stacks) for rule in RULES),
        "",
        "## What the engine can mend",
        "",
        _MENDING,
        "",
        "| rule | what is set |",
        "|---|---|",
        *(f"| {remedy.rule.id} | {remedy.told} |" for remedy in REMEDIES),
        "",
        "## Exceptions",
        "",
        "| rule | stacks | resource | until | owner | reason |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {at.rule} | {', '.join(at.stacks)} | `{at.resource}` | {at.expires} | {at.owner} | {at.reason} |"
        for at in EXCEPTIONS
    ]
    return "\n".join(lines) + "\n"


def _row(rule: Rule, stacks: list[str]) -> str:
    control = f"[{rule.control}]({rule.link})" if rule.control else ""
    levels = " | ".join(level(rule, stack) for stack in stacks)
    name = f'<a id="{rule.id}"></a>{rule.id}'
    return f"| {name} | {control} | {rule.severity.name.lower()} | {levels} | {rule.why} | {rule.mend} |"


if __name__ == "__main__":
    FILE.write_text(document(), encoding="utf-8")
    sys.exit(0)
