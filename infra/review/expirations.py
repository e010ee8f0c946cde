"""Objects and images that are deleted by rules of their bucket or repository.

Sources: S3 User Guide, "Expiring objects"; ECR User Guide, "Lifecycle policies".
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.policy.resources import Hidden
from infra.review.contract import number_of
from infra.review.differences import shown
from infra.review.finding import Finding, Verdict, of_data
from infra.review.preview import Change, Preview, State
from infra.review.retention import blocks
from infra.review.stateful import BUCKETS

_LIFECYCLES: Final = frozenset(
    {
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
    }
)
_IMAGE_LIFECYCLE: Final = "aws:ecr/lifecyclePolicy:LifecyclePolicy"


def find(preview: Preview) -> Iterator[Finding]:
    """Rules that are new or delete earlier; of what is new itself there is nothing to lose."""
    for change in preview.changed:
        if change.after is None or change.op not in ("create", "update", "replace"):
            continue
        if (change.type in _LIFECYCLES and not _of_new(preview, change, "bucket")) or (
            change.type in BUCKETS and change.op == "update"
        ):
            yield from _objects_expire(change)
        elif change.type == _IMAGE_LIFECYCLE and not _of_new(preview, change, "repository"):
            yield from _images_expire(change)


def _of_new(preview: Preview, change: Change, prop: str) -> bool:
    """Whether what it is about comes with this change."""
    targets = change.after.links.get(prop, ()) if change.after else ()
    found = [preview.by_urn[urn] for urn in targets if urn in preview.by_urn]
    return bool(found) and all(target.op == "create" for target in found)


@dataclass(frozen=True)
class _Rule:
    """Days after which a rule deletes; whether it is for the whole bucket, and for what is in use."""

    days: float
    everything: bool
    current: bool


def _objects_expire(change: Change) -> Iterator[Finding]:
    old, new = _rules(change.before if change.op == "update" else None), _rules(change.after)
    for (name, what), rule in new.items():
        was = old.get((name, what))
        if was and was.days <= rule.days and was.everything >= rule.everything:
            continue
        which = "all objects" if rule.everything else "the objects that it is for"
        which = which if rule.current else f"former versions of {which}"
        since = f" instead of after {was.days:g}" if was and was.days != rule.days else ""
        title = f"{change.label}: rule {name} deletes {which} after {rule.days:g} days{since}; older ones at once"
        verdict = Verdict.DANGEROUS if rule.everything and rule.current else Verdict.LOOK
        yield of_data(change, verdict, title, irreversible=True)


def _rules(state: State | None) -> dict[tuple[str, str], _Rule]:
    """By a rule's name and by what of it expires, of rules that are on; a date counts as 0 days."""
    found = {}
    for at, rule in enumerate([*blocks(state, "rules"), *blocks(state, "lifecycleRules")]):
        if rule.get("status") != "Enabled" and rule.get("enabled") is not True:
            continue
        everything = not any(_narrowed(rule.get(name)) for name in ("filter", "prefix", "tags"))
        for what, days in _expiring(rule):
            found[str(rule.get("id") or at), what] = _Rule(days, everything, current=what == "expiration")
    return found


def _expiring(rule: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for what in ("expiration", "noncurrentVersionExpiration"):
        given = rule.get(what)
        if isinstance(given, Mapping):
            days = 0.0 if given.get("date") else number_of(given.get("days") or given.get("noncurrentDays"))
            if days is not None:
                yield what, days


def _narrowed(value: Any) -> bool:
    """Whether a filter says anything."""
    if isinstance(value, Mapping):
        return any(_narrowed(part) for part in value.values())
    if isinstance(value, list):
        return any(map(_narrowed, value))
    return bool(value)


def _images_expire(change: Change) -> Iterator[Finding]:
    old, new = (_selections(side) for side in (change.before, change.after))
    more = [text for text in new if text not in old]
    if more:
        title = f"{change.label}: images are deleted by another rule than before; one that still runs can't be pulled"
        yield of_data(change, Verdict.LOOK, title, details=tuple(more), irreversible=True)


def _selections(state: State | None) -> list[str]:
    """What each rule expires; not its description or its place."""
    text = state.raw("policy") if state else None
    if isinstance(text, Hidden):
        return [f"({text.why})"]
    try:
        rules = json.loads(text or "{}").get("rules") or []
        return [json.dumps(rule.get("selection"), sort_keys=True) for rule in rules]
    except (AttributeError, TypeError, ValueError, RecursionError):
        return [shown(text)]
