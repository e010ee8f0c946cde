"""Whom a policy lets in: how much care it needs that somebody may take a role, or use a resource.

Sources: IAM User Guide, "The confused deputy problem", "Available keys for AWS OIDC federation"; GitHub Docs,
"Configuring OpenID Connect in Amazon Web Services".
"""

import re
from collections.abc import Collection
from typing import Final

from infra.policy.rules.identity import CONFUSED_DEPUTY
from infra.review.finding import Verdict
from infra.review.grants import Conditions, Grant, Span, account_of, fits, relaxed
from infra.review.rights import Weight
from infra.review.weights import danger, narrowed

#: Keys that say who it is, wherever the call comes from.
_WHO: Final = ("aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principalarn")
#: Actions of who takes a role that let nobody in by themselves.
_IN_PASSING: Final = ("sts:tagsession", "sts:setsourceidentity", "sts:setcontext")
#: Identity providers for everybody, whose tokens are told apart by the application they are for.
_PUBLIC: Final = ("cognito-identity.amazonaws.com", "accounts.google.com", "www.amazon.com", "graph.facebook.com")
#: The accounts of Elastic Load Balancing, which write access logs. Source: ELB User Guide, "Enable access logs".
_LOAD_BALANCING: Final = frozenset(
    [
        "127311923021",
        "033677994240",
        "027434742980",
        "797873946194",
        "098369216593",
        "754344448648",
        "589379963580",
        "718504428378",
        "383597477331",
        "600734575887",
        "114774131450",
        "582318560864",
        "985666609251",
        "783225319266",
        "507241528517",
        "054676820928",
        "156460612806",
        "652711504416",
        "635631232127",
        "009996457667",
        "897822967062",
        "076674570225",
        "048591011584",
        "190560391635",
    ]
)


def weight_of_trust(grant: Grant, before: Collection[Grant], own: str, *, new: bool) -> Weight:
    """How much care it needs that somebody may take a role; `new` says that the role itself is."""
    who = grant.who
    if who.but:
        return Weight(Verdict.DANGEROUS, "that is everyone but a few")
    if who.pattern == "*" and not _about(grant.conditions, _WHO):
        return Weight(Verdict.DANGEROUS, "no condition says who, so that any AWS account can take it")
    if grant.action.pattern in _IN_PASSING and any(old.who.covers(who) for old in before):
        return Weight(Verdict.LOOK)
    if weight := _of_conditions(grant, before, own):
        return weight
    if account := account_of(who.pattern):
        return _of_account(account, grant, own, new=new)
    if who.pattern.startswith("Federated:"):
        return _of_federated(who.pattern.removeprefix("Federated:"), grant.conditions)
    return Weight(Verdict.LOOK)


def weight_of_use(grant: Grant, before: Collection[Grant], own: str, *, new: bool) -> Weight:
    """How much care it needs that somebody may use a resource; that anyone may is the exposure's to weigh."""
    who = grant.who.pattern
    if who == "*":
        return Weight(Verdict.LOOK)
    if who.startswith("Service:"):
        dropped = {key for _, key, _ in relaxed(grant, before)}
        if dropped & {*CONFUSED_DEPUTY} and not _about(grant.conditions, CONFUSED_DEPUTY):
            return Weight(Verdict.DANGEROUS, "the service may do so for any account, on anyone's behalf")
        if _elsewhere([value for _, _, values in grant.conditions for value in values], own) and not new:
            return Weight(Verdict.DANGEROUS, "that is for another account")
        open_ended = (
            "" if new or narrowed(grant.conditions) else "no condition says for which account the service does so"
        )
        return Weight(Verdict.LOOK, open_ended)
    account = account_of(who)
    if account and account != own and account not in _LOAD_BALANCING:
        return _of_account(account, grant, own, new=new)
    if who.endswith(":root"):
        return Weight(Verdict.LOOK, "" if new else "the account's own policies decide who")
    why = danger(Grant(grant.allows, grant.who, grant.action, Span("itself"), grant.conditions))
    return Weight(Verdict.DANGEROUS if why and not new else Verdict.LOOK, why)


def _of_account(account: str, grant: Grant, own: str, *, new: bool) -> Weight:
    if account == own:
        return Weight(Verdict.LOOK, "the account's own policies decide who" if ":root" in grant.who.pattern else "")
    if not own and new and grant.action.covers(_RULES):
        return Weight(Verdict.LOOK)  # KMS makes no key whose policy locks out who makes it
    if not own:
        verdict = Verdict.LOOK if new else Verdict.DANGEROUS
        return Weight(verdict, "whether that account is the stack's own can't be seen here")
    said = _about(grant.conditions, (*_WHO, "sts:externalid")) or not grant.action.pattern.startswith("sts:")
    if new and said and not danger(Grant(grant.allows, grant.who, grant.action, Span("itself"), grant.conditions)):
        return Weight(Verdict.LOOK, "that is another account")
    return Weight(Verdict.DANGEROUS, "that is another account")


def _of_conditions(grant: Grant, before: Collection[Grant], own: str) -> Weight | None:
    """What it means that the conditions are others; None where it was not allowed under any."""
    formers = [old for old in before if old.unconditional.covers(grant.unconditional)]
    if not formers:
        return None
    former = max(formers, key=lambda old: len(old.conditions & grant.conditions)).conditions
    added = _added(former, grant.conditions)
    if {key for _, key, _ in former} - {key for _, key, _ in grant.conditions} or _weaker(former, grant.conditions):
        return Weight(Verdict.DANGEROUS, "what it took to be let in is gone or looser")
    if any(re.search(r"(?:^|[:/])[*?]+(?:$|[:/])", value) for value in added):
        return Weight(Verdict.DANGEROUS, f"it is enough now to be {' or '.join(sorted(added))}")
    if _elsewhere(added, own):
        return Weight(Verdict.DANGEROUS, "that is another account")
    return Weight(Verdict.LOOK, f"also for {', '.join(sorted(added))}" if added else "")


