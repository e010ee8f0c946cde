"""What the network is: zones, addresses, the way out, and what is written down of its traffic."""

import ipaddress
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from infra.settings.model import Model
from infra.settings.region import RegionSettings
from infra.settings.retention import Retention

_ZONES = (2, 3)  # the fewest and the most: what RDS and the load balancer ask for, and what every region has


def _network(cidr: str) -> str:
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError as error:
        raise ValueError(f"is no address range: {error}") from None
    if network.prefixlen != 16 or not network.is_private:  # noqa: PLR2004 - said in the sentence
        raise ValueError(f"must be a private /16, as 10.20.0.0/16 is, not {cidr}")
    return cidr


class FlowLogs(Model):
    """Flow logs of the VPC, in CloudWatch Logs."""

    retention_days: Retention = Field(default=14, description="days that flow logs are kept")


class NetworkSettings(RegionSettings):
    """The network."""

    availability_zones: tuple[str, ...] = Field(description="two or three zones of the region")
    vpc_cidr: Annotated[str, AfterValidator(_network)] = Field(
        default="10.20.0.0/16", description="address range of the VPC, a /16"
    )
    egress: Literal["public-ip", "nat", "nat-per-zone", "endpoints"] = Field(
        default="public-ip",
        description="how tasks reach AWS: public addresses (cheapest), one NAT gateway, one in each zone, or interface "
        "endpoints of the services that they call, and no way to the internet",
    )
    flow_logs: FlowLogs | None = Field(default=None, description="who talked to whom in the VPC, in CloudWatch Logs")

    @field_validator("availability_zones")
    @classmethod
    def _zones(cls, zones: tuple[str, ...], others: ValidationInfo) -> tuple[str, ...]:
        if len(zones) not in _ZONES or len(set(zones)) != len(zones):
            raise ValueError(f"must be two or three different zones, not {list(zones)}")
        region = others.data.get("region")
        if region and (strange := [zone for zone in zones if not zone.startswith(region)]):
            raise ValueError(f"{', '.join(strange)}: not in aws:region {region}")
        return zones
