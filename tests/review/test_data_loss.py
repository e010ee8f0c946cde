"""What a change loses, of types and in shapes that the engine's previews here do not have."""

import re
from dataclasses import replace
from pathlib import Path

import pulumi_aws
import pytest

from infra.policy.resources import SECRET, UNKNOWN
from infra.review import data_loss, engines, expirations, retention
from infra.review.finding import Verdict
from infra.review.preview import Preview
from infra.review.stateful import Kind, all_types, store_of
from tests.review import hand_built

LOOK, DANGEROUS = Verdict.LOOK, Verdict.DANGEROUS
RDS, CLUSTER = "aws:rds/instance:Instance", "aws:rds/cluster:Cluster"
TABLE = "aws:dynamodb/table:Table"
QUEUE, TOPIC = "aws:sqs/queue:Queue", "aws:sns/topic:Topic"


def state(type_, props=None, *, name="it", links=None, **more):
    props = props or {}
    return hand_built.state(type_, name, props, links, declared=frozenset(props), **more)


def deleted(type_, props=None, **more):
    return hand_built.change(state(type_, props, **more), None)


def replaced(type_, before=None, after=None, *, reasons=("name",), first=None, **more):
    change = hand_built.change(
        state(type_, before, **more), state(type_, before if after is None else after), "replace"
    )
    return replace(change, replace_reasons=reasons, reasons=reasons, deleted_first=first)


def updated(type_, before, after, *, reasons=(), **more):
    return replace(
        hand_built.change(state(type_, before, **more), state(type_, after, **more), "update"), reasons=reasons
    )


def found(*changes, find=data_loss.find):
    return list(find(Preview("test", changes)))


def the_one(*changes, find=data_loss.find):
    (one,) = found(*changes, find=find)
    return one


def test_each_type_of_awss_is_one_of_the_sdks():
    listed = set(re.findall(r'"(aws:[\w/]+:\w+)"', Path(pulumi_aws.__file__).read_text(encoding="utf-8")))
    assert {type_ for type_ in all_types() if type_.startswith("aws:")} <= listed


@pytest.mark.parametrize("type_", sorted(all_types()))
def test_of_each_type_a_deletion_and_a_replacement_are_told(type_):
    assert the_one(deleted(type_)).verdict >= LOOK
    if store_of(state(type_)).kind is Kind.RELEASE:
        assert found(replaced(type_)) == []
    else:
        assert the_one(replaced(type_)).verdict >= LOOK
    assert the_one(deleted(type_, retain=True)).verdict is LOOK


