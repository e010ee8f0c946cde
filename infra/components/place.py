"""What the services of a stack share. Creates no resource."""

from dataclasses import dataclass

import pulumi

from infra.components.cluster import Cluster
from infra.components.database import Database
from infra.components.firewall import Firewall
from infra.components.network import Network


@dataclass(frozen=True, kw_only=True)
class Place:
    """What every service of a stack shares: region, cluster, network, database, alarms, and how images are built.

    `protect` keeps a mistaken `pulumi destroy` from the services: it is refused before anything is down.
    `wait` ends an update when its tasks are up. `otlp_endpoint` takes traces, where there is one.
    """

    region: str
    cluster: Cluster
    network: Network
    firewall: Firewall
    database: Database
    alarm_topic_arn: pulumi.Input[str]
    sslmode: str
    platform: str
    log_retention_days: int
    protect: bool
    wait: bool
    otlp_endpoint: str | None
