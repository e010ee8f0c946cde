"""Changes of a database or broker in place that stay with the people who use it: a major version, a password."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.policy.resources import Hidden
from infra.review.deletion import is_on, setting
from infra.review.finding import Finding, Section, Verdict
from infra.review.preview import Change, Preview
from infra.review.retention import differs
from infra.review.stateful import SOURCES

_ENGINE: Final = ("engineVersion", "version", "kafkaVersion", "elasticsearchVersion")
#: Types with an engine, and what AWS does of a major version; a cache or broker is more easily made anew.
_VERSIONED: Final[Mapping[str, Verdict]] = {
    "aws:rds/instance:Instance": Verdict.DANGEROUS,
    "aws:rds/cluster:Cluster": Verdict.DANGEROUS,
    "aws:rds/globalCluster:GlobalCluster": Verdict.DANGEROUS,
    "aws:docdb/cluster:Cluster": Verdict.DANGEROUS,
    "aws:neptune/cluster:Cluster": Verdict.DANGEROUS,
    "aws:opensearch/domain:Domain": Verdict.DANGEROUS,
    "aws:elasticsearch/domain:Domain": Verdict.DANGEROUS,
    "aws:memorydb/cluster:Cluster": Verdict.DANGEROUS,
    "aws:elasticache/cluster:Cluster": Verdict.LOOK,
    "aws:elasticache/replicationGroup:ReplicationGroup": Verdict.LOOK,
    "aws:elasticache/serverlessCache:ServerlessCache": Verdict.LOOK,
    "aws:mq/broker:Broker": Verdict.LOOK,
    "aws:msk/cluster:Cluster": Verdict.LOOK,
}
#: Engines whose major version is two numbers: 8.0 and 8.4. Source: RDS User Guide, "Upgrading a DB instance engine".
_TWO: Final = ("mysql", "mariadb", "neptune", "rabbitmq", "activemq")
_PASSWORDS: Final = (
    "password",
    "passwordWo",
    "passwordWoVersion",
    "masterPassword",
    "masterPasswordWo",
    "masterPasswordWoVersion",
    "masterUserPassword",
    "adminUserPassword",
    "manageMasterUserPassword",
    "manageMasterPassword",
    "authToken",
)
_LOGINS: Final = ("aws:rds/", "aws:docdb/", "aws:neptune/", "aws:redshift", "aws:elasticache/", "aws:dms/", "aws:mq/")
#: What runs with a password, and what hands one on.
_RUNS: Final = frozenset(
    {
        "aws:ecs/taskDefinition:TaskDefinition",
        "aws:ecs/service:Service",
        "aws:lambda/function:Function",
        "aws:ec2/instance:Instance",
        "aws:ec2/launchTemplate:LaunchTemplate",
        "aws:apprunner/service:Service",
        "aws:batch/jobDefinition:JobDefinition",
        "aws:elasticbeanstalk/environment:Environment",
        "kubernetes:apps/v1:Deployment",
        "kubernetes:apps/v1:StatefulSet",
    }
)
_HANDS_ON: Final = _RUNS | {
    "aws:secretsmanager/secretVersion:SecretVersion",
    "aws:ssm/parameter:Parameter",
    "kubernetes:core/v1:Secret",
}


def find(preview: Preview) -> Iterator[Finding]:
    """Major versions, passwords, replicas that are none any more, and the values of secrets."""
    handed_on = [change.label for change in preview.changed if change.type in _HANDS_ON and change.after]
    for change in preview.changed:
        if change.op == "update" and change.before is not None and change.after is not None:
            yield from _version(change)
            yield from _password(preview, change, handed_on)
            yield from _promoted(change)
        elif change.type == "aws:secretsmanager/secretVersion:SecretVersion" and change.op == "replace":
            yield from _another_value(change)


def _version(change: Change) -> Iterator[Finding]:
    weight = _VERSIONED.get(change.type)
    name = next((one for one in _ENGINE if change.after and change.after.raw(one) is not None), "")
    if weight is None or not name or not differs(change, name):
        return
    assert change.before is not None  # noqa: S101 - see find
    assert change.after is not None  # noqa: S101
    before, after = setting(change.before, name), change.after.raw(name)
    if isinstance(after, Hidden) or isinstance(before, Hidden):
        title = f"which version {change.label} goes to can't be read: AWS takes no version back"
        yield _finding(change, Verdict.LOOK, title)
        return
    engine = str(change.after.raw("engine") or change.after.raw("engineType") or change.type)
    old, new = (_major(engine, version) for version in (before, after))
    if _product(before) == _product(after) and _earlier(after, before):
        title = (
            f"{change.label} is to go back from {before} to {after}: AWS takes no version back, and the update fails"
        )
        yield _finding(change, Verdict.LOOK, title)
        return
    if not old or not new or old == new:
        return
    title = (
        f"{change.label} goes from {before} to {after}: a major version, which AWS does not take back; what is written "
        "from then on can't be had in the old one"
    )
    details = ["to go back, restore a snapshot of before into another one; take it now"]
    allowed = change.after.raw("allowMajorVersionUpgrade")
    if change.type.startswith("aws:rds/") and not is_on(allowed):
        details.append("as it stands AWS refuses it: allowMajorVersionUpgrade is not on")
    if change.type.startswith("aws:") and not is_on(change.after.raw("applyImmediately")):
        details.append("it happens in the next maintenance window, as applyImmediately is not on")
    details.append("clients, drivers and extensions must know the new one")
    yield _finding(change, weight, title, details, irreversible=True)


def _major(engine: str, version: Any) -> tuple[int, ...]:
    numbers = _numbers(version)
    if not numbers:
        return ()
    two = any(one in engine.lower() for one in _TWO)
    old_postgres = "postgres" in engine and numbers[0] < 10  # noqa: PLR2004 - until 9.6 the second number was of it
    return (*numbers, 0)[:2] if two or old_postgres else numbers[:1]


def _numbers(version: Any) -> tuple[int, ...]:
    """`16.4`; of Aurora's those of the engine that it is like."""
    text = str(version).split(".mysql_aurora")[0].rsplit("_", 1)[-1]
    return tuple(int(number) for number in re.findall(r"\d{1,9}", text))


