"""Changes of what holds data: deleted, replaced, let go, kept for less long, upgraded."""

import json

import pulumi
import pulumi_aws as aws

from infra.review.finding import Verdict
from tests.review.pairs import Pair, Program


def nothing() -> None:
    """The resource is left out of the program."""


def database(*, protect: bool = False, retain: bool = False, word: str = "one", **arguments: object) -> Program:
    def program() -> None:
        given = {
            "engine": "postgres",
            "engine_version": "16.4",
            "instance_class": "db.t4g.micro",
            "allocated_storage": 20,
            "username": "backlog",
            "password": pulumi.Output.secret(word),
            "storage_encrypted": True,
            "backup_retention_period": 7,
            "final_snapshot_identifier": "the-last",
            **arguments,
        }
        aws.rds.Instance("database", **given, opts=pulumi.ResourceOptions(protect=protect, retain_on_delete=retain))

    return program


UNGUARDED = {"skip_final_snapshot": True, "final_snapshot_identifier": None}


def queue(*, name: str | None = None, keeps: int = 345_600) -> Program:
    def program() -> None:
        aws.sqs.Queue("jobs", name=name, message_retention_seconds=keeps)

    return program


def topic(name: str) -> Program:
    def program() -> None:
        made = aws.sns.Topic("events", name=name)
        aws.sns.TopicSubscription("people", topic=made.arn, protocol="email", endpoint="people@example.org")

    return program


def logs(*, name: str = "/backlog/api", days: int = 30, retain: bool = False) -> Program:
    def program() -> None:
        opts = pulumi.ResourceOptions(retain_on_delete=retain)
        aws.cloudwatch.LogGroup("api", name=name, retention_in_days=days, opts=opts)

    return program


