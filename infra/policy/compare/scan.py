"""Runs checkov over a stack, in Terraform's language, and holds what it finds against what the rules say."""

import json
import re
import subprocess
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.policy.compare import argued, sources
from infra.policy.compare.terraform import written
from infra.policy.evaluate import Result
from infra.policy.resources import Stack

_TOOL = Path(__file__).resolve().parents[3] / "tools" / "checkov"
_OFFLINE = ("--skip-download", "--quiet", "--compact")  # it would ask its maker for descriptions


@dataclass(frozen=True)
class Scan:
    """What checkov says of one stack: how many checks passed, and where each of the others failed."""

    passed: int
    failed: Mapping[str, tuple[str, ...]]


def scanned(stack: Stack) -> Scan:
    """Checkov's findings; it is installed into the cache the first time.

    Raises:
        RuntimeError: it could not read the stack.
    """
    with tempfile.TemporaryDirectory(prefix="backlog-") as folder:
        (Path(folder) / "main.tf").write_text(written(stack), encoding="utf-8")
        told = json.loads(_checkov("--directory", folder, "--framework", "terraform", "--output", "json", *_OFFLINE))
    if told["summary"]["parsing_errors"]:
        raise RuntimeError(f"checkov can't read what was written of {stack.name}")
    failed: dict[str, tuple[str, ...]] = {}
    for finding in told["results"]["failed_checks"]:
        failed[finding["check_id"]] = (*failed.get(finding["check_id"], ()), finding["resource"])
    return Scan(told["summary"]["passed"], failed)


def known_checks() -> set[str]:
    """The checks that the installed checkov has."""
    listed = _checkov("--list", "--framework", "terraform")
    return set(re.findall(r"\bCKV2?_AWS_\d+\b", listed))


def _checkov(*arguments: str) -> str:
    folder = subprocess.run([str(_TOOL)], check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603
    # Findings are an exit code of their own, and no failure to run.
    told = subprocess.run([f"{folder}/checkov", *arguments], check=False, capture_output=True, text=True)  # noqa: S603
    return told.stdout


@dataclass(frozen=True)
class Comparison:
    """Of one stack. `both` and `argued` are checks of checkov's, with the rules or the reason; `alone` are rules."""

    both: Mapping[str, tuple[str, ...]]
    argued: Mapping[str, str]
    unexplained: Mapping[str, tuple[str, ...]]
    alone: Sequence[str]


def compared(scan: Scan, results: Sequence[Result]) -> Comparison:
    """Each of checkov's findings is one of ours, or argued, or neither; and what only the rules say."""
    told = {result.rule.id for result in results if result.outcome in ("violation", "excepted")}
    both = {check: _of(check, told) for check in scan.failed if _of(check, told)}
    rest = scan.failed.keys() - both.keys()
    return Comparison(
        both=both,
        argued={check: argued.CHECKOV[check] for check in sorted(rest & argued.CHECKOV.keys())},
        unexplained={check: scan.failed[check] for check in sorted(rest - argued.CHECKOV.keys())},
        alone=sorted(told - {rule for rules in both.values() for rule in rules}),
    )


def _of(check: str, rules: Collection[str]) -> tuple[str, ...]:
    return tuple(rule for rule, checks in sources.CHECKOV.items() if check in checks and rule in rules)
