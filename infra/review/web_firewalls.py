"""AWS WAF: what loses its web firewall, and which rules a firewall loses."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from infra.policy.rules.web_firewalls import WEB_ACL
from infra.review.attached import BALANCERS
from infra.review.finding import Finding, Section, Verdict
from infra.review.preview import Change, Preview, State
from infra.review.reachability import Side
from infra.review.references import References, leaves

_ASSOCIATIONS: Final = (
    "aws:wafv2/webAclAssociation:WebAclAssociation",
    "aws:wafregional/webAclAssociation:WebAclAssociation",
)


def find(preview: Preview, references: References, before: Side, after: Side) -> Iterator[Finding]:
    """Of each change of a firewall, what gets through that did not."""
    firewalls = _Firewalls(references, before, after)
    for change in preview.changed:
        old, new = before.states.get(change.urn), after.states.get(change.urn)
        if change.type in _ASSOCIATIONS:
            yield from firewalls.lost(change, old, new)
        elif change.type == WEB_ACL:
            yield from _rules(change, old, new)


class _Firewalls:
    def __init__(self, references: References, before: Side, after: Side) -> None:
        self.references, self.before, self.after = references, before, after

    def lost(self, change: Change, before: State | None, after: State | None) -> Iterator[Finding]:
        """What was behind a web ACL, and still stands, is behind none."""
        if before is None or (after is not None and after.raw("resourceArn") == before.raw("resourceArn")):
            return
        arn = before.raw("resourceArn")
        urns = {*before.links.get("resourceArn", ()), *self.references.of(before, [arn], "resourceArn", BALANCERS)[0]}
        stays = [urn for urn in urns if urn in self.after.states]
        if not urns and after is None:
            yield self._unguarded(change, before, "what it guarded", "")
        for urn in stays:
            if urn not in self._guarded:
                node = self.after.nodes.get(urn)
                name = node.label if node else self.after.states[urn].name
                yield self._unguarded(change, before, name, urn)

    @cached_property
    def _guarded(self) -> set[str]:
        """What is behind a web ACL once all is done."""
        found = set[str]()
        for one in self.after.states.values():
            if one.type in _ASSOCIATIONS:
                found |= {*one.links.get("resourceArn", ())}
                found |= self.references.of(one, [one.raw("resourceArn")], "resourceArn", BALANCERS)[0]
        return found

    def _unguarded(self, change: Change, before: State, name: str, urn: str) -> Finding:
        acls = self.references.of(before, [before.raw("webAclArn")], "webAclArn", (WEB_ACL,))[0]
        blocks = any(
            "block" in (one.raw("defaultAction") or {})
            for acl in acls
            if (one := self.before.states.get(acl)) is not None and isinstance(one.raw("defaultAction"), Mapping)
        )
        path = self.after.path(urn) if urn else ""
        title = f"{name} loses its web firewall: what it refused gets through"
        if blocks:
            title = f"{name} loses its web firewall, which let in only whom it named: anyone gets through"
        return _finding(change, Verdict.DANGEROUS if blocks else Verdict.LOOK, title, [path] if path else [])


def _rules(change: Change, before: State | None, after: State | None) -> Iterator[Finding]:
    """A web ACL's own rules, and what it does with whatever none of them is about."""
    if before is None or after is None:
        return
    old, new = (_action(side) for side in (before, after))
    if old == "block" and new == "allow":
        title = f"{change.label} lets in whatever no rule refuses: it refused whatever no rule let in"
        yield _finding(change, Verdict.DANGEROUS, title)
    old_rules, new_rules = (_by_name(side) for side in (before, after))
    if gone := sorted(old_rules.keys() - new_rules.keys()):
        title = f"{change.label} no longer has {'the rule' if len(gone) == 1 else 'the rules'} {', '.join(gone)}"
        yield _finding(change, Verdict.LOOK, f"{title}: what they refused gets through")
    counts = [
        name for name in new_rules if name in old_rules and _counts(new_rules[name]) and not _counts(old_rules[name])
    ]
    if counts:
        title = f"{change.label} only counts, and no longer refuses, what the rule {', '.join(sorted(counts))} is about"
        yield _finding(change, Verdict.LOOK, title)


def _action(state: State) -> str:
    found = state.raw("defaultAction")
    return next((word for word in ("block", "allow") if isinstance(found, Mapping) and word in found), "")


def _by_name(state: State) -> dict[str, Mapping[str, Any]]:
    return {str(one.get("name")): one for one in leaves(state.raw("rules")) if isinstance(one, Mapping)}


def _counts(rule: Mapping[str, Any]) -> bool:
    return any(isinstance(rule.get(key), Mapping) and "count" in rule[key] for key in ("action", "overrideAction"))


def _finding(change: Change, verdict: Verdict, title: str, details: Iterable[str] = ()) -> Finding:
    return Finding(section=Section.EXPOSURE, verdict=verdict, title=title, resource=change.urn, details=tuple(details))