@pytest.mark.parametrize(
    ("type_", "props", "verdict", "irreversible", "said"),
    [
        (CLUSTER, {"skipFinalSnapshot": True}, DANGEROUS, True, "and the database's rows with it"),
        (CLUSTER, {"finalSnapshotIdentifier": "x"}, DANGEROUS, False, "but for a copy: a last snapshot is made: x"),
        (CLUSTER, {}, DANGEROUS, False, "the provider refuses, as there is neither finalSnapshotIdentifier nor"),
        (CLUSTER, {"skipFinalSnapshot": SECRET}, DANGEROUS, True, "and the database's rows with it"),
        (RDS, {"skipFinalSnapshot": True, "replicateSourceDb": "a"}, LOOK, False, "a replica; the rows are at its"),
        (
            RDS,
            {"skipFinalSnapshot": True, "deleteAutomatedBackups": False, "backupRetentionPeriod": 7},
            DANGEROUS,
            False,
            "but for a copy: automated backups stay for 7 days",
        ),
        (TABLE, {}, DANGEROUS, True, "and the table's items with it"),
        (TABLE, {"deletionProtectionEnabled": True}, DANGEROUS, False, "AWS refuses, as deletionProtectionEnabled is"),
        (TABLE, {"pointInTimeRecovery": {"enabled": True}}, DANGEROUS, False, "keeps a system backup for 35 days"),
        ("aws:cognito/userPool:UserPool", {"deletionProtection": "ACTIVE"}, DANGEROUS, False, "AWS refuses"),
        ("aws:cognito/userPool:UserPool", {"deletionProtection": "INACTIVE"}, DANGEROUS, True, "users and their pass"),
        ("aws:efs/fileSystem:FileSystem", {}, DANGEROUS, True, "the file system's files with it"),
        ("aws:ebs/volume:Volume", {}, DANGEROUS, True, "the volume's content with it"),
        ("aws:ebs/volume:Volume", {"finalSnapshot": True}, DANGEROUS, False, "but for a copy"),
        ("aws:fsx/windowsFileSystem:WindowsFileSystem", {}, DANGEROUS, False, "but for a copy: a last backup is made"),
        ("aws:fsx/windowsFileSystem:WindowsFileSystem", {"skipFinalBackup": True}, DANGEROUS, True, "files with it"),
        ("aws:acmpca/certificateAuthority:CertificateAuthority", {}, DANGEROUS, True, "gone for good after 30 days"),
        ("aws:kinesis/stream:Stream", {}, DANGEROUS, True, "the stream's records"),
        ("aws:backup/vault:Vault", {}, LOOK, False, "deleted if it is empty"),
        ("aws:elasticache/cluster:Cluster", {"engine": "memcached"}, LOOK, False, "what is in the cache"),
        ("aws:elasticache/replicationGroup:ReplicationGroup", {}, DANGEROUS, True, "sessions, counters and jobs"),
        ("aws:elasticache/cluster:Cluster", {"finalSnapshotIdentifier": "x"}, DANGEROUS, False, "a last snapshot"),
        ("aws:kms/key:Key", {"deletionWindowInDays": 7}, DANGEROUS, True, "gone for good after 7 days"),
        ("aws:kms/alias:Alias", {}, LOOK, False, "the key's name"),
        ("aws:ssm/parameter:Parameter", {"type": "SecureString"}, LOOK, False, "its value with it"),
        ("aws:secretsmanager/secret:Secret", {}, LOOK, False, "gone for good after 30 days"),
        ("aws:secretsmanager/secret:Secret", {"recoveryWindowInDays": 0}, DANGEROUS, True, "the secret's value"),
        ("aws:ec2/eip:Eip", {}, DANGEROUS, True, "its public address"),
        ("aws:route53/zone:Zone", {}, DANGEROUS, True, "name servers with it"),
        ("aws:rds/clusterInstance:ClusterInstance", {}, LOOK, False, "the rows are the cluster's"),
        ("random:index/randomPassword:RandomPassword", {}, LOOK, False, "the password with it"),
        ("tls:index/privateKey:PrivateKey", {}, LOOK, False, "the private key with it"),
        ("gcp:sql/databaseInstance:DatabaseInstance", {}, DANGEROUS, False, "as deletionProtection is on"),
        ("gcp:sql/databaseInstance:DatabaseInstance", {"deletionProtection": False}, DANGEROUS, True, "rows with it"),
        ("aws:lb/loadBalancer:LoadBalancer", {"enableDeletionProtection": True}, LOOK, False, "AWS refuses"),
    ],
)
def test_a_deletion_is_weighed_by_what_stands_in_its_way(type_, props, verdict, irreversible, said):
    one = the_one(deleted(type_, props))
    assert (one.verdict, one.irreversible) == (verdict, irreversible), one.title
    assert said in one.title


@pytest.mark.parametrize(("after", "refused"), [(None, True), ({"protect": True}, True), ({"protect": False}, False)])
def test_pulumi_refuses_by_the_old_state_and_allows_to_unprotect_and_replace(after, refused):
    """As the engine's deploy/step_generator.go says."""
    before = state(QUEUE, protect=True)
    one = the_one(hand_built.change(before, after and state(QUEUE, **after), "replace" if after else "delete"))
    assert ("Pulumi refuses, as it is protected" in one.title, one.irreversible) == (refused, not refused)


