"""Guards that go, while what they guard stays."""

import pulumi
import pulumi_aws as aws

from infra.review.finding import Verdict
from tests.review.pairs import Pair, Program


def database(*, protect: bool = False, retain: bool = False, **arguments: object) -> Program:
    def program() -> None:
        given = {
            "engine": "postgres",
            "engine_version": "17",
            "instance_class": "db.t4g.micro",
            "allocated_storage": 20,
            "username": "backlog",
            "manage_master_user_password": True,
            "storage_encrypted": True,
            "backup_retention_period": 7,
            "deletion_protection": True,
            "final_snapshot_identifier": "the-last",
            **arguments,
        }
        aws.rds.Instance("database", **given, opts=pulumi.ResourceOptions(protect=protect, retain_on_delete=retain))

    return program


def bucket(*, force: bool = False, versioning: str | None = "Enabled") -> Program:
    def program() -> None:
        made = aws.s3.Bucket("exports", force_destroy=force)
        if versioning:
            aws.s3.BucketVersioning("exports", bucket=made.id, versioning_configuration={"status": versioning})

    return program


def secret(*, window: int | None = None) -> Program:
    def program() -> None:
        aws.secretsmanager.Secret("token", recovery_window_in_days=window)

    return program


def queue(*, sets_aside: bool = True) -> Program:
    def program() -> None:
        letters = aws.sqs.Queue("letters", message_retention_seconds=1_209_600)
        jobs = aws.sqs.Queue("jobs")
        if sets_aside:
            policy = letters.arn.apply(lambda arn: f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": 5}}')
            aws.sqs.RedrivePolicy("jobs", queue_url=jobs.url, redrive_policy=policy)

    return program


def component(*, protect: bool) -> Program:
    def program() -> None:
        store = pulumi.ComponentResource("todos:store:Store", "store", opts=pulumi.ResourceOptions(protect=protect))
        for name in ("one", "two"):
            aws.sqs.Queue(name, opts=pulumi.ResourceOptions(parent=store))

    return program


PAIRS = [
    Pair(
        "protect is removed",
        database(protect=True),
        database(),
        Verdict.LOOK,
        says=("rds/Instance database loses protect: a change that deletes or replaces it is no longer refused",),
    ),
    Pair("protect is put on", database(), database(protect=True), Verdict.SAFE, never_says=("protect",)),
    Pair(
        "protect is removed from a whole component",
        component(protect=True),
        component(protect=False),
        Verdict.LOOK,
        says=("2 resources lose protect",),
    ),
    Pair(
        "retaining is removed",
        database(retain=True),
        database(),
        Verdict.LOOK,
        says=("loses retainOnDelete: a change that leaves it out deletes the thing itself",),
    ),
    Pair(
        "protection from deletion is switched off",
        database(),
        database(deletion_protection=False),
        Verdict.LOOK,
        says=("deletionProtection is switched off",),
    ),
    Pair(
        "no last snapshot",
        database(),
        database(skip_final_snapshot=True, final_snapshot_identifier=None),
        Verdict.LOOK,
        says=("skipFinalSnapshot is switched on: no last snapshot is made when it is deleted",),
    ),
    Pair(
        "no backups",
        database(),
        database(backup_retention_period=0),
        Verdict.DANGEROUS,
        says=("days of backups 7 -> 0: all automated backups are deleted at once",),
    ),
    Pair(
        "a bucket may be deleted with its objects",
        bucket(),
        bucket(force=True),
        Verdict.LOOK,
        says=("forceDestroy is switched on",),
    ),
    Pair(
        "versions are no longer kept",
        bucket(),
        bucket(versioning="Suspended"),
        Verdict.LOOK,
        says=("can't be had back",),
    ),
    Pair("versioning is left out", bucket(), bucket(versioning=None), Verdict.LOOK, says=("can't be had back",)),
    Pair(
        "a secret is gone at once when it is deleted",
        secret(),
        secret(window=0),
        Verdict.LOOK,
        says=("30 -> 0: once it is deleted it is gone at once",),
    ),
    Pair(
        "failed messages are no longer set aside",
        queue(),
        queue(sets_aside=False),
        Verdict.LOOK,
        says=("none is set aside",),
    ),
]
