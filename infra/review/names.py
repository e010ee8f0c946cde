"""Names and certificates: which names resolve no more, or elsewhere, and for which ones a browser warns.

Source: Route 53 Developer Guide (an alias is cached for 60 s); ACM User Guide (a certificate in use can't be deleted).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.policy.resources import Hidden
from infra.review.contract import number_of
from infra.review.differences import shown
from infra.review.finding import Finding, Verdict
from infra.review.preview import Change, Preview, State
from infra.review.serving import deleted, entries, goes_first, identity, is_on, kind, moved, sources_of, told

#: Records of Route 53, and of others whose records have the same properties.
RECORDS: Final = ("route53/record", "cloudflare:index/record:Record", "cloudflare:index/dnsRecord:DnsRecord")
#: What a record answers with, by whatever name.
_ANSWERS: Final = ("records", "aliases", "content", "value", "data")
_CERTIFICATE: Final = "acm/certificate"
_VALIDATION: Final = "acm/certificateValidation"
_ALIAS_TTL: Final = 60
#: Records that nobody reaches anything by, and what their end does.
_ASIDE: Final[Mapping[str, str]] = {
    "TXT": "proofs of ownership and the checks of mail (SPF, DKIM, DMARC) that stand in it fail",
    "CAA": "other authorities may issue certificates for it, or none",
    "validation": "the certificate that it proves can't be renewed",
}


def find(preview: Preview) -> Iterator[Finding]:
    """What happens to records and certificates."""
    stay = {_key(one.after) for one in preview.by_urn.values() if one.after and kind(one.type) in RECORDS}
    names = {key[:3] for key in stay}
    for change in preview.changed:
        of_kind = kind(change.type)
        if of_kind in RECORDS:
            yield from _record(preview, change, stay, names)
        elif of_kind == _CERTIFICATE:
            yield from _certificate(preview, change)
        elif of_kind in ("lb/listener", "cloudfront/distribution", "apigatewayv2/domainName", "apigateway/domainName"):
            yield from _presented(preview, change)
        elif of_kind == "lb/listenerCertificate" and deleted(change):
            listener = preview.by_urn.get(identity(change.before, "listenerArn"))
            if listener is None or listener.after is not None:
                sentence = f"is deleted: who asks for {_names_of(preview, change.before)} gets a certificate error"
                yield told(preview, change, sentence, Verdict.DANGEROUS)


def _record(
    preview: Preview, change: Change, stay: set[tuple[str, ...]], names: set[tuple[str, ...]]
) -> Iterator[Finding]:
    old, new = change.before, change.after
    if old is None or (change.op == "delete" and not deleted(change)):
        return
    name, cached = _spoken(old), _cached(old)
    key = _key(old)
    if deleted(change) and key in stay:
        sentence = (
            f"is deleted, and another resource is to be made for the same name ({name}): Route 53 refuses a second one"
        )
        yield told(
            preview, change, sentence, Verdict.LOOK, ["an alias keeps the old one, and nothing is made"], names=False
        )
    elif key not in stay and (deleted(change) or change.op in ("replace", "update")):
        aside = _aside(old)
        rest = key[:3] in names
        now = "" if new is None or deleted(change) else f", and {_spoken(new)} does instead"
        if aside:
            yield told(preview, change, f"({name}) goes: {_ASIDE[aside]}", Verdict.LOOK, names=False)
        elif rest or (key[2] == "AAAA" and (key[0], key[1], "A") in names):
            yield told(
                preview, change, f"({name}) goes: other answers to that name stay", Verdict.LOOK, [cached], names=False
            )
        else:
            sentence = f"({name}) goes: the name resolves no more{now}"
            yield told(preview, change, sentence, Verdict.DANGEROUS, [cached])
    elif change.op == "replace" and goes_first(change):
        yield told(
            preview,
            change,
            f"({name}) is deleted before it is made anew: until then the name resolves no more",
            Verdict.DANGEROUS,
        )
    elif change.op in ("update", "replace") and new is not None:
        yield from _answers(preview, change, old, new)


def _answers(preview: Preview, change: Change, old: State, new: State) -> Iterator[Finding]:
    for prop in _ANSWERS:
        if not moved(change, prop):
            continue
        before, after = old.raw(prop), new.raw(prop)
        if isinstance(before, list) and isinstance(after, list) and sorted(map(str, before)) == sorted(map(str, after)):
            continue
        sentence = f"({_spoken(old)}) answers with {_answer(after)} instead of {_answer(before)}"
        yield told(preview, change, sentence, Verdict.LOOK, [_cached(old)], names=False)
        return
    for path in ("weightedRoutingPolicies", "healthCheckId", "failoverRoutingPolicies"):
        if moved(change, path):
            yield told(
                preview,
                change,
                f"({_spoken(old)}) answers to others than before: {path}",
                Verdict.LOOK,
                [_cached(old)],
                names=False,
            )
            return
    ttl = moved(change, "ttl")
    if ttl and (number_of(ttl[1]) or 0) > (number_of(ttl[0]) or 0):
        longer = f"{shown(ttl[1])} s rather than {shown(ttl[0])} s"
        sentence = f"({_spoken(old)}) is cached for {longer}: a mistake in it lasts as long"
        yield told(preview, change, sentence, Verdict.SAFE, names=False)


def _key(record: State | None) -> tuple[str, ...]:
    """Zone, name and type, by which a name is asked, and which of several answers it is."""
    if record is None:
        return ()
    name, type_, which = (record.raw(path) for path in ("name", "type", "setIdentifier"))
    plain = ["" if one is None or isinstance(one, Hidden) else str(one) for one in (name, type_, which)]
    return (
        identity(record, "zoneId") or identity(record, "zone"),
        plain[0].lower().rstrip("."),
        plain[1].upper(),
        plain[2],
    )


def _spoken(record: State) -> str:
    """`A www.example.com`."""
    name, type_ = record.raw("name"), record.raw("type")
    shown_name = name if isinstance(name, str) else "a name that is not known here"
    return f"{type_} {shown_name}" if isinstance(type_, str) else shown_name


def _cached(record: State) -> str:
    if entries(record.raw("aliases")):
        return f"resolvers keep the old answer for {_ALIAS_TTL} s"
    ttl = number_of(record.raw("ttl"))
    return (
        f"resolvers keep the old answer for up to {ttl:g} s"
        if ttl is not None
        else "how long resolvers keep the old answer is not known here"
    )


def _answer(value: Any) -> str:
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], Mapping):
        return shown(value[0].get("name"))
    return shown(value[0] if isinstance(value, list) and len(value) == 1 else value)


def _aside(record: State) -> str:
    type_, name = str(record.raw("type")).upper(), str(record.raw("name"))
    if type_ == "CNAME" and (name.startswith("_") or "acm-validations" in str(record.raw("records"))):
        return "validation"
    if any("domainValidationOptions" in str(link) for link in record.links):
        return "validation"
    return type_ if type_ in _ASIDE else ""


def _certificate(preview: Preview, change: Change) -> Iterator[Finding]:
    direct = preview.dependents(change.urn)
    through = [user for one in direct if kind(one.type) == _VALIDATION for user in preview.dependents(one.urn)]
    users = list({one.urn: one for one in [*direct, *through] if one.before and not _proves(one)}.values())
    lines = [f"presented by {user.label}" for user in users]
    if deleted(change):
        if any(user.after is not None for user in users):
            sentence = "is deleted while in use until this update: AWS refuses that as long as anything presents it"
            yield told(preview, change, sentence, Verdict.LOOK, lines, names=False)
        return
    if change.op != "replace" or change.before is None or change.after is None:
        if moved(change, "certificateBody") or (change.op == "update" and "certificateBody" in change.reasons):
            yield told(
                preview,
                change,
                "is imported anew: its names and its end are not known here",
                Verdict.LOOK,
                lines,
                names=False,
            )
        return
    if not users:
        yield told(preview, change, "is replaced, and nothing in this stack presents it", Verdict.SAFE, names=False)
        return
    lost = _uncovered(names_of(change.before), names_of(change.after))
    validated = any(kind(one.type) == _VALIDATION for one in direct)
    if lost:
        sentence = (
            f"is replaced by one that does not cover {', '.join(lost)}: who asks for that gets a certificate error"
        )
        yield told(preview, change, sentence, Verdict.DANGEROUS, lines, names=False)
    elif goes_first(change):
        sentence = "is to be deleted before its replacement is there: AWS refuses that while it is in use"
        yield told(preview, change, sentence, Verdict.LOOK, lines, names=False)
    elif change.after.raw("validationMethod") == "EMAIL":
        sentence = "is replaced: the update waits until somebody confirms the new one by mail"
        yield told(preview, change, sentence, Verdict.LOOK, lines, names=False)
    elif not validated:
        sentence = "is replaced, and nothing waits until the new one is issued: AWS refuses to present it before"
        yield told(preview, change, sentence, Verdict.LOOK, lines, names=False)
    else:
        sentence = (
            "is replaced: the old one is presented until the new one is issued, for which its validation must succeed"
        )
        yield told(preview, change, sentence, Verdict.LOOK, lines, names=False)


def _presented(preview: Preview, change: Change) -> Iterator[Finding]:
    """Another certificate on a listener, and names that a distribution no longer takes."""
    old, new = change.before, change.after
    if change.op not in ("update", "replace") or old is None or new is None:
        return
    if kind(change.type) == "cloudfront/distribution":
        taken = [{str(one) for one in entries(side.raw("aliases")) if isinstance(one, str)} for side in (old, new)]
        if lost := sorted(taken[0] - taken[1]):
            sentence = f"no longer takes requests for {', '.join(lost)}: they are refused"
            yield told(preview, change, sentence, Verdict.DANGEROUS, names=False)
        if is_on(old, "enabled") and new.raw("enabled") is False:
            yield told(preview, change, "is switched off: its names answer no more", Verdict.DANGEROUS, names=False)
    if not moved(change, "certificateArn") or new.raw("certificateArn") is None or old.raw("certificateArn") is None:
        return
    sides = [_certificate_of(preview, side) for side in (old, new)]
    if sides[0] is not None and sides[0] is sides[1]:
        return  # the same, replaced: it tells itself
    before = names_of(sides[0].before or sides[0].after) if sides[0] else ()
    after = names_of(sides[1].after) if sides[1] else ()
    lost_names = _uncovered(before, after) if before and after else []
    if lost_names:
        sentence = (
            f"presents a certificate that does not cover {', '.join(lost_names)}: who asks for that gets an error"
        )
        yield told(preview, change, sentence, Verdict.DANGEROUS, names=False)
    elif not before or not after:
        sentence = "presents another certificate: whether it covers the same names is not known here"
        yield told(preview, change, sentence, Verdict.LOOK, names=False)
    else:
        yield told(
            preview, change, "presents another certificate, which covers the same names", Verdict.LOOK, names=False
        )


def _certificate_of(preview: Preview, state: State) -> Change | None:
    for urn in sources_of(state, "certificateArn"):
        one = preview.by_urn.get(urn)
        if one is not None and kind(one.type) == _VALIDATION:
            one = preview.by_urn.get(identity(one.state, "certificateArn"))
        if one is not None and kind(one.type) == _CERTIFICATE:
            return one
    return None


def _names_of(preview: Preview, state: State | None) -> str:
    found = _certificate_of(preview, state) if state else None
    return ", ".join(names_of(found.before or found.after)) if found else "the names of its certificate"


def names_of(certificate: State | None) -> tuple[str, ...]:
    """The names that a certificate is for; none where they can't be read."""
    if certificate is None:
        return ()
    found = [certificate.raw("domainName"), *entries(certificate.raw("subjectAlternativeNames"))]
    return tuple(dict.fromkeys(one.lower() for one in found if isinstance(one, str)))


def _uncovered(old: tuple[str, ...], new: tuple[str, ...]) -> list[str]:
    """Names of one certificate that another does not cover; a wildcard covers one label. Source: RFC 6125, 6.4.3."""
    return [name for name in old if name not in new and f"*.{name.partition('.')[2]}" not in new]


def _proves(change: Change) -> bool:
    """Whether it proves a certificate's names, rather than presents it."""
    return kind(change.type) in (_VALIDATION, *RECORDS)
