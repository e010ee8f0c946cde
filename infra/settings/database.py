"""What the PostgreSQL instance is."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from infra.database_class import memory_gib
from infra.mistakes import Whole
from infra.settings.model import Model
from infra.windows import DAILY, SHORTEST, WEEKLY, Window

#: Days that Performance Insights keeps for nothing; RDS's default.
INSIGHTS_DAYS = 7
_MONTH = 31  # days, as Performance Insights counts them
_ADVANCED_DAYS = 15 * _MONTH


def _known(instance_class: str) -> str:
    memory_gib(instance_class)
    return instance_class


def _insights_days(days: int) -> int:
    """Source: RDS API Reference, CreateDBInstance, PerformanceInsightsRetentionPeriod."""
    if days not in (INSIGHTS_DAYS, 731, *range(_MONTH, 24 * _MONTH, _MONTH)):
        raise ValueError(f"must be {INSIGHTS_DAYS}, 731 or a multiple of {_MONTH} under 731, not {days}")
    return days


def _monitoring_seconds(seconds: int) -> int:
    """Source: RDS API Reference, CreateDBInstance, MonitoringInterval."""
    if seconds not in (allowed := (0, 1, 5, 10, 15, 30, 60)):
        raise ValueError(f"must be one of {', '.join(map(str, allowed))}, not {seconds}")
    return seconds


class DatabaseSettings(Model):
    """The PostgreSQL instance."""

    engine_version: str = Field(
        default="18", pattern=r"^\d+(\.\d+)?$", description="PostgreSQL's version; the major one alone lets RDS choose"
    )
    major_upgrade: bool = Field(
        default=False, description="let a new engineVersion be of the next major version: minutes without a database"
    )
    minor_upgrades: bool = Field(default=True, description="take minor versions by itself, in the maintenance window")
    instance_class: Annotated[str, AfterValidator(_known)] = Field(
        default="db.t4g.micro", pattern=r"^db\.\w+\.\w+$", description="RDS instance class"
    )
    storage_gib: Whole = Field(default=20, ge=20, le=65_536, description="GiB at first")
    max_storage_gib: Whole = Field(default=100, ge=20, le=65_536, description="GiB that storage may grow to by itself")
    kms_key_arn: str | None = Field(
        default=None,
        pattern=r"^arn:aws[\w-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+$",
        description="key that encrypts storage, backups, insights and logins instead of AWS's own; another key is "
        "another, empty database",
    )
    multi_az: bool = Field(default=False, description="a standby in the other zone")
    backup_days: Whole = Field(default=1, ge=0, le=35, description="days that automated backups are kept")
    backup_window: str = Field(default="07:00-07:30", pattern=DAILY, description="when backups are made, in UTC")
    maintenance_window: str = Field(
        default="sun:08:00-sun:08:30", pattern=WEEKLY, description="when changes that wait are made, in UTC"
    )
    final_snapshot: bool = Field(default=False, description="leave a snapshot when the database is deleted")
    performance_insights: bool = Field(default=False, description="which statements wait for what")
    performance_insights_days: Annotated[Whole, AfterValidator(_insights_days)] = Field(
        default=INSIGHTS_DAYS, description=f"days that it is kept; over {INSIGHTS_DAYS} is paid for"
    )
    database_insights: Literal["standard", "advanced"] = Field(
        default="standard",
        description=f"CloudWatch Database Insights; advanced needs performanceInsightsDays {_ADVANCED_DAYS}",
    )
    monitoring_seconds: Annotated[Whole, AfterValidator(_monitoring_seconds)] = Field(
        default=0, description="between two looks at the machine's processes and memory (enhanced monitoring); 0 is off"
    )
    ca_certificate: Literal["rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"] | None = Field(
        default=None, description="authority that signs the server's certificate; RDS's default where left out"
    )
    iam_auth: bool = Field(default=False, description="API and worker log in by IAM's tokens, and have no password")
    port: Whole = Field(default=5432, ge=1_150, le=65_535, description="port that PostgreSQL listens on (RDS's range)")
    tls: bool = Field(
        default=True, description="refuse connections without TLS; off on one machine, where they are loopback"
    )

    verify_certificate: bool = Field(
        default=True,
        description="where there is TLS, ask the server for a certificate of RDS's authorities, in its name",
    )

    @property
    def sslmode(self) -> Literal["verify-full", "require", "disable"]:
        """The name that libpq has for it."""
        if not self.tls:
            return "disable"
        return "verify-full" if self.verify_certificate else "require"

    def contradictions(self) -> Iterator[str]:
        """See Model."""
        yield from super().contradictions()
        # RDS User Guide, "Managing capacity automatically": the threshold is at least a tenth over what is allocated.
        if self.storage_gib < self.max_storage_gib < self.storage_gib * 1.1 or self.max_storage_gib < self.storage_gib:
            yield (
                f"maxStorageGib {self.max_storage_gib} must be storageGib {self.storage_gib} (no growth) "
                "or at least a tenth more"
            )
        backup, maintenance = Window.daily(self.backup_window), Window.weekly(self.maintenance_window)
        for key, text, window in (
            ("backupWindow", self.backup_window, backup),
            ("maintenanceWindow", self.maintenance_window, maintenance),
        ):
            if window.length < SHORTEST:
                yield f"{key} {text} is {window.length} minutes long; RDS asks for {SHORTEST} at least"
        if backup.overlaps(maintenance):
            yield (
                f"backupWindow {self.backup_window} overlaps maintenanceWindow {self.maintenance_window}: "
                "RDS refuses them together"
            )
        if self.iam_auth and not self.tls:
            yield "iamAuth true needs tls true: a token is a password, and would travel in clear"
        if self.performance_insights_days != INSIGHTS_DAYS and not self.performance_insights:
            yield f"performanceInsightsDays {self.performance_insights_days} needs performanceInsights true"
        if self.database_insights == "advanced" and (
            not self.performance_insights or self.performance_insights_days < _ADVANCED_DAYS
        ):
            yield (
                f"databaseInsights advanced needs performanceInsights true and performanceInsightsDays "
                f"{_ADVANCED_DAYS} at least, not {self.performance_insights_days}"
            )
