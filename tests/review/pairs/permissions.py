"""Changes of who may do what."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi_aws as aws

from infra.review.finding import Verdict
from tests.review.pairs import Pair, Program

Statement = Mapping[str, Any]

_OWN = "123456789012"
_OTHER = "210987654321"
_JOBS = f"arn:aws:sqs:eu-central-1:{_OWN}:jobs"
_GITHUB = f"arn:aws:iam::{_OWN}:oidc-provider/token.actions.githubusercontent.com"


def allow(*actions: str, on: str | list[str] = _JOBS, **more: Any) -> Statement:
    return {"Effect": "Allow", "Action": [*actions], "Resource": on, **more}


def deny(*actions: str, on: str | list[str] = _JOBS, **more: Any) -> Statement:
    return {**allow(*actions, on=on, **more), "Effect": "Deny"}


def taken_by(kind: str, who: str | list[str], **conditions: Any) -> Statement:
    action = "sts:AssumeRoleWithWebIdentity" if kind == "Federated" else "sts:AssumeRole"
    statement = {"Effect": "Allow", "Principal": {kind: who}, "Action": action}
    return {**statement, "Condition": conditions} if conditions else statement


def document(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [*statements]})


_TASKS = taken_by("Service", "ecs-tasks.amazonaws.com", StringEquals={"aws:SourceAccount": _OWN})
_SEND = allow("sqs:SendMessage")


def role(
    *statements: Statement,
    attached: Sequence[Statement] = (),
    managed: Sequence[str] = (),
    inside: Sequence[Statement] = (),
    trust: Sequence[Statement] = (_TASKS,),
    bounds: Sequence[Statement] = (),
    runs: bool = False,
    also: Program | None = None,
) -> Program:
    """A queue, and a role that has statements in each of the ways in which a role may have them."""

    def program() -> None:
        aws.sqs.Queue("jobs", name="jobs")
        boundary = aws.iam.Policy("limit", policy=document(*bounds)) if bounds else None
        made = aws.iam.Role(
            "task",
            assume_role_policy=document(*trust),
            permissions_boundary=boundary.arn if boundary else None,
            inline_policies=[{"name": "inside", "policy": document(*inside)}] if inside else None,
        )
        if statements:
            aws.iam.RolePolicy("task", role=made.name, policy=document(*statements))
        if attached:
            policy = aws.iam.Policy("attached", policy=document(*attached))
            aws.iam.RolePolicyAttachment("attached", role=made.name, policy_arn=policy.arn)
        for arn in managed:
            aws.iam.RolePolicyAttachment(arn.rsplit("/", 1)[-1], role=made.name, policy_arn=arn)
        if runs:
            _service(made)
        if also:
            also()

    return program


def _service(made: aws.iam.Role) -> None:
    definition = aws.ecs.TaskDefinition(
        "api",
        family="api",
        cpu="256",
        memory="512",
        network_mode="awsvpc",
        requires_compatibilities=["FARGATE"],
        task_role_arn=made.arn,
        container_definitions=json.dumps([{"name": "api", "image": f"nginx@sha256:{'a' * 64}"}]),
    )
    aws.ecs.Service(
        "api",
        cluster=aws.ecs.Cluster("cluster").arn,
        task_definition=definition.arn,
        desired_count=2,
        capacity_provider_strategies=[{"capacity_provider": "FARGATE", "weight": 1}],
        network_configuration={"subnets": ["subnet-0a1b2c3d4e5f60718"]},
    )


def empty() -> None:
    aws.sqs.Queue("jobs", name="jobs")


def queue(*statements: Statement) -> Program:
    def program() -> None:
        made = aws.sqs.Queue("jobs", name="jobs")
        aws.sqs.QueuePolicy("jobs", queue_url=made.url, policy=document(*statements))

    return program


def key(*statements: Statement) -> Program:
    def program() -> None:
        root = {"AWS": f"arn:aws:iam::{_OWN}:root"}
        aws.iam.Role("task", name="task", assume_role_policy=document(_TASKS))
        policy = document(allow("kms:*", on="*", Principal=root), *statements)
        aws.kms.Key("data", policy=policy, enable_key_rotation=True)

    return program


def user(*statements: Statement, keys: int = 0) -> Program:
    def program() -> None:
        made = aws.iam.User("ci")
        aws.iam.UserPolicy("ci", user=made.name, policy=document(*statements))
        for number in range(keys):
            aws.iam.AccessKey(f"ci-{number}", user=made.name)

    return program


def of_role(name: str = "task", account: str = _OWN) -> dict[str, str]:
    return {"AWS": f"arn:aws:iam::{account}:role/{name}"}


def github(subject: str | None, operator: str = "StringLike") -> Statement:
    host = "token.actions.githubusercontent.com"
    audience = {"StringEquals": {f"{host}:aud": "sts.amazonaws.com"}}
    if subject is None:
        return taken_by("Federated", _GITHUB, **audience)
    audience.setdefault(operator, {})[f"{host}:sub"] = subject
    return taken_by("Federated", _GITHUB, **audience)


_ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
_NO_FINDING = ("may now", "loses", "no longer")

PAIRS = [
    # What identities may do besides
    Pair(
        "a role's action becomes a wildcard",
        role(_SEND, runs=True),
        role(allow("sqs:*"), runs=True),
        Verdict.DANGEROUS,
        says=(
            "iam/Role task (task role of ecs/Service api) may now call sqs:* on sqs/Queue jobs: every action of sqs",
        ),
        never_says=("loses",),
    ),
    Pair(
        "a role's resource becomes a wildcard",
        role(_SEND),
        role(allow("sqs:SendMessage", on="*")),
        Verdict.DANGEROUS,
        says=("iam/Role task may now call sqs:SendMessage on every resource (*): it is not held to certain resources",),
    ),
    Pair(
        "a role may pass any role",
        role(_SEND),
        role(_SEND, allow("iam:PassRole", on="*")),
        Verdict.DANGEROUS,
        says=("may now call iam:PassRole on every resource (*): it can run things under any role",),
    ),
    Pair(
        "a role may pass the task's role to ECS",
        role(_SEND),
        role(
            _SEND,
            allow(
                "iam:PassRole",
                on=f"arn:aws:iam::{_OWN}:role/worker",
                Condition={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
            ),
        ),
        Verdict.LOOK,
        says=("may now call iam:PassRole on",),
    ),
    Pair(
        "a role may write its own policies",
        role(_SEND),
        role(_SEND, allow("iam:PutRolePolicy", on=f"arn:aws:iam::{_OWN}:role/task")),
        Verdict.DANGEROUS,
        says=("it can give itself every right",),
    ),
    Pair(
        "a role reads every secret",
        role(
            allow("secretsmanager:GetSecretValue", on=f"arn:aws:secretsmanager:eu-central-1:{_OWN}:secret:jobs-a1b2c3")
        ),
        role(allow("secretsmanager:GetSecretValue", on=f"arn:aws:secretsmanager:eu-central-1:{_OWN}:secret:*")),
        Verdict.DANGEROUS,
        says=("it can read every secret",),
    ),
    Pair(
        "a role reads one more secret",
        role(_SEND),
        role(
            _SEND, allow("secretsmanager:GetSecretValue", on=f"arn:aws:secretsmanager:eu-central-1:{_OWN}:secret:b-*")
        ),
        Verdict.LOOK,
    ),
    Pair(
        "a role gets AdministratorAccess",
        role(_SEND),
        role(_SEND, managed=[_ADMINISTRATOR]),
        Verdict.DANGEROUS,
        says=("iam/Role task gets the policy AdministratorAccess: it can do everything",),
    ),
    Pair(
        "a role gets what every task needs to start",
        role(_SEND),
        role(_SEND, managed=["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"]),
        Verdict.LOOK,
        says=("gets AWS's policy AmazonECSTaskExecutionRolePolicy",),
    ),
    Pair(
        "a role may do all but some",
        role(_SEND),
        role({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
        Verdict.DANGEROUS,
        says=("may now call * but iam:* on every resource (*): every action but some",),
    ),
    Pair(
        "a role gets a named right",
        role(_SEND),
        role(_SEND, allow("sqs:ReceiveMessage")),
        Verdict.LOOK,
        says=("iam/Role task may now call sqs:ReceiveMessage on sqs/Queue jobs",),
        never_says=("loses",),
    ),
    Pair(
        "a role may write log lines anywhere",
        role(_SEND),
        role(_SEND, allow("logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTraceSegments", on="*")),
        Verdict.LOOK,
    ),
    Pair(
        "a role is no longer denied what it is allowed",
        role(allow("s3:GetObject", "s3:DeleteObject", on="arn:aws:s3:::d/*"), deny("s3:DeleteObject", on="*")),
        role(allow("s3:GetObject", "s3:DeleteObject", on="arn:aws:s3:::d/*")),
        Verdict.DANGEROUS,
        says=("is no longer denied s3:DeleteObject",),
    ),
    Pair(
        "a denial of what nothing allows goes",
        role(_SEND, deny("s3:DeleteObject", on="*")),
        role(_SEND),
        Verdict.LOOK,
        says=("nothing in this stack allows it",),
    ),
    Pair(
        "a role is limited no longer",
        role(_SEND, bounds=[allow("sqs:*", on="*")]),
        role(_SEND),
        Verdict.DANGEROUS,
        says=("is no longer limited by a permissions boundary",),
    ),
    Pair(
        "a condition goes",
        role(allow("sqs:SendMessage", Condition={"StringEquals": {"aws:RequestedRegion": "eu-central-1"}})),
        role(_SEND),
        Verdict.LOOK,
        says=("no longer only if aws:requestedregion is eu-central-1",),
        never_says=("loses",),
    ),
    # The same, in other words
    Pair(
        "a statement is split, renamed and reordered",
        role(allow("sqs:SendMessage", "sqs:ReceiveMessage", Sid="Queue"), allow("s3:GetObject", on="arn:aws:s3:::d/*")),
        role(
            allow("s3:getobject", on=["arn:aws:s3:::d/*"]),
            allow("sqs:ReceiveMessage", Sid="Receive"),
            allow("SQS:SendMessage", Sid="Send"),
        ),
        Verdict.SAFE,
        never_says=_NO_FINDING,
    ),
    Pair(
        "an inline policy becomes an attached one",
        role(_SEND),
        role(attached=[_SEND]),
        Verdict.SAFE,
        never_says=_NO_FINDING,
    ),
    Pair(
        "what a wildcard has is written beside it",
        role(allow("sqs:*")),
        role(allow("sqs:*"), _SEND),
        Verdict.SAFE,
        never_says=_NO_FINDING,
    ),
    # And no longer
    Pair(
        "a role's wildcard becomes an action",
        role(allow("sqs:*")),
        role(_SEND),
        Verdict.LOOK,
        says=("loses sqs:* on sqs/Queue jobs but for sqs:SendMessage on sqs/Queue jobs; what still calls it fails",),
        never_says=("may now",),
    ),
    Pair(
        "a service's role loses everything",
        role(_SEND, runs=True),
        role(runs=True),
        Verdict.DANGEROUS,
        says=("loses everything that it may do",),
    ),
    Pair(
        "a role is denied what it was allowed",
        role(_SEND, allow("sqs:PurgeQueue")),
        role(_SEND, allow("sqs:PurgeQueue"), deny("sqs:Purge*", on="*")),
        Verdict.LOOK,
        says=("is denied sqs:Purge* on every resource (*) from now on",),
    ),
    # Who may take a role
    Pair(
        "another account may take a role",
        role(_SEND),
        role(_SEND, trust=[_TASKS, taken_by("AWS", _OTHER)]),
        Verdict.DANGEROUS,
        says=(f"can now be taken by account {_OTHER}: that is another account",),
    ),
    Pair(
        "another account's one role may take it, and no longer all of that account",
        role(_SEND, trust=[taken_by("AWS", _OTHER)]),
        role(_SEND, trust=[taken_by("AWS", f"arn:aws:iam::{_OTHER}:role/ci")]),
        Verdict.LOOK,
        never_says=("can now be taken",),
    ),
    Pair(
        "anyone may take a role",
        role(_SEND),
        role(_SEND, trust=[_TASKS, taken_by("AWS", "*")]),
        Verdict.DANGEROUS,
        says=("can now be taken by anyone",),
    ),
    Pair(
        "a condition of taking a role goes",
        role(_SEND, trust=[taken_by("AWS", _OTHER, StringEquals={"sts:ExternalId": "tenant-7"})]),
        role(_SEND, trust=[taken_by("AWS", _OTHER)]),
        Verdict.DANGEROUS,
        says=("what it took to be let in is gone or looser",),
    ),
    Pair(
        "a role of the account may take a role",
        role(_SEND),
        role(_SEND, trust=[_TASKS, taken_by("AWS", f"arn:aws:iam::{_OWN}:role/operator")]),
        Verdict.LOOK,
        says=("can now be taken by role/operator",),
    ),
    Pair(
        "GitHub may take a role, whoever asks",
        role(_SEND),
        role(_SEND, trust=[_TASKS, github(None)]),
        Verdict.DANGEROUS,
        says=("with no condition on sub, whoever has a token of token.actions.githubusercontent.com can take it",),
    ),
    Pair(
        "GitHub may take a role for one repository's environment",
        role(_SEND),
        role(_SEND, trust=[_TASKS, github("repo:backlog/backlog:environment:prod", "StringEquals")]),
        Verdict.LOOK,
    ),
    Pair(
        "GitHub may take a role for any branch",
        role(_SEND, trust=[github("repo:backlog/backlog:ref:refs/heads/main", "StringEquals")]),
        role(_SEND, trust=[github("repo:backlog/backlog:*")]),
        Verdict.DANGEROUS,
    ),
    Pair(
        "ECS may no longer take the role of its tasks",
        role(_SEND, runs=True),
        role(_SEND, trust=[taken_by("Service", "lambda.amazonaws.com")], runs=True),
        Verdict.DANGEROUS,
        says=("can no longer be taken by ecs-tasks.amazonaws.com",),
    ),
    Pair(
        "an access key is made",
        user(_SEND),
        user(_SEND, keys=1),
        Verdict.LOOK,
        says=("iam/User ci gets an access key: it lasts until somebody deletes it",),
    ),
    Pair(
        "an administrator's access key is made",
        user(allow("*", on="*")),
        user(allow("*", on="*"), keys=1),
        Verdict.DANGEROUS,
        says=("iam/User ci gets an access key: the user has wide rights (it can do everything)",),
    ),
    Pair(
        "an access key is deleted", user(_SEND, keys=1), user(_SEND), Verdict.LOOK, says=("ends: whoever still uses",)
    ),
    # New ones, and old ones
    Pair(
        "a service comes with a role of its own",
        empty,
        role(_SEND, allow("sqs:ReceiveMessage"), runs=True),
        Verdict.SAFE,
        says=("1 new identity or policy with 2 grants",),
    ),
    Pair(
        "an administrator comes",
        empty,
        role(managed=[_ADMINISTRATOR]),
        Verdict.DANGEROUS,
        says=("iam/Role task gets the policy AdministratorAccess",),
    ),
    Pair(
        "a service goes with its role",
        role(_SEND, runs=True),
        empty,
        Verdict.DANGEROUS,  # for the service
        says=("1 identity or policy goes, and so does what used them",),
        never_says=("loses",),
    ),
    # Resources
    Pair(
        "another account may send to a queue",
        queue(allow("sqs:SendMessage", Principal=of_role())),
        queue(
            allow("sqs:SendMessage", Principal=of_role()),
            allow("sqs:SendMessage", Principal={"AWS": _OTHER}),
        ),
        Verdict.DANGEROUS,
        says=(f"sqs/Queue jobs now lets account {_OTHER} call sqs:SendMessage: that is another account",),
    ),
    Pair(
        "a role of the account may send to a queue",
        queue(allow("sqs:SendMessage", Principal=of_role())),
        queue(allow("sqs:SendMessage", Principal={"AWS": [of_role()["AWS"], of_role("cron")["AWS"]]})),
        Verdict.LOOK,
        says=("sqs/Queue jobs now lets role/cron call sqs:SendMessage",),
    ),
    Pair(
        "any topic may send to a queue",
        queue(
            allow(
                "sqs:SendMessage",
                Principal={"Service": "sns.amazonaws.com"},
                Condition={"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:eu-central-1:{_OWN}:events"}},
            )
        ),
        queue(allow("sqs:SendMessage", Principal={"Service": "sns.amazonaws.com"})),
        Verdict.DANGEROUS,
        says=("the service may do so for any account",),
    ),
    Pair(
        "a queue names itself otherwise",
        queue(allow("sqs:SendMessage", Principal=of_role())),
        queue(allow("sqs:SendMessage", on="*", Principal=of_role())),
        Verdict.SAFE,
        never_says=_NO_FINDING,
    ),
    Pair(
        "a role may do everything with a key",
        key(allow("kms:Decrypt", on="*", Principal=of_role())),
        key(allow("kms:*", on="*", Principal=of_role())),
        Verdict.DANGEROUS,
        says=("kms/Key data now lets iam/Role task call kms:*",),
    ),
    Pair(
        "a role may decrypt with a key",
        key(),
        key(allow("kms:Decrypt", on="*", Principal=of_role())),
        Verdict.LOOK,
        says=("kms/Key data now lets iam/Role task call kms:Decrypt",),
    ),
]
