"""A service on Fargate, as API and worker both are one.

Creates: log group, execution role and task role, task definition with a migration before the main container, the
service behind a circuit breaker and alarms that roll back, its scalable target, and the alarm on missing tasks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.components.alarm import alarm
from infra.components.cluster import Cluster
from infra.components.containers import Common, Container, container_definitions
from infra.components.database import Database
from infra.components.firewall import Firewall
from infra.components.load_balancer import LoadBalancer
from infra.components.missing_tasks import missing_tasks
from infra.components.network import Network
from infra.components.registry import ServiceImage
from infra.components.task_role import TaskRole, TaskRoleArgs

_ARCHITECTURE = {"linux/arm64": "ARM64", "linux/amd64": "X86_64"}
_GRACE = 60  # seconds that a new task may fail the load balancer's health check


@dataclass(frozen=True, kw_only=True)
class Place:
    """What every service of a stack shares: region, cluster, network, database, alarms, and how images are built.

    `protect` keeps a mistaken `pulumi destroy` from the services: it is refused before anything is down.
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


@dataclass(frozen=True, kw_only=True)
class Size:
    """CPU units and MiB of a task, how many tasks there are at least and at most, and whether Spot may run them."""

    cpu: int
    memory: int
    min_count: int
    max_count: int
    spot: bool


@dataclass(frozen=True, kw_only=True)
class FargateServiceArgs:
    """`statements` are what the task's own code may do; ECS's own rights follow from image, logs and secret.

    `after` is what must be there before the first task starts, beside what every service needs. `deployment_alarms` are
    names of alarms that roll a deployment back, where its tasks stay up but do their work badly.
    """

    place: Place
    size: Size
    security_group_id: pulumi.Input[str]
    image: ServiceImage
    container: Container
    statements: Sequence[Mapping[str, Any]]
    after: Sequence[pulumi.Resource] = ()
    load_balancer: LoadBalancer | None = None
    deployment_alarms: Sequence[pulumi.Input[str]] = ()


class FargateService(pulumi.ComponentResource):
    """Attributes: `name` of the service, `target` that scaling policies belong to, `log_group_name`, `alarm_arn`."""

    def __init__(self, name: str, args: FargateServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:FargateService", name, None, opts)
        place, size, child = args.place, args.size, pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=place.protect)

        logs = aws.cloudwatch.LogGroup(name, retention_in_days=place.log_retention_days, opts=child)
        execution, task = (
            TaskRole(
                f"{name}-{purpose}",
                TaskRoleArgs(cluster_arn=place.cluster.arn, statements=statements),
                opts=child,
            )
            for purpose, statements in (
                ("execution", _execution_statements(args, logs)),
                ("task", args.statements),
            )
        )
        definition = aws.ecs.TaskDefinition(
            name,
            family=f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}",
            cpu=str(size.cpu),
            memory=str(size.memory),
            network_mode="awsvpc",
            requires_compatibilities=["FARGATE"],
            execution_role_arn=execution.arn,
            task_role_arn=task.arn,
            runtime_platform=aws.ecs.TaskDefinitionRuntimePlatformArgs(
                operating_system_family="LINUX", cpu_architecture=_ARCHITECTURE[place.platform]
            ),
            container_definitions=pulumi.Output.json_dumps(
                container_definitions(name, args.container, _common(args, logs))
            ),
            opts=child,
        )
        service = aws.ecs.Service(
            name,
            cluster=place.cluster.arn,
            task_definition=definition.arn,
            desired_count=size.min_count,
            capacity_provider_strategies=[
                aws.ecs.ServiceCapacityProviderStrategyArgs(
                    capacity_provider="FARGATE_SPOT" if size.spot else "FARGATE", weight=1
                )
            ],
            # Without it a change between Fargate and Spot would replace the service.
            force_new_deployment=True,
            network_configuration=aws.ecs.ServiceNetworkConfigurationArgs(
                subnets=place.network.task_subnet_ids,
                security_groups=[args.security_group_id],
                assign_public_ip=place.network.assign_public_ip,
            ),
            load_balancers=_load_balancers(name, args),
            health_check_grace_period_seconds=_GRACE if args.load_balancer else None,
            deployment_circuit_breaker=aws.ecs.ServiceDeploymentCircuitBreakerArgs(enable=True, rollback=True),
            alarms=_rollback_by(args.deployment_alarms),
            deployment_minimum_healthy_percent=100,
            deployment_maximum_percent=200,
            wait_for_steady_state=True,
            propagate_tags="SERVICE",
            enable_ecs_managed_tags=True,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=place.protect,
                ignore_changes=["desiredCount"],  # autoscaling's from the first task on
                # A task that starts before its rights, its way out or its way to the database would only fail, and
                # count against the circuit breaker; one that outlives them could not stop cleanly.
                depends_on=[
                    execution,
                    task,
                    place.cluster,
                    place.network,
                    place.firewall,
                    *([args.load_balancer] if args.load_balancer else []),
                    *args.after,
                ],
            ),
        )
        self.target = aws.appautoscaling.Target(
            name,
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            min_capacity=size.min_count,
            max_capacity=size.max_count,
            resource_id=pulumi.Output.format("service/{0}/{1}", place.cluster.name, service.name),
            opts=kept,
        )
        missing = alarm(
            f"{name}-tasks",
            missing_tasks(place.cluster.name, service.name, may_sleep=size.min_count == 0),
            place.alarm_topic_arn,
            child,
        )
        self.alarm_arn: pulumi.Output[str] = missing.arn
        self.name: pulumi.Output[str] = service.name
        self.log_group_name: pulumi.Output[str] = logs.name
        self.register_outputs({"name": self.name})


