"""`make verify STACK=prod`: whether what runs is what the stack declared, after `pulumi up`.

ECS may roll a deployment back by itself (circuit breaker, alarms), and `pulumi up` was content all the same. So it is
asked what really runs: each service's PRIMARY deployment, its tasks' images, what the load balancer says of them, and
the queues' attributes, against the stack's outputs.

0: all of it is as declared. 1: something is not. 2: it could not be asked.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from operations.as_declared import Finding, queues, verify
from operations.outputs import AwsError, Deployed, NotDeployed, deployed

_WAIT = 600  # seconds; a rollout of a few tasks takes minutes, ECS's circuit breaker ten failures at most


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m operations.verify", description=__doc__.splitlines()[0])
    parser.add_argument("stack")
    parser.add_argument("--wait", type=float, default=_WAIT, help="seconds to wait for rollouts (%(default)s)")
    parser.add_argument("--json", action="store_true", help="for machines")
    asked = parser.parse_args(arguments)
    try:
        stack = deployed(asked.stack)
        findings = _of(stack, asked.wait)
    except (NotDeployed, KeyError, *AwsError) as error:
        reason = f"stack {asked.stack} has no output {error}: run `pulumi up`" if isinstance(error, KeyError) else error
        Console(stderr=True, highlight=False).print(f"[red]✗[/] {reason}", soft_wrap=True)
        return 2
    if asked.json:
        print(json.dumps([asdict(finding) | {"right": finding.right} for finding in findings], indent=2))  # noqa: T201
    else:
        _show(stack, findings)
    return 0 if all(finding.right for finding in findings) else 1


def _of(stack: Deployed, wait: float) -> list[Finding]:
    """On one machine services are processes, with no rollout that could be rolled back: `make status` shows them."""
    return queues(stack, stack.outputs) if stack.emulated else verify(stack, stack.outputs, wait)


def _show(stack: Deployed, findings: Sequence[Finding]) -> None:
    console = Console(highlight=False)
    table = Table("", "what", "declared", "found", "what to do", box=None, pad_edge=False)
    for finding in findings:
        mark = "[green]✓[/]" if finding.right else "[red]✗[/]"
        table.add_row(
            mark,
            f"{finding.subject}: {finding.what}",
            finding.declared,
            finding.found,
            "" if finding.right else finding.mend,
        )
    console.print(table)
    wrong = sum(not finding.right for finding in findings)
    told = (
        f"[red]{wrong} of {len(findings)} are not as declared[/]"
        if wrong
        else f"[green]all {len(findings)} as declared[/]"
    )
    console.print(f"\nStack {stack.stack}: {told}.")


if __name__ == "__main__":
    sys.exit(main())
