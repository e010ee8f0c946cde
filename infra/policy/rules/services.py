"""ECS: how tasks are run."""

from collections.abc import Iterator

from infra.policy.resources import Resource, Stack
from infra.policy.rule import Severity, rule

SERVICE = "aws:ecs/service:Service"
CLUSTER = "aws:ecs/cluster:Cluster"


@rule(
    "ecs-no-public-ip", SERVICE, control="ECS.2", severity=Severity.HIGH,
    why="A task with a public address is one firewall mistake from the internet.",
    mend="Set backlog:egress to nat or nat-per-zone; it costs a NAT gateway.",
)  # fmt: skip
def no_public_ip(service: Resource, _: Stack) -> Iterator[str]:
    if service.get("networkConfiguration.assignPublicIp"):
        yield "gives its tasks public addresses"


@rule(
    "ecs-platform-version", SERVICE, control="ECS.10", severity=Severity.MEDIUM,
    why="An older Fargate platform misses its security updates.",
    mend="Leave platform_version out, or set it to LATEST.",
)  # fmt: skip
def platform_version(service: Resource, _: Stack) -> Iterator[str]:
    if (version := service.get("platformVersion", "LATEST")) != "LATEST":
        yield f"stays on platform version {version}"


@rule(
    "ecs-circuit-breaker", SERVICE, severity=Severity.HIGH,
    why="A deployment that can't start is tried for hours, and nothing brings the old one back.",
    mend="Set deployment_circuit_breaker with enable and rollback.",
)  # fmt: skip
def circuit_breaker(service: Resource, _: Stack) -> Iterator[str]:
    for part in ("enable", "rollback"):
        if service.get(f"deploymentCircuitBreaker.{part}") is not True:
            yield f"has no circuit breaker that can {part}"


@rule(
    "ecs-container-insights", CLUSTER, control="ECS.12", severity=Severity.MEDIUM,
    why="Autoscaling divides by the number of running tasks, which only Container Insights counts.",
    mend="Set backlog:containerInsights to enabled or enhanced.",
)  # fmt: skip
def container_insights(cluster: Resource, _: Stack) -> Iterator[str]:
    settings = {entry.get("name"): entry.get("value") for entry in cluster.get("settings", [])}
    if settings.get("containerInsights") not in ("enabled", "enhanced"):
        yield "has no Container Insights"
