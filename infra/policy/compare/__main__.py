"""`make policy-compare`: checkov over dev and prod, beside the rules. 1: a finding is neither ours nor argued."""

import sys
from datetime import UTC, datetime

from infra.policy.compare import argued, sources
from infra.policy.compare.scan import Comparison, compared, known_checks, scanned
from infra.policy.evaluate import evaluate
from infra.policy.from_program import declared

_STACKS = ("dev", "prod")


def main() -> int:
    """Compare, and say what has to be argued, or no longer."""
    unknown = {check for checks in sources.CHECKOV.values() for check in checks} - known_checks()
    mistakes = [f"checkov has no {check}" for check in sorted(unknown)]
    used: set[str] = set()
    for name in _STACKS:
        stack = declared(name)
        scan = scanned(stack)
        found = compared(scan, evaluate(stack, datetime.now(UTC).date()))
        used |= found.argued.keys()
        mistakes += [f"{name}: {check} fails on {', '.join(at)}" for check, at in found.unexplained.items()]
        _tell(f"{name}: {scan.passed} checks of checkov pass, {len(scan.failed)} kinds of them find something")
        _tell(*_lines(found))
    mistakes += [f"{check} is argued, and finds nothing" for check in sorted(argued.CHECKOV.keys() - used)]
    _tell(*mistakes)
    return int(bool(mistakes))


def _lines(found: Comparison) -> list[str]:
    return [
        f"  both ({len(found.both)}):",
        *(f"    {check}: {', '.join(rules)}" for check, rules in sorted(found.both.items())),
        f"  checkov alone, argued ({len(found.argued)}):",
        *(f"    {check}: {reason}" for check, reason in found.argued.items()),
        f"  this pack alone ({len(found.alone)}): {', '.join(found.alone)}",
        "",
    ]


def _tell(*lines: str) -> None:
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
