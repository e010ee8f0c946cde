"""The only reader of configuration: Pulumi.STACK.yaml becomes a frozen, typed `Settings`, or every mistake at once.

A file for each area of a stack; `stack` puts them together and `reading` reads them.
"""

from infra.settings.broker import BrokerSettings
from infra.settings.database import DatabaseSettings
from infra.settings.lab import LabSettings
from infra.settings.load_balancer import HTTP, HTTPS, Domain, LoadBalancerSettings, Oidc
from infra.settings.reading import load, load_lab, only_lab, parse, parse_any
from infra.settings.region import REGION
from infra.settings.registry import RegistrySettings
from infra.settings.retention import RETENTION
from infra.settings.stack import Settings
from infra.settings.tasks import FARGATE, ApiSettings, TaskSize, WorkerSettings

__all__ = [
    "FARGATE",
    "HTTP",
    "HTTPS",
    "REGION",
    "RETENTION",
    "ApiSettings",
    "BrokerSettings",
    "DatabaseSettings",
    "Domain",
    "LabSettings",
    "LoadBalancerSettings",
    "Oidc",
    "RegistrySettings",
    "Settings",
    "TaskSize",
    "WorkerSettings",
    "load",
    "load_lab",
    "only_lab",
    "parse",
    "parse_any",
]
