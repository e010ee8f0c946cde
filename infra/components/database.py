"""The database: PostgreSQL on RDS, whose master password RDS makes and keeps in Secrets Manager.

Creates: subnet group, parameter group (TLS forced where configured), and the instance.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

_NAME = "backlog"
_GIB = 1024**3  # bytes
#: GiB of memory by the size's name; the families of much memory (r, x) have twice as much from `large` on.
_MEMORY = {"micro": 1, "small": 2, "medium": 4, "large": 8, "xlarge": 16}


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    """Storage in GiB, backups in days.

    `protect` refuses deletion, leaves a final snapshot, and lets changes wait for the maintenance window.
    """

    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_id: pulumi.Input[str]
    engine_version: str
    instance_class: str
    storage_gib: int
    max_storage_gib: int
    multi_az: bool
    backup_days: int
    performance_insights: bool
    port: int
    tls: bool
    protect: bool


class Database(pulumi.ComponentResource):
    """Attributes: `host`, `port`, `endpoint`, `database` (its name), `secret_arn` (JSON with username and password).

    For alarms: `identifier`, `storage_gib` and `max_connections`.
    """

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:Database", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        subnets = aws.rds.SubnetGroup(name, subnet_ids=args.subnet_ids, description="Backlog database", opts=child)
        parameters = aws.rds.ParameterGroup(
            name,
            family=f"postgres{args.engine_version.split('.')[0]}",
            description="Backlog database",
            parameters=[aws.rds.ParameterGroupParameterArgs(name="rds.force_ssl", value=str(int(args.tls)))],
            opts=child,
        )
        instance = aws.rds.Instance(
            name,
            engine="postgres",
            engine_version=args.engine_version,
            instance_class=args.instance_class,
            allocated_storage=args.storage_gib,
            max_allocated_storage=args.max_storage_gib,
            storage_type="gp3",
            storage_encrypted=True,
            db_name=_NAME,
            username=_NAME,
            manage_master_user_password=True,
            port=args.port,
            publicly_accessible=False,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[args.security_group_id],
            parameter_group_name=parameters.name,
            multi_az=args.multi_az,
            backup_retention_period=args.backup_days,
            copy_tags_to_snapshot=True,
            auto_minor_version_upgrade=True,
            deletion_protection=args.protect,
            skip_final_snapshot=not args.protect,
            # The group's name has a random part: a stack that is made anew can leave a snapshot of its own.
            final_snapshot_identifier=pulumi.Output.format("{0}-final", subnets.name) if args.protect else None,
            apply_immediately=not args.protect,
            enabled_cloudwatch_logs_exports=["postgresql", "upgrade"],
            performance_insights_enabled=args.performance_insights,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        self.host, self.endpoint = instance.address, instance.endpoint
        self.database, self.port = _NAME, args.port
        self.identifier: pulumi.Output[str] = instance.identifier
        self.storage_gib, self.max_connections = args.storage_gib, max_connections(args.instance_class)
        self.secret_arn: pulumi.Output[str] = instance.master_user_secrets.apply(_secret_arn)
        self.register_outputs({"endpoint": self.endpoint})


def max_connections(instance_class: str) -> int:
    """Connections that RDS's default parameter group gives a class: LEAST(memory in bytes / 9531392, 5000).

    The memory that counts is what the instance leaves, so that the true number is somewhat lower.
    Source: RDS User Guide, "Quotas and constraints", maximum number of database connections.
    """
    _, family, size = instance_class.split(".")
    times = size.removesuffix("xlarge")
    memory = _MEMORY["xlarge"] * int(times) if times.isdigit() else _MEMORY.get(size, 1)
    if family[0] in "rx" and memory >= _MEMORY["large"]:
        memory *= 2
    return min(memory * _GIB // 9_531_392, 5_000)


def _secret_arn(secrets: Sequence[aws.rds.outputs.InstanceMasterUserSecret] | None) -> str:
    if not secrets:
        raise pulumi.RunError("RDS made no secret for the master password (manageMasterUserPassword)")
    return str(secrets[0].secret_arn)
