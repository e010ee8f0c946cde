"""The database: PostgreSQL on RDS, whose master password RDS makes and keeps in Secrets Manager.

Creates: subnet group, parameter group (TLS forced where configured), the instance, what it tells CloudWatch (see
database_monitoring.py), and how tasks log in to it (see database_login.py).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components.database_login import password_login, token_login
from infra.components.database_monitoring import log_groups, monitoring_role
from infra.database_class import memory_gib
from infra.settings.database import INSIGHTS_DAYS

_NAME = "backlog"
_LOGS = ("postgresql", "upgrade")


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    """Storage in GiB, backups and logs in days, windows in UTC; the settings say what each means.

    `protect` refuses deletion, and lets changes wait for the maintenance window.
    """

    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_id: pulumi.Input[str]
    log_retention_days: int
    protect: bool
    engine_version: str
    major_upgrade: bool
    minor_upgrades: bool
    instance_class: str
    storage_gib: int
    max_storage_gib: int
    kms_key_arn: str | None
    multi_az: bool
    backup_days: int
    backup_window: str
    maintenance_window: str
    final_snapshot: bool
    performance_insights: bool
    performance_insights_days: int
    database_insights: str
    monitoring_seconds: int
    ca_certificate: str | None
    iam_auth: bool
    port: int
    tls: bool


class Database(pulumi.ComponentResource):
    """Attributes: `host`, `port`, `endpoint`, `database` (its name), `login` of its tasks.

    For alarms: `identifier`, `storage_gib` and `memory_gib`.
    """

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:Database", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        subnets = aws.rds.SubnetGroup(name, subnet_ids=args.subnet_ids, description="Backlog database", opts=child)
        # One name for group, instance and snapshot: the logs' groups need it before there is an instance, and its
        # random part lets a stack that is made anew leave a snapshot of its own.
        identifier = subnets.name
        parameters = aws.rds.ParameterGroup(
            name,
            family=f"postgres{args.engine_version.split('.')[0]}",
            description="Backlog database",
            parameters=[aws.rds.ParameterGroupParameterArgs(name="rds.force_ssl", value=str(int(args.tls)))],
            opts=child,
        )
        kinds = [*_LOGS, *(["iam-db-auth-error"] if args.iam_auth else [])]
        logs = log_groups(name, identifier, kinds, days=args.log_retention_days, opts=child)
        role, policy = (
            monitoring_role(f"{name}-monitoring", subnets.arn, identifier, child)
            if args.monitoring_seconds
            else (None, None)
        )
        insights, days = args.performance_insights, args.performance_insights_days
        instance = aws.rds.Instance(
            name,
            identifier=identifier,
            engine="postgres",
            engine_version=args.engine_version,
            allow_major_version_upgrade=args.major_upgrade or None,
            auto_minor_version_upgrade=args.minor_upgrades,
            instance_class=args.instance_class,
            allocated_storage=args.storage_gib,
            # Storage that may not grow has no threshold: RDS refuses one that is not over what is allocated.
            max_allocated_storage=args.max_storage_gib if args.max_storage_gib > args.storage_gib else None,
            storage_type="gp3",
            storage_encrypted=True,
            kms_key_id=args.kms_key_arn,
            db_name=_NAME,
            username=_NAME,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=args.kms_key_arn,
            port=args.port,
            publicly_accessible=False,
            iam_database_authentication_enabled=args.iam_auth,
            ca_cert_identifier=args.ca_certificate,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[args.security_group_id],
            parameter_group_name=parameters.name,
            multi_az=args.multi_az,
            backup_retention_period=args.backup_days,
            backup_window=args.backup_window,
            maintenance_window=args.maintenance_window,
            copy_tags_to_snapshot=True,
            deletion_protection=args.protect,
            skip_final_snapshot=not args.final_snapshot,
            final_snapshot_identifier=_snapshot(identifier, args.kms_key_arn) if args.final_snapshot else None,
            apply_immediately=not args.protect,
            enabled_cloudwatch_logs_exports=kinds,
            monitoring_interval=args.monitoring_seconds,
            monitoring_role_arn=role.arn if role else None,
            performance_insights_enabled=insights,
            # What is left at RDS's default is not said: a provider may tell it, or may not.
            performance_insights_retention_period=days if insights and days != INSIGHTS_DAYS else None,
            performance_insights_kms_key_id=args.kms_key_arn if insights else None,
            database_insights_mode="advanced" if args.database_insights == "advanced" else None,
            opts=pulumi.ResourceOptions(
                parent=self, protect=args.protect, depends_on=[*logs, *([policy] if policy else [])]
            ),
        )
        self.host, self.endpoint = instance.address, instance.endpoint
        self.database, self.port = _NAME, args.port
        self.identifier: pulumi.Output[str] = instance.identifier
        self.storage_gib, self.memory_gib = args.storage_gib, memory_gib(args.instance_class)
        owner: pulumi.Output[str] = instance.master_user_secrets.apply(_secret_arn)
        self.login = (
            token_login(owner, instance, kms_key_arn=args.kms_key_arn)
            if args.iam_auth
            else password_login(f"{name}-app", owner, kms_key_arn=args.kms_key_arn, protect=args.protect, opts=child)
        )
        self.register_outputs({"endpoint": self.endpoint})


def _snapshot(identifier: pulumi.Input[str], kms_key_arn: str | None) -> pulumi.Output[str]:
    """The final snapshot's name, another one for each key: a new key replaces the database, which leaves one too."""
    key = f"-{hashlib.sha256(kms_key_arn.encode()).hexdigest()[:8]}" if kms_key_arn else ""
    return pulumi.Output.format("{0}-final{1}", identifier, key)


def _secret_arn(secrets: Sequence[aws.rds.outputs.InstanceMasterUserSecret] | None) -> str:
    if not secrets:
        raise pulumi.RunError("RDS made no secret for the master password (manageMasterUserPassword)")
    return str(secrets[0].secret_arn)
