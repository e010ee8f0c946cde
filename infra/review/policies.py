"""What a change does to the policies' findings: new ones, mended ones, and those that were there before."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from infra.policy.evaluate import Result, evaluate
from infra.policy.resources import Stack
from infra.review.changes import counted
from infra.review.finding import Finding, Section, Verdict


def delta(before: Stack, after: Stack, today: date) -> Iterator[Finding]:
    """The policy pack over both sides."""
    old, new = (evaluate(stack, today) for stack in (before, after))
    yield from _told(_violations(old), _violations(new))
    was, unsaid = ([one for one in found if one.outcome == "not evaluable"] for found in (old, new))
    if unsaid:
        yield Finding(
            section=Section.BLIND_SPOTS,
            verdict=Verdict.SAFE,
            title=f"{counted(len(unsaid), 'policy result')} not evaluable, no pass and no failure ({len(was)} before)",
            details=tuple(f"{one.rule.id} on {one.resource.name}: {one.sentence}" for one in unsaid),
        )


def _violations(results: Sequence[Result]) -> dict[tuple[str, str, str], Result]:
    return {
        (one.rule.id, one.resource.urn, one.sentence): one
        for one in results
        if one.outcome in ("violation", "excepted")
    }


def _told(old: dict[tuple[str, str, str], Result], new: dict[tuple[str, str, str], Result]) -> Iterator[Finding]:
    for key in [key for key in new if key not in old]:
        found = new[key]
        excepted = " (excepted)" if found.outcome == "excepted" else ""
        yield Finding(
            section=Section.POLICY,
            verdict=Verdict.SAFE if found.outcome == "excepted" else Verdict.LOOK,
            title=f"new{excepted}: {found.rule.id} on {found.resource.name}: {found.sentence}",
            resource=found.resource.urn,
            details=(
                f"{found.rule.severity.name}, {'stops the deployment' if found.stops else 'advice'}: {found.rule.why}",
                f"mend: {found.rule.mend}",
                f"see: {found.rule.link}",
            ),
        )
    if mended := [old[key] for key in old if key not in new]:
        yield Finding(
            section=Section.POLICY,
            verdict=Verdict.SAFE,
            title=f"{counted(len(mended), 'finding')} mended",
            details=tuple(f"{one.rule.id} on {one.resource.name}: {one.sentence}" for one in mended),
        )
    if unchanged := [new[key] for key in new if key in old]:
        by_rule = Counter(one.rule.id for one in unchanged)
        yield Finding(
            section=Section.POLICY,
            verdict=Verdict.SAFE,
            title=f"{counted(len(unchanged), 'finding')} as before",
            details=tuple(f"{rule}: {number}" for rule, number in sorted(by_rule.items())),
        )


def of_events(text: str) -> Iterator[Finding]:
    """What policy packs said, in an event stream (`PULUMI_ENABLE_STREAMING_JSON_PREVIEW=1`, or `--event-log`).

    Raises:
        ValueError: a line is no JSON.
    """
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip().startswith("{"):
            continue
        try:
            event = json.loads(line)
        except ValueError as error:
            raise ValueError(f"line {number} of the event stream is no JSON: {error}") from None
        policy = event.get("policyEvent") if isinstance(event, dict) else None
        if isinstance(policy, dict):
            stops = policy.get("enforcementLevel") == "mandatory"
            first, *rest = str(policy.get("message") or "").strip().splitlines() or [""]
            urn = str(policy.get("resourceUrn") or "")
            on = urn.rsplit("::", 1)[-1] or "the stack"
            yield Finding(
                section=Section.POLICY,
                verdict=Verdict.LOOK,
                title=f"{policy.get('policyPackName')} {policy.get('policyName')} on {on}: {first}",
                resource=urn,
                details=("stops the deployment" if stops else "advice", *rest),
            )
