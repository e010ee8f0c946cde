"""RDS."""

from collections.abc import Iterator

from infra.policy.levels import strictness
from infra.policy.resources import NotEvaluable, Resource, Stack
from infra.policy.rule import Severity, must, rule

INSTANCE = "aws:rds/instance:Instance"
GROUP = "aws:rds/parameterGroup:ParameterGroup"
_GUESSED = ("admin", "administrator", "postgres", "root", "master", "rdsadmin", "user")
_POSTGRESQL_PORT = 5432


not_public = rule(
    "rds-not-public", INSTANCE, control="RDS.2", severity=Severity.CRITICAL,
    why="The database can be reached from the internet.",
    mend="Set publicly_accessible to false.",
)(must("publiclyAccessible", lambda public: not public, "has a public address"))  # fmt: skip

encrypted = rule(
    "rds-encrypted", INSTANCE, control="RDS.3", severity=Severity.MEDIUM,
    why="Data and backups lie on disks in clear, and encryption can't be added later without a new instance.",
    mend="Set storage_encrypted.",
)(must("storageEncrypted", lambda on: on is True, "is not encrypted"))  # fmt: skip

multi_az = rule(
    "rds-multi-az", INSTANCE, control="RDS.5", severity=Severity.MEDIUM,
    why="When its zone fails, the database is away until a backup is restored.",
    mend="Set multiAz in backlog:database.",
)(must("multiAz", lambda on: on is True, "has no standby in another zone"))  # fmt: skip

monitored = rule(
    "rds-enhanced-monitoring", INSTANCE, control="RDS.6", severity=Severity.LOW,
    why="What the database's own machine does (processes, memory, disk) is not seen.",
    mend="Set monitoringSeconds in backlog:database.",
)(must("monitoringInterval", bool, "has no enhanced monitoring"))  # fmt: skip

insights = rule(
    "rds-insights", INSTANCE, severity=Severity.LOW,
    why="Which query it is that everyone waits for is guessed.",
    mend="Set performanceInsights in backlog:database.",
)(must("performanceInsightsEnabled", lambda on: on is True, "has no Performance Insights"))  # fmt: skip

logged = rule(
    "rds-logs", INSTANCE, control="RDS.9", severity=Severity.MEDIUM,
    why="PostgreSQL's log stays on an instance that may be gone when it is wanted.",
    mend="Set enabled_cloudwatch_logs_exports to postgresql and upgrade.",
)(must("enabledCloudwatchLogsExports", lambda kinds: "postgresql" in (kinds or []), "publishes no log"))  # fmt: skip

iam_authentication = rule(
    "rds-iam-authentication", INSTANCE, control="RDS.10", severity=Severity.MEDIUM,
    why="Passwords are shared and long-lived; a token of IAM lasts fifteen minutes.",
    mend="Set iamAuth in backlog:database.",
)(must("iamDatabaseAuthenticationEnabled", lambda on: on is True, "does not take IAM's tokens"))  # fmt: skip

minor_upgrades = rule(
    "rds-minor-upgrades", INSTANCE, control="RDS.13", severity=Severity.HIGH,
    why="Security fixes of PostgreSQL are minor versions.",
    mend="Leave auto_minor_version_upgrade on.",
)(must("autoMinorVersionUpgrade", lambda on: on is not False, "does not take minor versions by itself"))  # fmt: skip

tagged_snapshots = rule(
    "rds-snapshot-tags", INSTANCE, control="RDS.17", severity=Severity.LOW,
    why="A snapshot without tags belongs to nobody, and is paid for by everyone.",
    mend="Set copy_tags_to_snapshot.",
)(must("copyTagsToSnapshot", lambda on: on is True, "does not copy its tags to snapshots"))  # fmt: skip

port = rule(
    "rds-port", INSTANCE, control="RDS.23", severity=Severity.LOW,
    why="Scans look at default ports first.",
    mend="Set port in backlog:database to another one.",
)(must("port", lambda number: number not in (None, _POSTGRESQL_PORT), "listens on the default port"))  # fmt: skip

