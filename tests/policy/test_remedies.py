"""What the pack mends by itself: only where a stack wants it, and nothing that replaces a resource."""

from datetime import date

import pytest

from infra.policy.evaluate import judge
from infra.policy.levels import MENDED
from infra.policy.remedies import REMEDIES
from infra.policy.resources import Resource, Stack
from local.provider.diff import fact

TODAY = date(2026, 1, 1)
each = pytest.mark.parametrize("remedy", REMEDIES, ids=lambda remedy: remedy.rule.id)


def broken(type_: str) -> Resource:
    """One that every rule with a remedy finds something wrong with."""
    props = {"protocol": "HTTPS", "desyncMitigationMode": "monitor", "autoMinorVersionUpgrade": False}
    return Resource(type=type_, urn=f"urn:pulumi:dev::backlog::{type_}::any", props=props, default_tags={})


@each
def test_a_rule_is_content_with_what_its_remedy_made(remedy):
    for type_ in remedy.rule.types:
        before = broken(type_)
        changes = remedy.mended(before, "dev", TODAY)
        after = Resource(type=type_, urn=before.urn, props={**before.props, **changes}, default_tags={})
        assert changes
        assert {at.outcome for at in judge(remedy.rule, after, Stack("dev", [after]), TODAY)} == {"pass"}
        assert remedy.mended(after, "dev", TODAY) == {}


@each
def test_a_remedy_replaces_nothing(remedy):
    for type_ in remedy.rule.types:
        replacing = {path.split(".")[0].removesuffix("[*]") for path in fact("replace-on-change").get(type_, ())}
        assert not replacing & remedy.mended(broken(type_), "dev", TODAY).keys()


def test_nothing_is_mended_by_default():
    assert dict(MENDED) == {}
