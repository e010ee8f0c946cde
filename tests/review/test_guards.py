"""Guards that go: of types and in shapes that the engine's previews here do not have."""

from dataclasses import replace

import pytest

from infra.policy.resources import SECRET, UNKNOWN
from infra.review import guardians, guards
from infra.review.finding import Verdict
from infra.review.preview import Preview
from tests.review import hand_built

LOOK, DANGEROUS = Verdict.LOOK, Verdict.DANGEROUS
RDS, TABLE, KEY = "aws:rds/instance:Instance", "aws:dynamodb/table:Table", "aws:kms/key:Key"
BUCKET, VERSIONING = "aws:s3/bucketV2:BucketV2", "aws:s3/bucketVersioningV2:BucketVersioningV2"


def state(type_, props=None, name="it", **more):
    return hand_built.state(type_, name, props or {}, **more)


def told(*changes):
    return [one for part in (guards, guardians) for one in part.find(Preview("test", changes))]


def updated(type_, before, after, reasons=()):
    return replace(hand_built.change(state(type_, before), state(type_, after), "update"), reasons=reasons)


PLAN = "aws:backup/plan:Plan"


def plan(**rules):
    return {
        "rules": [
            {"ruleName": name, **({"lifecycle": {"deleteAfter": days}} if days else {})} for name, days in rules.items()
        ]
    }


@pytest.mark.parametrize(
    ("type_", "before", "after", "verdict"),
    [
        (RDS, {"deletionProtection": True}, {"deletionProtection": False}, LOOK),
        (RDS, {"deletionProtection": True}, {}, LOOK),
        (RDS, {"deletionProtection": True}, {"deletionProtection": UNKNOWN}, LOOK),
        (RDS, {"deletionProtection": SECRET}, {"deletionProtection": False}, LOOK),
        (RDS, {"deletionProtection": "true"}, {"deletionProtection": True}, None),
        (RDS, {"deletionProtection": False}, {"deletionProtection": True}, None),
        (TABLE, {"deletionProtectionEnabled": True}, {"deletionProtectionEnabled": False}, LOOK),
        (TABLE, {"pointInTimeRecovery": {"enabled": True}}, {"pointInTimeRecovery": {"enabled": False}}, DANGEROUS),
        (TABLE, {"pointInTimeRecovery": {"enabled": True}}, {}, None),  # the provider leaves it as it is
        ("aws:cognito/userPool:UserPool", {"deletionProtection": "ACTIVE"}, {"deletionProtection": "INACTIVE"}, LOOK),
        ("aws:lb/loadBalancer:LoadBalancer", {"enableDeletionProtection": True}, {}, LOOK),
        (RDS, {}, {"skipFinalSnapshot": True}, LOOK),
        (RDS, {"skipFinalSnapshot": True}, {}, None),
        (RDS, {"deleteAutomatedBackups": False}, {}, LOOK),
        (RDS, {"backupRetentionPeriod": 7}, {"backupRetentionPeriod": 0}, DANGEROUS),
        (RDS, {"backupRetentionPeriod": "7"}, {"backupRetentionPeriod": "3"}, LOOK),
        (RDS, {"backupRetentionPeriod": 7}, {"backupRetentionPeriod": UNKNOWN}, LOOK),
        (RDS, {"backupRetentionPeriod": 7}, {}, None),
        (RDS, {"backupRetentionPeriod": 0}, {"backupRetentionPeriod": 7}, None),
        (RDS, {"storageEncrypted": True}, {"storageEncrypted": False}, LOOK),
        (KEY, {"enableKeyRotation": True}, {}, LOOK),
        (KEY, {}, {"deletionWindowInDays": 7}, LOOK),
        (BUCKET, {}, {"forceDestroy": True}, LOOK),
        (BUCKET, {"versioning": {"enabled": True}}, {"versioning": {"enabled": False}}, LOOK),
        (BUCKET, {"versioning": "?"}, {"versioning": ["?"]}, None),
        ("aws:cloudwatch/logGroup:LogGroup", {"skipDestroy": True}, {}, LOOK),
        ("aws:sqs/queue:Queue", {"redrivePolicy": "{}"}, {}, LOOK),
        ("aws:sqs/queue:Queue", {"redrivePolicy": "{}"}, {"redrivePolicy": UNKNOWN}, None),
        (PLAN, plan(daily=35), plan(daily=7), LOOK),
        (PLAN, plan(daily=None), plan(daily=7), LOOK),
        (PLAN, plan(daily=7, weekly=90), plan(weekly=90), LOOK),
        (PLAN, plan(daily=7), plan(daily=None, weekly=7), None),
    ],
)
def test_a_guard_that_goes_is_told(type_, before, after, verdict):
    assert [one.verdict for one in told(updated(type_, before, after))] == ([verdict] if verdict else [])


def test_what_the_provider_sees_no_difference_in_is_none():
    assert told(updated(RDS, {"deletionProtection": True}, {}, reasons=("tags",))) == []


def test_protect_is_taken_away_though_nothing_else_changes():
    sides = state(RDS, protect=True), state(RDS)
    (one,) = told(hand_built.change(*sides, "same"))
    assert (one.verdict, one.details) == (LOOK, ("it holds the database's rows",))
    assert told(hand_built.change(*reversed(sides), "same")) == []


def test_of_many_it_is_said_once():
    sides = [(state(RDS, name=f"d{at}", retain=True), state(RDS, name=f"d{at}")) for at in range(3)]
    (one,) = told(*(hand_built.change(*pair, "same") for pair in sides))
    assert one.title.startswith("3 resources lose retainOnDelete: a change that leaves them out")
    assert len(one.details) == 3


def test_a_guard_that_goes_with_what_it_guarded_is_none():
    bucket = state(BUCKET, name="bucket")
    versioning = state(VERSIONING, links={"bucket": (bucket.urn,)})
    gone = hand_built.change(versioning, None)
    assert len(told(gone, hand_built.change(bucket, bucket))) == 1
    assert told(gone, hand_built.change(bucket, None)) == []
