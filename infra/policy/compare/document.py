"""Writes docs/policies-compared.md: `python -m infra.policy.compare.document`."""

import sys
from pathlib import Path

from infra.policy.catalog import RULES
from infra.policy.compare import argued, sources
from infra.policy.rule import Rule

FILE = Path(__file__).resolve().parents[3] / "docs" / "policies-compared.md"

_HEAD = """# The policies beside others

Written by `python -m infra.policy.compare.document`; a test says when it is out of date. What each rule asks for is in
[policies.md](policies.md).

Read in November 2026: the AWS Security Hub User Guide (each service's controls, and which of them belong to AWS
Foundational Security Best Practices, FSBP); Pulumi's awsguard 0.4.0 with its main branch of June 2024; checkov 3.3.30.
Checkov's column was held against checkov itself:

    make policy-compare      # installs checkov into the cache, and runs it over dev and prod in Terraform's language

It fails when checkov finds something that is neither a violation here nor argued below, and when an argument is not
needed any more. What checkov looks for and the pack did not became rules: `elb-waf`, `secrets-rotated`,
`s3-unfinished-uploads`, `rds-insights`, `kms-not-public`, `ecr-not-public`, `iam-attached-policies`; from awsguard came
`ec2-rules-apart` and `iam-policies-apart`.
"""


def document() -> str:
    """The whole page."""
    return "\n".join(
        [
            _HEAD,
            "## Who has which rule",
            "",
            "| rule | control | FSBP | awsguard | checkov |",
            "|---|---|---|---|---|",
            *(_row(rule) for rule in RULES),
            f"| {' | '.join(f'**{count}**' for count in _counts())} |",
            "",
            "ECS.1 was retired by AWS in March 2026 for ECS.4, ECS.17 and ECS.20.",
            "",
            "## Checkov asks for it, and this pack does not",
            "",
            "| check | why |",
            "|---|---|",
            *(f"| {check} | {reason} |" for check, reason in argued.CHECKOV.items()),
            "",
            "## Controls of FSBP without a rule, of services that are used here",
            "",
            "| control | why |",
            "|---|---|",
            *(f"| {control} | {reason} |" for control, reason in argued.FOUNDATIONAL.items()),
            "",
        ]
    )


def _counts() -> tuple[int, ...]:
    numbered = sum(bool(rule.control) for rule in RULES)
    return len(RULES), numbered, sum(map(_foundational, RULES)), len(sources.AWSGUARD), len(sources.CHECKOV)


def _row(rule: Rule) -> str:
    return " | ".join(
        (
            f"| [{rule.id}](policies.md#{rule.id})",
            rule.control,
            "yes" if _foundational(rule) else "",
            sources.AWSGUARD.get(rule.id, ""),
            f"{', '.join(sources.CHECKOV.get(rule.id, ()))} |",
        )
    )


def _foundational(rule: Rule) -> bool:
    return bool(rule.control) and rule.control not in sources.NOT_FOUNDATIONAL


if __name__ == "__main__":
    FILE.write_text(document(), encoding="utf-8")
    sys.exit(0)
