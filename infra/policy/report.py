"""`make policy STACK=dev`: what the rules say of a stack, as text, JSON or SARIF; the exit code is for CI.

0: nothing stops a deployment. 1: something does. 2: the stack could not be read.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from infra.mistakes import Mistakes
from infra.policy import from_state
from infra.policy.catalog import RULES
from infra.policy.evaluate import Result, counts, evaluate
from infra.policy.exceptions import EXCEPTIONS
from infra.policy.levels import level
from infra.policy.places import place
from infra.policy.resources import Stack
from infra.policy.rule import Rule, Severity

_SARIF_LEVEL = {"mandatory": "error", "advisory": "warning", "disabled": "none"}
#: What code scanning sorts by. Source: GitHub, "SARIF support for code scanning", `security-severity`.
_SECURITY_SEVERITY = {Severity.LOW: "3.0", Severity.MEDIUM: "5.5", Severity.HIGH: "8.0", Severity.CRITICAL: "9.5"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Report on one stack."""
    parser = argparse.ArgumentParser(prog="python -m infra.policy.report", description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--stack", help="run the program against the embedded cloud: no credentials, nothing is made")
    source.add_argument("--export", type=Path, help="a file that `pulumi stack export` wrote: no login, no program")
    parser.add_argument("--format", choices=FORMATS, default="text")
    chosen = parser.parse_args(arguments)
    try:
        stack = (
            _declared(chosen.stack) if chosen.stack else from_state.read(json.loads(chosen.export.read_text("utf-8")))
        )
    except Mistakes as mistakes:
        print("\n".join(mistakes.args), file=sys.stderr)  # noqa: T201
        return 2
    except (OSError, ValueError, KeyError) as error:
        print(f"{chosen.stack or chosen.export}: {error}", file=sys.stderr)  # noqa: T201
        return 2
    today = datetime.now(UTC).date()
    results = evaluate(stack, today)
    print(FORMATS[chosen.format](stack, results, today))  # noqa: T201
    return int(any(result.stops for result in results))


def _declared(stack: str) -> Stack:
    # Only this needs the embedded cloud.
    from infra.policy.from_program import declared  # noqa: PLC0415

    return declared(stack)


def text(stack: Stack, results: Sequence[Result], today: date) -> str:
    """For people: what stops, what is advice, what could not be said, and what is excepted."""
    asked = len({result.rule.id for result in results})
    lines = [f"Stack {stack.name}: {len(stack.resources)} resources; {asked} of {len(RULES)} rules apply to one", ""]
    groups: list[tuple[str, Callable[[Result], bool]]] = [
        ("Stops the deployment", lambda result: result.stops),
        ("Advice", lambda result: result.outcome == "violation" and not result.stops),
        ("Not evaluable: neither a pass nor a failure", lambda result: result.outcome == "not evaluable"),
    ]
    for title, belongs in groups:
        found = [result for result in results if belongs(result)]
        lines += [f"{title}: {len(found)}", *_by_rule(found), ""]
    of_stack = [exception for exception in EXCEPTIONS if stack.name in exception.stacks]
    lines.append(f"Exceptions: {len(of_stack)}")
    for exception in of_stack:
        used = sum(result.exception is exception for result in results)
        state = "EXPIRED" if exception.expires < today else "used" if used else "unused: remove it"
        lines.append(
            f"  {exception.rule} on {exception.resource} until {exception.expires} ({exception.owner}, {state})"
        )
        lines.append(f"      {exception.reason}")
    told = ", ".join(f"{number} {outcome}" for outcome, number in sorted(counts(results).items()))
    stops = sum(result.stops for result in results)
    verdict = f"{stops} of them stop the deployment." if stops else "Nothing stops the deployment."
    return "\n".join([*lines, "", f"Results: {told}. {verdict}"])


def _by_rule(found: Sequence[Result]) -> list[str]:
    lines = []
    for rule in dict.fromkeys(result.rule for result in found):
        lines.append(f"  {rule.id}  [{' '.join(filter(None, (rule.severity.name, rule.control)))}]  {rule.why}")
        lines += [f"      {at.resource.name} ({at.resource.type}): {at.sentence}" for at in found if at.rule is rule]
        lines += [f"      mend: {rule.mend}", f"      see:  {rule.link}"]
    return lines


def as_json(stack: Stack, results: Sequence[Result], today: date) -> str:
    """For programs: each result but the passes, the exceptions, and the counts."""
    return json.dumps(
        {
            "stack": stack.name,
            "date": today.isoformat(),
            "counts": counts(results),
            "results": [
                {
                    "rule": result.rule.id,
                    "control": result.rule.control,
                    "severity": result.rule.severity.name,
                    "level": result.level,
                    "outcome": result.outcome,
                    "resource": result.resource.urn,
                    "sentence": result.sentence,
                    "mend": result.rule.mend,
                    "link": result.rule.link,
                    "exception": result.exception and result.exception.reason,
                }
                for result in results
                if result.outcome != "pass"
            ],
        },
        indent=2,
    )


def sarif(stack: Stack, results: Sequence[Result], _: date) -> str:
    """For code scanning. Source: OASIS SARIF 2.1.0."""
    told = [result for result in results if result.outcome in ("violation", "excepted")]
    run = {
        "tool": {"driver": {"name": "backlog-policy", "rules": [_sarif_rule(rule, stack) for rule in RULES]}},
        # One stack's findings do not close another's.
        "automationDetails": {"id": f"backlog-policy/{stack.name}/"},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    _sarif_notification(result) for result in results if result.outcome == "not evaluable"
                ],
            }
        ],
        "results": [_sarif_result(result) for result in told],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2)


def _sarif_rule(rule: Rule, stack: Stack) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.why},
        "help": {"text": f"{rule.mend} {rule.link}"},
        **({"helpUri": rule.link} if rule.control else {}),
        "defaultConfiguration": {"level": _SARIF_LEVEL[level(rule, stack.name)]},
        "properties": {"security-severity": _SECURITY_SEVERITY[rule.severity], "tags": [rule.control or "backlog"]},
    }


def _sarif_notification(result: Result) -> dict[str, Any]:
    text = f"{result.resource.name}: not evaluable: {result.sentence}"
    return {"level": "note", "message": {"text": text}, "associatedRule": {"id": result.rule.id}}


def _sarif_result(result: Result) -> dict[str, Any]:
    file, line = place(result.resource)
    where = {
        # Code scanning wants a file; the resource is the logical location.
        "physicalLocation": {"artifactLocation": {"uri": file}, "region": {"startLine": line}},
        "logicalLocations": [{"name": result.resource.name, "fullyQualifiedName": result.resource.urn}],
    }
    told: dict[str, Any] = {
        "ruleId": result.rule.id,
        "level": _SARIF_LEVEL[result.level],
        "message": {"text": f"{result.resource.name}: {result.sentence}. {result.rule.mend}"},
        "locations": [where],
        "partialFingerprints": {"resource/v1": f"{result.rule.id}:{result.resource.urn}"},
    }
    if result.exception and result.outcome == "excepted":
        told["suppressions"] = [{"kind": "inSource", "justification": result.exception.reason}]
    return told


FORMATS: dict[str, Callable[[Stack, Sequence[Result], date], str]] = {"text": text, "json": as_json, "sarif": sarif}


if __name__ == "__main__":
    sys.exit(main())
