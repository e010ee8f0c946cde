"""Changes that need not be read."""

import json

import pulumi
import pulumi_aws as aws

from infra.review.finding import Verdict
from tests.review.pairs import Pair, Program

_ACCOUNT = "arn:aws:iam::123456789012:root"
_STATEMENTS = [
    {"Sid": "Send", "Effect": "Allow", "Principal": {"AWS": _ACCOUNT}, "Action": "sqs:SendMessage"},
    {"Sid": "Read", "Effect": "Allow", "Principal": {"AWS": [_ACCOUNT]}, "Action": ["sqs:ReceiveMessage"]},
]


def queue(*, tags: dict[str, str] | None = None, policy: str = json.dumps(_STATEMENTS)) -> Program:
    def program() -> None:
        made = aws.sqs.Queue("jobs", tags=tags)
        document = json.loads(policy)
        text = json.dumps({"Version": "2012-10-17", "Statement": document}, indent=2 if "\n" in policy else None)
        aws.sqs.QueuePolicy(
            "jobs",
            queue_url=made.url,
            policy=made.arn.apply(lambda arn: text.replace('"Sid"', f'"Resource": "{arn}", "Sid"')),
        )

    return program


def consumer(name: str, was: str = "") -> Program:
    """A role that may do much with queues."""

    def program() -> None:
        options = pulumi.ResourceOptions(aliases=[pulumi.Alias(name=was)] if was else None)
        trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        role = aws.iam.Role(
            name, assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}), opts=options
        )
        much = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [much]})
        aws.iam.RolePolicy(name, role=role.id, policy=policy, opts=options)

    return program


PAIRS = [
    Pair(
        "a role that may do much is renamed with an alias",
        consumer("old"),
        consumer("new", was="old"),
        Verdict.SAFE,
        never_says=("iam/Role",),
    ),
    Pair("nothing but a tag", queue(), queue(tags={"team": "backlog"}), Verdict.SAFE, says=("1 update of tags alone",)),
    Pair(
        "a policy's statements in another order",
        queue(),
        queue(policy=json.dumps([*reversed(_STATEMENTS)])),
        Verdict.SAFE,
    ),
    Pair("a policy is written on many lines", queue(), queue(policy=json.dumps(_STATEMENTS, indent=2)), Verdict.SAFE),
]