def repository(*, force: bool = False, name: str = "worker", keeps: int = 0) -> Program:
    def program() -> None:
        made = aws.ecr.Repository("worker", name=name, force_delete=force, image_tag_mutability="IMMUTABLE")
        if keeps:
            selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": keeps}
            rule = {"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}
            aws.ecr.LifecyclePolicy("worker", repository=made.name, policy=json.dumps({"rules": [rule]}))

    return program


def bucket(*, force: bool = False, name: str = "backlog-exports", expires: int = 0, prefix: str = "") -> Program:
    def program() -> None:
        made = aws.s3.Bucket("exports", bucket=name, force_destroy=force)
        aws.s3.BucketPublicAccessBlock(
            "exports",
            bucket=made.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
        )
        if expires:
            rule = {"id": "old", "status": "Enabled", "expiration": {"days": expires}, "filter": {"prefix": prefix}}
            aws.s3.BucketLifecycleConfiguration("exports", bucket=made.id, rules=[rule])

    return program


def key(*, enabled: bool = True) -> Program:
    def program() -> None:
        aws.kms.Key("key", description="of everything", enable_key_rotation=True, is_enabled=enabled)

    return program


def secret(*, name: str = "backlog/token", window: int | None = None, value: str | None = "one") -> Program:
    def program() -> None:
        made = aws.secretsmanager.Secret("token", name=name, recovery_window_in_days=window)
        if value:
            aws.secretsmanager.SecretVersion("token", secret_id=made.id, secret_string=pulumi.Output.secret(value))

    return program


def address(*, domain: str = "vpc") -> Program:
    def program() -> None:
        aws.ec2.Eip("nat", domain="vpc", network_border_group=domain)

    return program


def cache(**arguments: object) -> Program:
    def program() -> None:
        given = {
            "description": "sessions",
            "engine": "valkey",
            "node_type": "cache.t4g.micro",
            "at_rest_encryption_enabled": True,
            "transit_encryption_enabled": True,
            **arguments,
        }
        aws.elasticache.ReplicationGroup("sessions", **given)

    return program


PAIRS = [
    Pair(
        "another engine replaces a database",
        database(**UNGUARDED),
        database(**UNGUARDED, engine="mysql", engine_version="8.4"),
        Verdict.DANGEROUS,
        says=("replaced for engine: a new, empty one takes its place, and the old one goes with the database's rows",),
    ),
    Pair(
        "a database is replaced, and its protection from deletion comes off too late",
        database(deletion_protection=True),
        database(deletion_protection=False, engine="mysql", engine_version="8.4"),
        Verdict.DANGEROUS,
        says=("deletionProtection is on; that the new one is without comes too late for the old one",),
    ),
    Pair(
        "a protected database is replaced",
        database(protect=True),
        database(protect=True, engine="mysql", engine_version="8.4"),
        Verdict.DANGEROUS,
        says=("Pulumi refuses, as it is protected, and the update fails",),
    ),
    Pair(
        "a database is unprotected and replaced at once",
        database(protect=True, **UNGUARDED),
        database(engine="mysql", engine_version="8.4", **UNGUARDED),
        Verdict.DANGEROUS,
        says=("the old one goes with the database's rows",),
        never_says=("Pulumi refuses",),
    ),
    Pair(
        "a database is deleted",
        database(**UNGUARDED),
        nothing,
        Verdict.DANGEROUS,
        says=("rds/Instance database is deleted, and the database's rows with it",),
        never_says=("but for a copy",),
    ),
    Pair(
        "a database is deleted after a last snapshot",
        database(),
        nothing,
        Verdict.DANGEROUS,
        says=("is deleted, and the database's rows with it, but for a copy: a last snapshot is made: the-last",),
    ),
    Pair(
        "a protected database is deleted",
        database(protect=True),
        nothing,
        Verdict.DANGEROUS,
        says=("Pulumi refuses, as it is protected, and the update fails",),
    ),
    Pair(
        "a database is let go",
        database(retain=True),
        nothing,
        Verdict.LOOK,
        says=("is let go: it stays in the cloud with the database's rows",),
    ),
    Pair(
        "a database grows",
        database(),
        database(allocated_storage=50),
        Verdict.SAFE,
        never_says=("shrink",),
    ),
    Pair(
        "a database is to shrink",
        database(),
        database(allocated_storage=10),
        Verdict.LOOK,
        says=("is to shrink from 20 to 10 GiB",),
    ),
    Pair(
        "a major version of a database",
        database(),
        database(engine_version="17.2", allow_major_version_upgrade=True),
        Verdict.DANGEROUS,
        says=("goes from 16.4 to 17.2: a major version, which AWS does not take back",),
    ),
    Pair(
        "a database's password",
        database(),
        database(word="two"),
        Verdict.LOOK,
        says=("whoever has the old one is refused when next connecting",),
    ),
    Pair(
        "a queue has another name",
        queue(name="jobs"),
        queue(name="tasks"),
        Verdict.DANGEROUS,
        says=(
            "sqs/Queue jobs is replaced for name: a new one takes its place, and the old one goes with the messages",
        ),
    ),
    Pair("a queue is deleted", queue(), nothing, Verdict.DANGEROUS, says=("and the messages in the queue with it",)),
    Pair(
        "a queue keeps messages for less long",
        queue(),
        queue(keeps=3600),
        Verdict.LOOK,
        says=(
            "keeps messages that wait, or are set aside, for 3,600 seconds instead of 345,600: older ones are deleted",
        ),
    ),
    Pair(
        "a topic has another name",
        topic("events"),
        topic("todo-events"),
        Verdict.DANGEROUS,
        says=("the old one goes with its subscriptions",),
    ),
    Pair("a log group is deleted", logs(), nothing, Verdict.DANGEROUS, says=("is deleted, and the log lines with it",)),
    Pair(
        "a log group is retained on delete",
        logs(retain=True),
        nothing,
        Verdict.LOOK,
        says=("is let go: it stays in the cloud with the log lines", "(retainOnDelete is on)"),
    ),
    Pair(
        "retaining comes with the replacement, and too late for it",
        logs(),
        logs(name="/todos/api", retain=True),
        Verdict.DANGEROUS,
        says=("the old one goes with the log lines",),
    ),
    Pair(
        "logs are kept for less long",
        logs(days=30),
        logs(days=7),
        Verdict.DANGEROUS,
        says=("keeps log lines for 7 days instead of 30: older ones are deleted for good",),
    ),
    Pair("logs are kept for longer", logs(days=30), logs(days=90), Verdict.SAFE),
    Pair(
        "a repository is deleted with its images",
        repository(force=True),
        nothing,
        Verdict.DANGEROUS,
        says=("ecr/Repository worker is deleted, and the images with it",),
    ),
    Pair(
        "a repository is deleted, if it is empty",
        repository(),
        nothing,
        Verdict.LOOK,
        says=("is deleted if it is empty; AWS refuses while it has the images",),
    ),
    Pair(
        "fewer images are kept",
        repository(keeps=50),
        repository(keeps=2),
        Verdict.LOOK,
        says=("images are deleted by another rule than before",),
    ),
    Pair("images of a new repository expire", nothing, repository(keeps=2), Verdict.SAFE),
    Pair(
        "a bucket is deleted with its objects",
        bucket(force=True),
        nothing,
        Verdict.DANGEROUS,
        says=("s3/Bucket exports is deleted, and the bucket's objects with it",),
    ),
    Pair("a bucket is deleted, if it is empty", bucket(), nothing, Verdict.LOOK, says=("is deleted if it is empty",)),
    Pair(
        "a bucket has another name",
        bucket(),
        bucket(name="todo-exports"),
        Verdict.DANGEROUS,
        says=("a new, empty one takes its place, and the old one stays behind with the bucket's objects",),
    ),
    Pair(
        "all objects of a bucket expire",
        bucket(),
        bucket(expires=30),
        Verdict.DANGEROUS,
        says=("rule old deletes all objects after 30 days; older ones at once",),
    ),
    Pair("objects of a new bucket expire", nothing, bucket(expires=30), Verdict.SAFE),
    Pair(
        "a key is deleted",
        key(),
        nothing,
        Verdict.DANGEROUS,
        says=("unusable at once, and gone for good after 30 days",),
    ),
    Pair(
        "a key is disabled", key(), key(enabled=False), Verdict.DANGEROUS, says=("can't be read until it is enabled",)
    ),
    Pair(
        "a secret is replaced, and its value written again",
        secret(),
        secret(name="todos/token"),
        Verdict.LOOK,
        says=("the program writes its value into the new one",),
    ),
    Pair(
        "a secret is replaced whose value somebody else put",
        secret(value=None),
        secret(name="todos/token", value=None),
        Verdict.DANGEROUS,
        says=("a new, empty one takes its place",),
    ),
    Pair(
        "a secret is deleted, and can be had back",
        secret(),
        nothing,
        Verdict.LOOK,
        says=("gone for good after 30 days",),
    ),
    Pair("a secret has another value", secret(), secret(value="two"), Verdict.LOOK, says=("has another value",)),
    Pair(
        "an address is replaced",
        address(domain="eu-central-1"),
        address(domain="eu-central-1-ham-1"),
        Verdict.DANGEROUS,
        says=("the old one goes with its public address",),
    ),
    Pair(
        "a cache is replaced",
        cache(),
        cache(port=6380),
        Verdict.DANGEROUS,
        says=("the old one goes with what is in the cache",),
    ),
]
