"""Changes of a database."""

import pulumi
import pulumi_aws as aws

from infra.review.finding import Verdict
from tests.review.pairs import Pair, Program


def database(*, protect: bool = False, **arguments: object) -> Program:
    def program() -> None:
        given = {
            "engine": "postgres",
            "engine_version": "17",
            "instance_class": "db.t4g.micro",
            "allocated_storage": 20,
            "username": "backlog",
            "password": pulumi.Output.secret("one"),
            "storage_encrypted": True,
            "backup_retention_period": 7,
            "skip_final_snapshot": True,
            **arguments,
        }
        aws.rds.Instance("database", **given, opts=pulumi.ResourceOptions(protect=protect))

    return program


PAIRS = [
    Pair("nothing changes", database(), database(), Verdict.SAFE),
]