username = rule(
    "rds-username", INSTANCE, control="RDS.25", severity=Severity.MEDIUM,
    why="A name that is guessed leaves only the password to guess.",
    mend="Choose a username of the project's own.",
)(must("username", lambda name: name and name.lower() not in _GUESSED, "has a username to guess"))  # fmt: skip

managed_password = rule(
    "rds-managed-password", INSTANCE, severity=Severity.HIGH,
    why="A password in the program ends in state, in logs, and is never rotated.",
    mend="Set manage_master_user_password and no password.",
)(must("manageMasterUserPassword", lambda on: on is True, "has a password of the program's"))  # fmt: skip


@rule(
    "rds-deletion-protection", INSTANCE, control="RDS.8", severity=Severity.MEDIUM,
    why="One mistaken destroy deletes the data.",
    mend="Set backlog:protect.",
)  # fmt: skip
def deletion_protection(instance: Resource, stack: Stack) -> Iterator[str]:
    if strictness(stack.name).needs_protection and instance.get("deletionProtection") is not True:
        yield "can be deleted in one call"


@rule(
    "rds-final-snapshot", INSTANCE, severity=Severity.HIGH,
    why="What is deleted without a snapshot is gone.",
    mend="Set backlog:protect.",
)  # fmt: skip
def final_snapshot(instance: Resource, stack: Stack) -> Iterator[str]:
    if strictness(stack.name).needs_protection and instance.get("skipFinalSnapshot"):
        yield "leaves no final snapshot"


@rule(
    "rds-backups", INSTANCE, control="RDS.11", severity=Severity.MEDIUM,
    why="A mistake that is found later than the oldest backup can't be undone.",
    mend="Set backupDays in backlog:database.",
)  # fmt: skip
def backups(instance: Resource, stack: Stack) -> Iterator[str]:
    days, least = instance.get("backupRetentionPeriod", 0), strictness(stack.name).backup_days
    if days < least:
        yield f"keeps backups for {days} days; {least} are asked of {stack.name}"


@rule(
    "rds-private-subnets", INSTANCE, control="RDS.46", severity=Severity.HIGH,
    why="A subnet with a way to the internet gateway is a way to the database.",
    mend="Place its subnet group in the private subnets.",
)  # fmt: skip
def private_subnets(instance: Resource, stack: Stack) -> Iterator[str]:
    groups = stack.linked(instance, "dbSubnetGroupName", "aws:rds/subnetGroup:SubnetGroup")
    if not groups:
        raise NotEvaluable("dbSubnetGroupName names a subnet group of no resource of this stack")
    for group in groups:
        for subnet in stack.linked(group, "subnetIds", "aws:ec2/subnet:Subnet"):
            if _public(subnet, stack):
                yield f"may be placed in {subnet.name}, which has a way to the internet"


def _public(subnet: Resource, stack: Stack) -> bool:
    return any(
        route.get("destinationCidrBlock") == "0.0.0.0/0" and "gatewayId" in route.links
        for association in stack.referring("aws:ec2/routeTableAssociation:RouteTableAssociation", "subnetId", subnet)
        for table in stack.linked(association, "routeTableId", "aws:ec2/routeTable:RouteTable")
        for route in stack.referring("aws:ec2/route:Route", "routeTableId", table)
    )


@rule(
    "rds-force-ssl", GROUP, severity=Severity.HIGH,
    why="A client that does not ask for TLS would send its password and data in clear.",
    mend="Set rds.force_ssl to 1 (tls in backlog:database).",
)  # fmt: skip
def force_ssl(group: Resource, _: Stack) -> Iterator[str]:
    values = {entry.get("name"): str(entry.get("value")) for entry in group.get("parameters", [])}
    if values.get("rds.force_ssl") != "1":
        yield "takes connections without TLS"