def _added(former: Conditions, now: Conditions) -> set[str]:
    """The values by which a condition is met that was not."""
    were = [(key, value) for operator, key, values in former if "not" not in operator for value in values]
    return {
        value
        for operator, key, values in now
        if "not" not in operator
        for value in values
        if not any(key == its and fits(pattern, value) for its, pattern in were)
    }


def _weaker(former: Conditions, now: Conditions) -> bool:
    """Whether a condition excludes less, or is passed where its key is missing."""
    operators = {(key, operator) for operator, key, _ in former}
    return any(
        (operator.endswith("ifexists") and (key, operator) not in operators)
        or ("not" in operator and any(key == its and not values >= were for _, its, were in former))
        for operator, key, values in now
    )


def _elsewhere(values: Collection[str], own: str) -> bool:
    """Whether an account is named in them that is not the stack's own."""
    return any(account != own for value in values for account in re.findall(r"(?<!\d)\d{12}(?!\d)", value))


def _of_federated(provider: str, conditions: Conditions) -> Weight:
    subjects = [
        (operator, value)
        for operator, key, values in conditions
        if key.endswith(":sub") and "not" not in operator and not operator.endswith(("ifexists", "null"))
        for value in values
    ]
    if not subjects:
        audience = any(key.endswith(":aud") for _, key, _ in conditions)
        if ":saml-provider/" in provider or (audience and provider.endswith(_PUBLIC)):
            return Weight(Verdict.LOOK)
        name = provider.rsplit("oidc-provider/", 1)[-1]
        return Weight(Verdict.DANGEROUS, f"with no condition on sub, whoever has a token of {name} can take it")
    for operator, subject in subjects:
        if operator.endswith("like") and _any_subject(subject):
            return Weight(Verdict.DANGEROUS, f"the condition on sub, {subject}, is met by others' tokens too")
    return Weight(Verdict.LOOK)


def _any_subject(pattern: str) -> bool:
    """Whether a subject leaves open whose it is: `repo:*`, `repo:owner/*`, `system:serviceaccount:*:*`."""
    parts = pattern.split(":")
    if parts[0] in ("repo", "project_path"):
        return (len(parts) < 3 and "*" in pattern) or "*" in ":".join(parts[1:2])  # noqa: PLR2004
    if pattern.startswith("system:serviceaccount:"):
        return "*" in ":".join(parts[2:3])
    return pattern[:1] in ("*", "?")


def _about(conditions: Conditions, keys: Collection[str]) -> bool:
    return narrowed(frozenset(one for one in conditions if one[1] in keys))


_RULES: Final = Span("kms:putkeypolicy")
#: Actions after which something is gone, or off.
_DESTROYS = re.compile(
    r"(delete|terminate|purge|remove|schedule\w*deletion|disable|stop|destroy|detach|deregister|put\w*policy)"
)


def weight_of_no_denial(freed: Grant) -> Weight:
    """How much care it needs that something is no longer denied, which is allowed."""
    why = danger(Grant(allows=True, who=freed.who, action=freed.action, resource=freed.resource))
    _, _, name = freed.action.pattern.partition(":")
    if not why and (_DESTROYS.match(name) or "*" in freed.action.pattern):
        why = "a denial kept it from that, whatever allows it"
    return Weight(Verdict.DANGEROUS if why else Verdict.LOOK, why)


_PERIMETER: Final = ("aws:sourcevpce", "aws:sourcevpc", "aws:sourceip", "aws:vpcsourceip")


def weight_of_no_guard(denial: Grant, allowed: Collection[Grant], own: str) -> Weight:
    """How much care it needs that a resource's policy denies something no longer."""
    keys = {key for _, key, _ in denial.conditions}
    if keys == {"aws:securetransport"}:
        return Weight(Verdict.LOOK, "requests without TLS are accepted")
    if keys & {*_WHO}:
        others = [one for one in allowed if one.who.pattern == "*" or account_of(one.who.pattern) not in ("", own)]
        why = "what kept others out is gone" if others else ""
        return Weight(Verdict.DANGEROUS if why else Verdict.LOOK, why or "nobody else is let in so far")
    if keys & {*_PERIMETER}:
        return Weight(Verdict.DANGEROUS, "whoever has credentials reaches it from anywhere")
    if keys:
        return Weight(Verdict.LOOK)
    return weight_of_no_denial(denial)


def weight_of_new_guard(denial: Grant) -> Weight:
    """How much care it needs that a resource's policy denies something from now on."""
    if denial.who.pattern == "*" and not denial.conditions and denial.action.pattern.rpartition(":")[2] == "*":
        why = "that is everyone, also who would take it back: only the account's root user still can"
        return Weight(Verdict.DANGEROUS, why)
    return Weight(Verdict.LOOK)


def nobody_rules(key: Collection[Grant]) -> bool:
    """Whether a key's policy lets nobody change it: then only AWS can.

    Source: KMS Developer Guide, "Default key policy".
    """
    return not any(one.action.covers(_RULES) for one in key)
