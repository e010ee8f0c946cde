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
from infra.components.containers import SCRATCH, Common, Container, container_definitions
from infra.components.given_image import GivenImage
from infra.components.load_balancer import LoadBalancer
from infra.components.missing_tasks import missing_tasks
from infra.components.place import Place
from infra.components.registry import ServiceImage
from infra.components.size import Size
from infra.components.task_metrics import TaskMetrics
from infra.components.task_role import TaskRole, TaskRoleArgs

_ARCHITECTURE = {"linux/arm64": "ARM64", "linux/amd64": "X86_64"}
_GRACE = 60  # seconds that a new task may fail the load balancer's health check


@dataclass(frozen=True, kw_only=True)
class FargateServiceArgs:
    """`statements` are what the task's own code may do; ECS's own rights follow from image, logs and secrets.

    `secret_arns` are those that the container's own secrets are in.

    `after` is what must be there before the first task starts, beside what every service needs. `deployment_alarms` are
    names of alarms that roll a deployment back, where its tasks stay up but do their work badly.
    """

    place: Place
    size: Size
    security_group_id: pulumi.Input[str]
    image: ServiceImage | GivenImage
    container: Container
    statements: Sequence[Mapping[str, Any]]
    secret_arns: Sequence[pulumi.Input[str]] = ()
    after: Sequence[pulumi.Resource] = ()
    load_balancer: LoadBalancer | None = None
    deployment_alarms: Sequence[pulumi.Input[str]] = ()


class FargateService(pulumi.ComponentResource):
    """Attributes: `name` of the service, `tasks` (metrics of their number), `alarm_arn`, `target`.

    Scaling policies belong to the target; there is none where the number of tasks is fixed. `declared` is what
    operations/as_declared.py holds against what runs.
    """

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
                (
                    "task",
                    [
                        *args.statements,
                        *place.database.login.statements,
                        *(place.cluster.exec_statements if size.exec else ()),
                    ],
                ),
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
            volumes=[aws.ecs.TaskDefinitionVolumeArgs(name=SCRATCH)],
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
            capacity_provider_strategies=_capacity(size),
            enable_execute_command=size.exec or None,
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
            wait_for_steady_state=place.wait,
            propagate_tags="SERVICE",
            enable_ecs_managed_tags=True,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=place.protect,
                ignore_changes=["desiredCount"] if size.scaled else [],  # autoscaling's from the first task on
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
        self.target = (
            aws.appautoscaling.Target(
                name,
                service_namespace="ecs",
                scalable_dimension="ecs:service:DesiredCount",
                min_capacity=size.min_count,
                max_capacity=size.max_count,
                resource_id=pulumi.Output.format("service/{0}/{1}", place.cluster.name, service.name),
                opts=kept,
            )
            if size.scaled
            else None
        )
        self.tasks = TaskMetrics(cluster=place.cluster.name, service=service.name, insights=place.cluster.insights)
        missing = alarm(f"{name}-tasks", missing_tasks(self.tasks, size.min_count), place.alarm_topic_arn, child)
        self.alarm_arn: pulumi.Output[str] = missing.arn
        self.name: pulumi.Output[str] = service.name
        self.declared: dict[str, pulumi.Input[str] | None] = {
            "name": service.name,
            "task_definition": definition.arn,
            "image": args.image.digest,
            "target_group": args.load_balancer.target_group_arn if args.load_balancer else None,
        }
        self.register_outputs({"name": self.name})


def _execution_statements(args: FargateServiceArgs, logs: aws.cloudwatch.LogGroup) -> list[Mapping[str, Any]]:
    """What ECS itself does to start a task: pull, log, read the secret. The token's action knows no resource."""
    pull: list[Mapping[str, Any]] = [
        {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            "Resource": args.image.repository_arn,
        },
    ]
    login = args.place.database.login
    return [
        *(pull if args.image.repository_arn is not None else []),
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": pulumi.Output.format("{0}:*", logs.arn),
        },
        {
            "Effect": "Allow",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": login.secret_arns,
        },
        *([_decrypt(login.kms_key_arn, args.place.region)] if login.kms_key_arn else []),
        *({"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn} for arn in args.secret_arns),
    ]


def _decrypt(kms_key_arn: str, region: str) -> Mapping[str, Any]:
    """For secrets alone. Source: ECS Developer Guide, "Task execution IAM role", Secrets Manager permissions."""
    return {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": kms_key_arn,
        "Condition": {"StringEquals": {"kms:ViaService": f"secretsmanager.{region}.amazonaws.com"}},
    }


def _common(args: FargateServiceArgs, logs: aws.cloudwatch.LogGroup) -> Common:
    """The database's variables, and its secrets by reference: no value of them is in the definition."""
    place, database = args.place, args.place.database
    return Common(
        image=args.image.digest,
        environment={
            "AWS_REGION": place.region,
            "DATABASE_HOST": database.host,
            "DATABASE_NAME": database.database,
            "DATABASE_PORT": str(database.port),
            "DATABASE_SSLMODE": place.sslmode,
            **({"OTEL_EXPORTER_OTLP_ENDPOINT": place.otlp_endpoint} if place.otlp_endpoint else {}),
        },
        login=database.login,
        region=place.region,
        log_group=logs.name,
        read_only=not args.size.exec,
    )


def _capacity(size: Size) -> list[aws.ecs.ServiceCapacityProviderStrategyArgs]:
    """Where tasks run: the base first, and of the others each provider's share by its weight.

    Source: Amazon ECS API Reference, CapacityProviderStrategyItem.
    """
    strategy = aws.ecs.ServiceCapacityProviderStrategyArgs
    if not size.spot:
        return [strategy(capacity_provider="FARGATE", weight=1)]
    if not size.on_demand_base and not size.on_demand_percent:
        return [strategy(capacity_provider="FARGATE_SPOT", weight=1)]
    return [
        strategy(capacity_provider="FARGATE", base=size.on_demand_base, weight=size.on_demand_percent),
        strategy(capacity_provider="FARGATE_SPOT", weight=100 - size.on_demand_percent),
    ]


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