def test_what_the_provider_skips_to_destroy_stays():
    one = the_one(deleted("aws:cloudwatch/logGroup:LogGroup", {"skipDestroy": True}))
    assert (one.verdict, "stays in the cloud" in one.title) == (LOOK, True)


def test_a_guard_is_also_what_the_provider_said_of_it():
    assert (
        the_one(deleted(RDS, {"skipFinalSnapshot": True}, outputs={"deletionProtection": True})).irreversible is False
    )


def test_what_holds_nothing_or_is_of_others_is_no_loss():
    assert found(deleted("aws:iam/role:Role"), deleted(RDS, external=True)) == []


def test_what_is_only_forgotten_stays_in_the_cloud():
    one = the_one(hand_built.change(state(RDS, protect=True), None, "forget"))
    assert (one.verdict, one.irreversible) == (LOOK, False)
    assert "it stays in the cloud with the database's rows" in one.title


def test_what_an_update_left_behind_is_deleted_now():
    one = the_one(replace(deleted(RDS, {"skipFinalSnapshot": True}, protect=True), pending=True))
    assert one.verdict is DANGEROUS
    assert one.title.endswith("(the rest of an update that broke off)")


@pytest.mark.parametrize(
    ("first", "name", "said"),
    [
        (True, "jobs", "in between there is none"),
        (
            False,
            "jobs",
            "both are called jobs, and the new one comes first: AWS refuses the new one, and the update fails",
        ),
        (False, "", "nothing is copied from one to the other"),
    ],
)
def test_the_order_of_a_replacement_is_told(first, name, said):
    one = the_one(replaced(QUEUE, {"name": name} if name else {}, reasons=("fifoQueue",), first=first))
    assert any(said in line for line in one.details)


@pytest.mark.parametrize(("type_", "more"), [(QUEUE, {"retain": True}), ("aws:secretsmanager/secret:Secret", {})])
def test_a_name_that_the_old_one_keeps_is_not_free(type_, more):
    one = the_one(replaced(type_, {"name": "jobs"}, reasons=("region",), first=True, **more))
    assert any("both are called jobs, and the old one keeps its name" in line for line in one.details)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (deleted(QUEUE), "what was sent and not yet received is lost"),
        (deleted("aws:s3/bucket:Bucket"), "forceDestroy is off"),
        (deleted(RDS, {"skipFinalSnapshot": SECRET}), "whether a last snapshot is made can't be read"),
        (deleted("aws:kms/key:Key", id="1234"), "to have it back: aws kms cancel-key-deletion --key-id 1234"),
        (
            replace(replaced(QUEUE), after=state(QUEUE, retain=True)),
            "retainOnDelete is new with this change: it does not count for the old one",
        ),
    ],
)
def test_what_else_there_is_to_know_stands_below(change, line):
    assert any(told.startswith(line) for told in the_one(change).details)
    kept = replace(change, before=replace(change.before, retain=True))
    assert not any(told.startswith(line) for told in the_one(kept).details)


def test_a_new_one_may_come_from_a_copy():
    one = the_one(replaced(RDS, {"skipFinalSnapshot": True}, {"snapshotIdentifier": "before"}))
    assert "a new, restored one takes its place" in one.title
    assert one.verdict is DANGEROUS


def test_what_forces_a_replacement_is_named():
    assert "is replaced for name, fifoQueue: " in the_one(replaced(QUEUE, reasons=("name", "fifoQueue"))).title
    assert "is replaced: " in the_one(replaced(QUEUE, reasons=())).title


def test_who_uses_what_goes_is_named():
    users = [
        hand_built.change(
            *[state("aws:lambda/function:Function", {}, name=f"f{at}", links={"x": (state(QUEUE).urn,)})] * 2
        )
        for at in range(8)
    ]
    one = the_one(replaced(QUEUE), *users)
    assert one.details[-1] == "used by " + ", ".join(f"lambda/Function f{at}" for at in range(6)) + ", and 2 more"