def _earlier(one: Any, other: Any) -> bool:
    """Whether a version is before another, as far as both say."""
    pairs = zip(_numbers(one), _numbers(other), strict=False)
    return next((mine < theirs for mine, theirs in pairs if mine != theirs), False)


def _product(version: Any) -> str:
    """`OpenSearch` of `OpenSearch_2.11`."""
    return str(version).rpartition("_")[0]


def _password(preview: Preview, change: Change, handed_on: list[str]) -> Iterator[Finding]:
    told = {re.split(r"[.\[]", reason)[0] for reason in change.reasons}
    if not change.type.startswith(_LOGINS) or not told.intersection(_PASSWORDS):
        return
    users = [user.label for user in preview.dependents(change.urn) if user.type in _RUNS and user.after is not None]
    title = f"{change.label}: the password changes at once, and whoever has the old one is refused when next connecting"
    if "authToken" in told and change.state.raw("authTokenUpdateStrategy") in (None, "ROTATE"):
        yield _finding(change, Verdict.LOOK, f"{change.label}: another password is taken beside the old one")
        return
    if users and not handed_on:
        title += f"; nothing in this change hands the new one to {', '.join(users)}"
        yield _finding(change, Verdict.DANGEROUS, title)
        return
    details = (
        [f"changed with it, and perhaps how the new one is handed on: {', '.join(handed_on)}"] if handed_on else []
    )
    details.append("what reads its password when it starts has the old one until it is restarted")
    yield _finding(change, Verdict.LOOK, title, details)


def _promoted(change: Change) -> Iterator[Finding]:
    """Source: RDS User Guide, "Promoting a read replica to be a standalone DB instance"."""
    for name in SOURCES:
        assert change.before is not None  # noqa: S101 - see find
        if change.before.raw(name) and change.state.raw(name) is None and differs(change, name):
            title = f"{change.label} follows its source no more: it becomes a database of its own, and no replica again"
            yield _finding(change, Verdict.DANGEROUS, title, irreversible=True)


def _another_value(change: Change) -> Iterator[Finding]:
    """A secret's value: the new version is current at once, and the old one is the previous one."""
    if {"secretString", "secretBinary", "secretStringWoVersion"}.intersection(change.replace_reasons) and (
        "secretId" not in change.replace_reasons
    ):
        title = f"{change.label}: the secret has another value; what reads it when it starts has the old one until then"
        yield _finding(change, Verdict.LOOK, title)


def _finding(
    change: Change, verdict: Verdict, title: str, details: list[str] | None = None, *, irreversible: bool = False
) -> Finding:
    return Finding(
        section=Section.DOWNTIME,
        verdict=verdict,
        title=title,
        resource=change.urn,
        details=tuple(details or ()),
        irreversible=irreversible,
    )
