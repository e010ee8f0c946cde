"""Renames and moves, with and without the alias that says so."""

import json

import pulumi
import pulumi_aws as aws

from infra.review.finding import Verdict
from tests.review.pairs import Pair, Program


class Store(pulumi.ComponentResource):
    """A component with a queue and a log group."""

    def __init__(self, kind: str, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(f"todos:store:{kind}", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)
        aws.sqs.Queue(f"{name}-jobs", visibility_timeout_seconds=60, opts=inside)
        aws.cloudwatch.LogGroup(f"{name}-logs", retention_in_days=30, opts=inside)
        self.register_outputs({})


def component(name: str, *aliases: pulumi.Alias, kind: str = "Store") -> Program:
    def program() -> None:
        Store(kind, name, pulumi.ResourceOptions(aliases=list(aliases)))

    return program


def database(name: str, *aliases: pulumi.Alias, **options: object) -> Program:
    def program() -> None:
        aws.rds.Instance(
            name,
            engine="postgres",
            engine_version="17",
            instance_class="db.t4g.micro",
            allocated_storage=20,
            username="backlog",
            manage_master_user_password=True,
            storage_encrypted=True,
            backup_retention_period=7,
            skip_final_snapshot=True,
            opts=pulumi.ResourceOptions(aliases=list(aliases), **options),
        )

    return program


def role(name: str) -> Program:
    def program() -> None:
        principal = {"Service": "ecs-tasks.amazonaws.com"}
        statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        made = aws.iam.Role("task", assume_role_policy=trust)
        arn = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
        aws.iam.RolePolicyAttachment(name, role=made.name, policy_arn=arn)

    return program


def parameters(name: str, family: str = "postgres17") -> Program:
    def program() -> None:
        aws.rds.ParameterGroup(name, family=family, description="the database's")

    return program


def queues(*names: str, parent: str = "", aliases: tuple[pulumi.Alias, ...] = ()) -> Program:
    def program() -> None:
        above = pulumi.ComponentResource("todos:queues:Queues", parent) if parent else None
        for name in names:
            opts = pulumi.ResourceOptions(parent=above, aliases=list(aliases))
            aws.sqs.Queue(name, visibility_timeout_seconds=60, opts=opts)

    return program


PAIRS = [
    Pair(
        "an alias is forgotten",
        database("database"),
        database("todos"),
        Verdict.DANGEROUS,
        says=(
            "rds/Instance database goes and rds/Instance todos comes, with the same inputs: is it a rename?",
            "an alias is missing: as it stands, the old one goes with the database's rows",
        ),
    ),
    Pair(
        "an alias is given",
        database("database"),
        database("todos", pulumi.Alias(name="database")),
        Verdict.SAFE,
        never_says=("alias is missing",),
    ),
    Pair(
        "a component is renamed",
        component("store"),
        component("shop"),
        Verdict.DANGEROUS,
        says=("component Store store goes and Store shop comes, with 2 resources the same: is it a rename?",),
        never_says=("sqs/Queue store-jobs goes and",),
    ),
    Pair(
        "a component is renamed with an alias",
        component("store"),
        component("shop", pulumi.Alias(name="store")),
        Verdict.SAFE,
    ),
    Pair(
        "a queue is moved into a component",
        queues("jobs"),
        queues("jobs", parent="all"),
        Verdict.DANGEROUS,
        says=("sqs/Queue jobs moves from the stack to Queues all, and nothing says so",),
    ),
    Pair(
        "queues are moved into a component",
        queues("jobs", "letters"),
        queues("jobs", "letters", parent="all"),
        Verdict.DANGEROUS,
        says=("2 resources move from the stack to Queues all, and nothing says so",),
    ),
    Pair(
        "queues are moved into a component with aliases",
        queues("jobs", "letters"),
        queues("jobs", "letters", parent="all", aliases=(pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE),)),
        Verdict.SAFE,
    ),
    Pair(
        "a queue is moved out of a component with an alias",
        queues("jobs", parent="all"),
        queues("jobs", aliases=(pulumi.Alias(parent="urn:pulumi:test::backlog::todos:queues:Queues::all"),)),
        Verdict.SAFE,
    ),
    Pair(
        "a component is of another class",
        component("store"),
        component("store", kind="Shop"),
        Verdict.DANGEROUS,
        says=("component Store store goes and Shop store comes, with 2 resources the same: is it a rename?",),
    ),
    Pair(
        "a component is of another class with an alias",
        component("store"),
        component("store", pulumi.Alias(type_="todos:store:Store"), kind="Shop"),
        Verdict.SAFE,
    ),
    Pair(
        "a policy is attached under another name",
        role("read"),
        role("read-queue"),
        Verdict.DANGEROUS,
        says=("to AWS both are one thing, and the old one's deletion takes the new one away",),
    ),
    Pair(
        "what holds nothing is renamed",
        parameters("old"),
        parameters("new"),
        Verdict.LOOK,
        says=("rds/ParameterGroup old goes and rds/ParameterGroup new comes, with the same inputs",),
    ),
    Pair(
        "one goes and another comes",
        parameters("old"),
        parameters("new", "postgres16"),
        Verdict.SAFE,
        never_says=("is it a rename",),
    ),
]