def test_many_small_losses_are_one_finding():
    many = [deleted("aws:s3/bucketObject:BucketObject", name=f"page-{at}") for at in range(5)]
    one = the_one(*many)
    assert (one.title, len(one.details)) == ("5 s3/BucketObjects: each is deleted, and the object with it", 5)
    assert len(found(*many[:3])) == 3


@pytest.mark.parametrize(
    "type_", ["aws:sqs/queue:Queue", "aws:cloudwatch/logGroup:LogGroup", "aws:ecr/repository:Repository"]
)
def test_a_new_one_works_as_well_where_the_old_one_stays(type_):
    assert the_one(replaced(type_, retain=True)).verdict is LOOK
    assert the_one(replaced(RDS, retain=True)).verdict is DANGEROUS


def test_the_program_does_not_have_the_value_of_a_secret_that_is_rotated():
    secret = "aws:secretsmanager/secret:Secret"
    linked = {"secretId": (state(secret).urn,)}
    version, rotation = (
        hand_built.change(*[state(type_, name="its", links=linked)] * 2, "replace")
        for type_ in (
            "aws:secretsmanager/secretVersion:SecretVersion",
            "aws:secretsmanager/secretRotation:SecretRotation",
        )
    )
    assert the_one(replaced(secret), version).verdict is LOOK
    assert the_one(replaced(secret), version, rotation).verdict is DANGEROUS
    assert the_one(replaced(secret)).verdict is DANGEROUS


# In place


@pytest.mark.parametrize(
    ("type_", "path", "before", "after", "verdict"),
    [
        ("aws:cloudwatch/logGroup:LogGroup", "retentionInDays", None, 30, DANGEROUS),
        ("aws:cloudwatch/logGroup:LogGroup", "retentionInDays", 0, 30, DANGEROUS),
        ("aws:cloudwatch/logGroup:LogGroup", "retentionInDays", "30", "7", DANGEROUS),
        ("aws:cloudwatch/logGroup:LogGroup", "retentionInDays", 30, UNKNOWN, LOOK),
        ("aws:cloudwatch/logGroup:LogGroup", "retentionInDays", 30, None, None),
        ("aws:kinesis/stream:Stream", "retentionPeriod", 168, None, DANGEROUS),
        ("aws:kinesis/stream:Stream", "retentionPeriod", 24, 48, None),
        (QUEUE, "messageRetentionSeconds", None, 60, LOOK),
        (QUEUE, "messageRetentionSeconds", 60, None, None),
        ("aws:kms/key:Key", "isEnabled", None, False, DANGEROUS),
        ("aws:kms/key:Key", "isEnabled", None, UNKNOWN, DANGEROUS),
        ("aws:kms/key:Key", "isEnabled", False, True, None),
        (TABLE, "ttl", None, {"enabled": True, "attributeName": "until"}, LOOK),
        (TABLE, "ttl", {"enabled": True, "attributeName": "until"}, None, None),
        (TABLE, "globalSecondaryIndexes", [{"name": "by-day"}], None, LOOK),
        (TABLE, "globalSecondaryIndexes", [{"name": "by-day"}], [{"name": "by-day"}, {"name": "by-week"}], None),
        ("aws:ebs/volume:Volume", "size", 100, 50, LOOK),
        ("aws:ebs/volume:Volume", "size", 50, 100, None),
        (TABLE, "globalSecondaryIndexes", [{"name": "by-day"}], UNKNOWN, None),
        ("aws:lambda/function:Function", "ttl", None, {"enabled": True}, None),
        ("aws:lambda/function:Function", "isEnabled", True, False, None),
        ("aws:lambda/function:Function", "globalSecondaryIndexes", [{"name": "by-day"}], None, None),
        ("aws:kms/key:Key", "isEnabled", False, False, None),
    ],
)
def test_what_is_lost_though_its_resource_stays(type_, path, before, after, verdict):
    sides = ({path: value} if value is not None else {} for value in (before, after))
    assert [one.verdict for one in found(updated(type_, *sides), find=retention.find)] == ([verdict] if verdict else [])


LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"


def rule(days=None, **more):
    return {"id": "old", "status": "Enabled", "expiration": {"days": days}, **more}


@pytest.mark.parametrize(
    ("before", "after", "verdicts"),
    [
        (rule(90), rule(30), [DANGEROUS]),
        (rule(30), rule(90), []),
        (rule(90), rule(30, filter={"prefix": ""}), [DANGEROUS]),
        (rule(90), rule(30, filter={"and": [{"tags": {"kind": "draft"}}]}), [LOOK]),
        (rule(30, status="Disabled"), rule(30), [DANGEROUS]),
        (rule(30, filter={"prefix": "tmp/"}), rule(30), [DANGEROUS]),
        (rule(30), rule(30, filter={"prefix": "tmp/"}), []),
        (rule(30), {**rule(30), "noncurrentVersionExpiration": {"noncurrentDays": 1}}, [LOOK]),
        (rule(90), {**rule(), "expiration": {"date": "2027-01-01T00:00:00Z"}}, [DANGEROUS]),
        (rule(30), {"id": "old", "status": "Enabled", "expiration": UNKNOWN}, []),
        (rule(30), "no rule at all", []),
    ],
)
def test_what_a_rule_of_a_bucket_deletes(before, after, verdicts):
    change = updated(LIFECYCLE, {"rules": [before]}, {"rules": [after]})
    assert [one.verdict for one in found(change, find=expirations.find)] == verdicts
    inline = [
        {
            "lifecycleRules": [{**one, "enabled": one["status"] == "Enabled", "status": None}]
            if isinstance(one, dict)
            else one
        }
        for one in (before, after)
    ]
    change = updated("aws:s3/bucketV2:BucketV2", *inline)
    if "filter" not in f"{before}{after}":
        assert [one.verdict for one in found(change, find=expirations.find)] == verdicts


@pytest.mark.parametrize("policy", ["{", "[", '{"rules": 7}', '{"rules": [7]}', 7, UNKNOWN, "[" * 100_000])
def test_a_lifecycle_policy_that_is_none_is_said_to_differ(policy):
    change = updated("aws:ecr/lifecyclePolicy:LifecyclePolicy", {"policy": "{}"}, {"policy": policy})
    assert the_one(change, find=expirations.find).verdict is LOOK


@pytest.mark.parametrize(
    ("type_", "engine", "before", "after", "verdict"),
    [
        (RDS, "postgres", "16.4", "17", DANGEROUS),
        (RDS, "postgres", "16", "16.4", None),
        (RDS, "postgres", "16.4", "16", None),
        (RDS, "postgres", "16.4", "16.2", LOOK),
        (RDS, "postgres", "9.5.2", "9.6.1", DANGEROUS),
        (RDS, "postgres", "17", "16", LOOK),
        (RDS, "postgres", "16", UNKNOWN, LOOK),
        (RDS, "postgres", "16", None, None),
        (RDS, "mysql", "8.0.39", "8.4.3", DANGEROUS),
        (RDS, "mysql", "8.0.35", "8.0.39", None),
        (CLUSTER, "aurora-mysql", "5.7.mysql_aurora.2.11.4", "8.0.mysql_aurora.3.05.2", DANGEROUS),
        (CLUSTER, "aurora-mysql", "8.0.mysql_aurora.3.04.0", "8.0.mysql_aurora.3.05.2", None),
        (CLUSTER, "aurora-postgresql", "15.4", "16.1", DANGEROUS),
        ("aws:opensearch/domain:Domain", None, "OpenSearch_1.3", "OpenSearch_2.11", DANGEROUS),
        ("aws:opensearch/domain:Domain", None, "Elasticsearch_7.10", "OpenSearch_1.3", DANGEROUS),
        ("aws:opensearch/domain:Domain", None, "OpenSearch_2.9", "OpenSearch_2.11", None),
        ("aws:neptune/cluster:Cluster", None, "1.2.1.0", "1.3.0.0", DANGEROUS),
        ("aws:elasticache/replicationGroup:ReplicationGroup", "valkey", "7.2", "8.0", LOOK),
        (RDS, "postgres", ["?"], "17", None),
    ],
)
def test_a_major_version_is_not_taken_back(type_, engine, before, after, verdict):
    sides = ({"engine": engine, **({"engineVersion": value} if value else {})} for value in (before, after))
    told = found(updated(type_, *sides), find=engines.find)
    assert [one.verdict for one in told] == ([verdict] if verdict else [])


