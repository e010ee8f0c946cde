"""Kinds of resources of which the review knows nothing: that one of them goes is told, and what that does is not."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from infra.review import restarts, serving, switches
from infra.review.changes import counted
from infra.review.finding import Finding, Section, Verdict
from infra.review.preview import Change, Preview
from infra.review.serving import deleted, kind
from infra.review.stateful import store_of

#: Packages of which nothing runs or keeps anything, or whose values are told as others' causes.
_ASIDE: Final = ("command", "docker", "docker-build", "null", "pulumi", "pulumi-python", "random", "time", "tls")
#: Modules of AWS's that say who may do what, watch, account or describe: nobody is served by them.
_BESIDE: Final = frozenset(
    {
        "accessanalyzer", "account", "appautoscaling", "budgets", "ce", "cfg", "chatbot",
        "cloudtrail", "cloudwatch", "costexplorer", "detective", "guardduty", "iam", "inspector", "inspector2",
        "macie", "macie2", "organizations", "oam", "ram", "resourceexplorer", "resourcegroups",
        "resourcegroupstaggingapi", "securityhub", "securitylake", "servicequotas", "ssoadmin", "synthetics",
        "xray",
    }
)  # fmt: skip
#: Modules of which the review knows each kind that serves or keeps something.
_READ: Final = frozenset(
    {
        "acm", "alb", "apigateway", "apigatewayv2", "applicationloadbalancing", "autoscaling", "backup",
        "cloudfront", "dynamodb", "ec2", "ecr", "ecs", "efs", "eks", "elasticache", "elasticloadbalancingv2",
        "kms", "lambda", "lb", "mq", "msk", "rds", "route53", "s3", "secretsmanager", "servicediscovery", "sns",
        "sqs", "ssm", "vpc", "wafv2",
    }
)  # fmt: skip


def find(preview: Preview) -> Iterator[Finding]:
    """Those that are deleted or replaced, by kind."""
    found: dict[str, list[Change]] = defaultdict(list)
    for change in preview.changed:
        if (deleted(change) or change.op == "replace") and not is_known(change):
            found[change.type].append(change)
    if found:
        number = sum(map(len, found.values()))
        goes = "goes or is replaced" if number == 1 else "go or are replaced"
        yield Finding(
            section=Section.BLIND_SPOTS,
            verdict=Verdict.LOOK,
            title=f"{counted(number, 'resource')} of kinds that this review knows nothing of {goes}: read them",
            details=tuple(
                f"{type_}: {', '.join(change.name for change in changes)}" for type_, changes in found.items()
            ),
        )


def is_known(change: Change) -> bool:
    """Whether this review knows what becomes of those who use it."""
    package, _, rest = change.type.partition(":")
    if package in _ASIDE or store_of(change.state) is not None:
        return True
    of_kind = kind(change.type)
    tables = (serving.SERVING, restarts.WAITING, restarts.AT_ONCE, switches.SWITCHES)
    if any(of_kind in table for table in tables):
        return True
    return package == "aws" and rest.split("/", maxsplit=1)[0] in _BESIDE | _READ
