"""`make review-fingerprint REVIEW=file`: the plan that people approve, for the job that waits for them.

Prints the fingerprint that the review's first line has; in a workflow it becomes the step's output `fingerprint`, and
the review the job's summary, which is what the environment's reviewers read.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from operations.review_marker import marker

_LONGEST = 1_000_000  # bytes. Source: GitHub, "Workflow commands": a step's summary has 1 MiB at most


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; without a fingerprint it fails, so that nothing unnamed can be approved."""
    parser = argparse.ArgumentParser(prog="make review-fingerprint", description=__doc__.splitlines()[0])
    parser.add_argument("review", type=Path)
    given = parser.parse_args(arguments)
    try:
        text = given.review.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        sys.stderr.write(f"review-fingerprint: {error}\n")
        return 1
    said = marker(text)
    if not said:
        sys.stderr.write(f"review-fingerprint: {given.review} does not begin with a review's marker\n")
        return 1
    _append("GITHUB_OUTPUT", f"fingerprint={said.fingerprint}\n")
    if len(text.encode()) <= _LONGEST:
        _append("GITHUB_STEP_SUMMARY", text)
    sys.stdout.write(f"{said.fingerprint}\n")
    return 0


def _append(variable: str, text: str) -> None:
    """To the file that a workflow names; elsewhere there is none."""
    if file := os.environ.get(variable):
        with Path(file).open("a", encoding="utf-8") as opened:
            opened.write(text)


if __name__ == "__main__":
    sys.exit(main())