def test_a_major_version_that_aws_refuses_or_that_waits_is_said_to():
    before, after = {"engine": "mysql", "engineVersion": "8.0"}, {"engine": "mysql", "engineVersion": "8.4"}
    lines = the_one(updated(RDS, before, after), find=engines.find).details
    assert any("allowMajorVersionUpgrade is not on" in line for line in lines)
    assert any("in the next maintenance window" in line for line in lines)
    allowed = {**after, "allowMajorVersionUpgrade": True, "applyImmediately": True}
    lines = the_one(updated(RDS, before, allowed), find=engines.find).details
    assert not any("allowMajor" in line or "window" in line for line in lines)


def test_the_version_that_runs_is_the_one_that_counts_where_none_was_given():
    change = updated(
        RDS, {"engine": "postgres"}, {"engine": "postgres", "engineVersion": "17"}, outputs={"engineVersion": "16.4"}
    )
    assert "goes from 16.4 to 17" in the_one(change, find=engines.find).title


def runner(op="same"):
    one = state("aws:ecs/taskDefinition:TaskDefinition", name="api", links={"containerDefinitions": (state(RDS).urn,)})
    return hand_built.change(one, one, op)


def test_a_password_that_nobody_hands_on_locks_out_who_runs():
    rotated = updated(RDS, {"password": SECRET}, {"password": SECRET}, reasons=("password",))
    one = the_one(rotated, runner(), find=engines.find)
    assert (one.verdict, one.title.endswith("hands the new one to ecs/TaskDefinition api")) == (DANGEROUS, True)
    assert the_one(rotated, runner("update"), find=engines.find).verdict is LOOK
    version = hand_built.change(*[state("aws:secretsmanager/secretVersion:SecretVersion", name="v")] * 2, "replace")
    assert the_one(rotated, runner(), version, find=engines.find).verdict is LOOK
    assert found(updated(RDS, {"password": SECRET}, {"password": SECRET}, reasons=("tags",)), find=engines.find) == []


def test_a_secret_has_another_value_where_its_version_is_replaced_for_it():
    version = "aws:secretsmanager/secretVersion:SecretVersion"
    assert the_one(replaced(version, reasons=("secretString",)), find=engines.find).verdict is LOOK
    assert found(replaced(version, reasons=("secretId", "secretString")), find=engines.find) == []


def test_how_long_it_was_is_said():
    group = "aws:cloudwatch/logGroup:LogGroup"
    title = the_one(updated(group, {}, {"retentionInDays": 7}), find=retention.find).title
    assert "for 7 days instead of for ever: older ones are deleted for good" in title


def test_a_replica_that_is_promoted_is_none_again():
    one = the_one(updated(RDS, {"replicateSourceDb": "a"}, {}), find=engines.find)
    assert (one.verdict, one.irreversible) == (DANGEROUS, True)
    assert found(updated(RDS, {"replicateSourceDb": "a"}, {"replicateSourceDb": "b"}), find=engines.find) == []


def test_a_token_of_a_cache_is_taken_beside_the_old_one():
    cache = "aws:elasticache/replicationGroup:ReplicationGroup"
    change = updated(cache, {"authToken": SECRET}, {"authToken": SECRET}, reasons=("authToken",))
    assert "beside the old one" in the_one(change, runner(), find=engines.find).title
