"""The policies' findings before and after, and those of an event stream."""

import json
from datetime import date

import pytest

from infra.policy.resources import Stack
from infra.review.finding import Section, Verdict
from infra.review.policies import delta, of_events
from tests.review.pairs.databases import database
from tests.review.previewed import previewed

TODAY = date(2026, 11, 24)


def titles(before, after):
    return [finding.title for finding in delta(before, after, TODAY) if finding.section is Section.POLICY]


def test_new_mended_and_unchanged_findings_are_told_apart():
    preview = previewed(database(), database(publicly_accessible=True))
    worse = titles(preview.before, preview.after)
    assert [title for title in worse if title.startswith("new: rds-not-public on database")]
    assert [title for title in worse if title.endswith("as before")]
    better = titles(preview.after, preview.before)
    assert "1 finding mended" in better
    assert not [title for title in better if title.startswith("new")]


def test_nothing_is_new_where_nothing_changes():
    preview = previewed(database(), database())
    assert all("as before" in title for title in titles(preview.before, preview.after))
    nothing = Stack("test", ())
    assert titles(nothing, nothing) == []


def test_an_event_stream_tells_what_a_policy_pack_said():
    urn = "urn:pulumi:test::backlog::aws:sqs/queue:Queue::jobs"
    event = {
        "policyPackName": "backlog",
        "policyName": "sqs-encrypted",
        "enforcementLevel": "mandatory",
        "message": "is not encrypted\nmend it",
        "resourceUrn": urn,
    }
    stream = "\n".join(json.dumps(line) for line in ({"sequence": 1}, {"sequence": 2, "policyEvent": event}))
    (found,) = of_events(stream)
    assert (found.title, found.verdict) == ("backlog sqs-encrypted on jobs: is not encrypted", Verdict.LOOK)
    assert found.details == ("stops the deployment", "mend it")


def test_a_broken_event_stream_is_refused_with_its_line():
    with pytest.raises(ValueError, match="line 2 of the event stream"):
        list(of_events('{"sequence": 1}\n{"sequence": '))