def _execution_statements(args: FargateServiceArgs, logs: aws.cloudwatch.LogGroup) -> list[Mapping[str, Any]]:
    """What ECS itself does to start a task: pull, log, read the secret. The token's action knows no resource."""
    return [
        {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            "Resource": args.image.repository_arn,
        },
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": pulumi.Output.format("{0}:*", logs.arn),
        },
        {
            "Effect": "Allow",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": args.place.database.secret_arn,
        },
    ]


def _common(args: FargateServiceArgs, logs: aws.cloudwatch.LogGroup) -> Common:
    """The database's variables, and its secret by reference: no value of it is in the definition."""
    place, database = args.place, args.place.database
    return Common(
        image=args.image.digest,
        environment={
            "AWS_REGION": place.region,
            "DATABASE_HOST": database.host,
            "DATABASE_NAME": database.database,
            "DATABASE_PORT": str(database.port),
            "DATABASE_SSLMODE": place.sslmode,
        },
        secrets={
            "DATABASE_USER": pulumi.Output.format("{0}:username::", database.secret_arn),
            "DATABASE_PASSWORD": pulumi.Output.format("{0}:password::", database.secret_arn),
        },
        region=place.region,
        log_group=logs.name,
    )


def _rollback_by(alarms: Sequence[pulumi.Input[str]]) -> aws.ecs.ServiceAlarmsArgs | None:
    """ECS watches them while it deploys and for a while after (bake time, which follows from the alarms' minutes).

    Source: Amazon ECS Developer Guide, "How CloudWatch alarms detect Amazon ECS deployment failures".
    """
    return aws.ecs.ServiceAlarmsArgs(alarm_names=list(alarms), enable=True, rollback=True) if alarms else None


def _load_balancers(name: str, args: FargateServiceArgs) -> list[aws.ecs.ServiceLoadBalancerArgs] | None:
    if args.load_balancer is None or args.container.port is None:
        return None
    return [
        aws.ecs.ServiceLoadBalancerArgs(
            target_group_arn=args.load_balancer.target_group_arn,
            container_name=name,
            container_port=args.container.port,
        )
    ]
