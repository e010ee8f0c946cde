"""A review as JSON, for programs, in the form of docs/review.schema.json."""

import json
from typing import Any, Final

from infra.review import counts
from infra.review.finding import Verdict
from infra.review.preview import Change
from infra.review.review import Review

VERSION: Final = 1


def write(review: Review) -> str:
    """In ASCII: what is not seen, or is no text, is written as JSON writes it."""
    return json.dumps(document(review), indent=2) + "\n"


def document(review: Review) -> dict[str, Any]:
    """The same before it is text."""
    numbers = counts.of_verdicts(review.findings)
    return {
        "version": VERSION,
        "stack": review.preview.stack,
        "verdict": review.verdict.word,
        "why": review.why,
        "fingerprint": review.fingerprint,
        "origin": {
            "how": review.origin.how,
            "commit": review.origin.commit or None,
            "base": review.origin.base or None,
            "file": review.origin.file or None,
        },
        "complete": not review.preview.errors,
        "counts": {
            "findings": {verdict.word: numbers.get(verdict, 0) for verdict in reversed(Verdict)},
            "resources": dict(counts.of_changes(review.preview)),
        },
        "findings": [
            {
                "section": finding.section.name.lower(),
                "verdict": finding.verdict.word,
                "title": finding.title,
                "resource": finding.resource or None,
                "details": list(finding.details),
                "irreversible": finding.irreversible,
            }
            for finding in review.findings
        ],
        "changes": [_change(change) for change in review.preview.changed],
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "urn": change.urn,
        "type": change.type,
        "name": change.name,
        "op": change.op,
        "reasons": list(change.reasons),
        "replaceReasons": list(change.replace_reasons),
        "deletedFirst": change.deleted_first,
    }
