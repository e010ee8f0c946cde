"""Amazon MQ and ElastiCache, where one of them is the broker."""

from collections.abc import Iterator

from infra.policy.levels import strictness
from infra.policy.resources import Resource, Stack
from infra.policy.rule import Severity, must, rule

MQ = "aws:mq/broker:Broker"
CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
PARAMETERS = "aws:elasticache/parameterGroup:ParameterGroup"


mq_private = rule(
    "mq-private", MQ, severity=Severity.CRITICAL,
    why="A broker with a public address is one password away from everyone.",
    mend="Leave publicly_accessible off.",
)(must("publiclyAccessible", lambda on: not on, "has a public address"))  # fmt: skip

mq_minor_upgrades = rule(
    "mq-minor-upgrades", MQ, control="MQ.3", severity=Severity.MEDIUM,
    why="Security fixes of RabbitMQ are patch versions.",
    mend="Set auto_minor_version_upgrade.",
)(must("autoMinorVersionUpgrade", lambda on: on is True, "does not take patches by itself"))  # fmt: skip

mq_logs = rule(
    "mq-logs", MQ, severity=Severity.MEDIUM,
    why="Why a broker refused, or restarted, is not known afterwards.",
    mend="Set general in logs; RabbitMQ has no audit log.",
)(must("logs.general", lambda on: on is True, "keeps no log"))  # fmt: skip


@rule(
    "mq-cluster", MQ, control="MQ.6", severity=Severity.LOW,
    why="One instance is away for minutes in each maintenance window.",
    mend="Set multiAz in backlog:broker.",
)  # fmt: skip
def mq_cluster(broker: Resource, stack: Stack) -> Iterator[str]:
    if strictness(stack.name).needs_protection and broker.get("deploymentMode") != "CLUSTER_MULTI_AZ":
        yield "is a single instance"


@rule(
    "elasticache-backups", CACHE, control="ElastiCache.1", severity=Severity.HIGH,
    why="What a node forgets is gone.",
    mend="Set snapshotDays in backlog:broker.",
)  # fmt: skip
def cache_backups(group: Resource, stack: Stack) -> Iterator[str]:
    if strictness(stack.name).needs_protection and not group.get("snapshotRetentionLimit"):
        yield "keeps no snapshots"


cache_minor_upgrades = rule(
    "elasticache-minor-upgrades", CACHE, control="ElastiCache.2", severity=Severity.HIGH,
    why="Security fixes of Valkey are minor versions.",
    mend="Set auto_minor_version_upgrade.",
)(must("autoMinorVersionUpgrade", lambda on: on is True, "does not take minor versions by itself"))  # fmt: skip


@rule(
    "elasticache-failover", CACHE, control="ElastiCache.3", severity=Severity.MEDIUM,
    why="When the one node fails, there is no broker until it is made anew.",
    mend="Set multiAz in backlog:broker.",
)  # fmt: skip
def cache_failover(group: Resource, stack: Stack) -> Iterator[str]:
    if strictness(stack.name).needs_protection and group.get("automaticFailoverEnabled") is not True:
        yield "has no replica that takes over"


cache_encrypted = rule(
    "elasticache-encrypted", CACHE, control="ElastiCache.4", severity=Severity.MEDIUM,
    why="Messages lie on disks in clear.",
    mend="Set at_rest_encryption_enabled.",
)(must("atRestEncryptionEnabled", lambda on: on is True, "is not encrypted at rest"))  # fmt: skip

cache_tls = rule(
    "elasticache-tls", CACHE, control="ElastiCache.5", severity=Severity.MEDIUM,
    why="Messages and passwords can be read on their way.",
    mend="Set transit_encryption_enabled.",
)(must("transitEncryptionEnabled", lambda on: on is True, "takes connections without TLS"))  # fmt: skip


@rule(
    "elasticache-login", CACHE, control="ElastiCache.6", severity=Severity.MEDIUM,
    why="Whoever reaches the port may do everything.",
    mend="Set user_group_ids, or an auth_token.",
)  # fmt: skip
def cache_login(group: Resource, _: Stack) -> Iterator[str]:
    if not group.get("userGroupIds") and not group.get("authToken"):
        yield "asks for no login"


cache_subnets = rule(
    "elasticache-subnet-group", CACHE, control="ElastiCache.7", severity=Severity.HIGH,
    why="The default subnet group is the default VPC's, where anything may run.",
    mend="Set subnet_group_name.",
)(must("subnetGroupName", lambda name: name not in (None, "default"), "is in the default subnet group"))  # fmt: skip


@rule(
    "elasticache-no-eviction", PARAMETERS, severity=Severity.HIGH,
    why="A full cache that evicts throws jobs away, and nobody is told.",
    mend="Set maxmemory-policy to noeviction.",
)  # fmt: skip
def no_eviction(group: Resource, _: Stack) -> Iterator[str]:
    values = {entry.get("name"): entry.get("value") for entry in group.get("parameters", [])}
    if values.get("maxmemory-policy") != "noeviction":
        yield "may evict messages"
