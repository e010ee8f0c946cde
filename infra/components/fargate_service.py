"""A service on Fargate, as API and worker both are one.

Creates: log group, execution role and task role, task definition with a migration before the main container, and the
service behind a circuit breaker that rolls back, and its scalable target.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.components.cluster import Cluster
from infra.components.database import Database
from infra.components.load_balancer import LoadBalancer
from infra.components.network import Network
from infra.components.registry import ServiceImage

_MIGRATE = ["python", "-m", "backlog_todos.migrate"]
_ARCHITECTURE = {"linux/arm64": "ARM64", "linux/amd64": "X86_64"}


@dataclass(frozen=True, kw_only=True)
class Container:
    """The main container. `stop_timeout` is the seconds between SIGTERM and SIGKILL, at most 120."""

    command: Sequence[str]
    health_command: Sequence[str]
    environment: Mapping[str, pulumi.Input[str]]
    stop_timeout: int
    port: int | None = None


@dataclass(frozen=True, kw_only=True)
class Place:
    """What every service of a stack shares: account, region, cluster, network, database, and how images are built."""

    account_id: str
    region: str
    cluster: Cluster
    network: Network
    database: Database
    sslmode: str
    platform: str
    log_retention_days: int


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
    """`statements` are what the task's own code may do; ECS's own rights follow from image, logs and secret."""

    place: Place
    size: Size
    security_group_id: pulumi.Input[str]
    image: ServiceImage
    container: Container
    statements: Sequence[Mapping[str, Any]]
    load_balancer: LoadBalancer | None = None


class FargateService(pulumi.ComponentResource):
    """Attributes: `name` of the service, `target` that scaling policies belong to, `log_group_name`."""

    def __init__(self, name: str, args: FargateServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:FargateService", name, None, opts)
        self._name, self._args, self._child = name, args, pulumi.ResourceOptions(parent=self)

        place, size = args.place, args.size
        logs = aws.cloudwatch.LogGroup(name, retention_in_days=place.log_retention_days, opts=self._child)
        execution, execution_policy = self._role("execution", self._execution_statements(logs))
        task, task_policy = self._role("task", list(args.statements))
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
            container_definitions=pulumi.Output.json_dumps(self._containers(logs)),
            opts=self._child,
        )
        balancer = args.load_balancer
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
            network_configuration=aws.ecs.ServiceNetworkConfigurationArgs(
                subnets=place.network.task_subnet_ids,
                security_groups=[args.security_group_id],
                assign_public_ip=place.network.assign_public_ip,
            ),
            load_balancers=[
                aws.ecs.ServiceLoadBalancerArgs(
                    target_group_arn=balancer.target_group_arn, container_name=name, container_port=args.container.port
                )
            ]
            if balancer and args.container.port
            else None,
            health_check_grace_period_seconds=60 if balancer else None,
            deployment_circuit_breaker=aws.ecs.ServiceDeploymentCircuitBreakerArgs(enable=True, rollback=True),
            deployment_minimum_healthy_percent=100,
            deployment_maximum_percent=200,
            wait_for_steady_state=True,
            propagate_tags="SERVICE",
            enable_ecs_managed_tags=True,
            opts=pulumi.ResourceOptions(
                parent=self,
                ignore_changes=["desiredCount"],  # autoscaling's from the first task on
                # Without its rights a task would start only to fail, and count against the circuit breaker.
                depends_on=[
                    execution_policy,
                    task_policy,
                    place.cluster.capacity,
                    *([balancer.listener] if balancer else []),
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
            opts=self._child,
        )
        self.name: pulumi.Output[str] = service.name
        self.log_group_name: pulumi.Output[str] = logs.name
        self.register_outputs({"name": self.name})

    def _role(self, purpose: str, statements: Sequence[Mapping[str, Any]]) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        label, place = f"{self._name}-{purpose}", self._args.place
        role = aws.iam.Role(
            label,
            assume_role_policy=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                            "Condition": {
                                "StringEquals": {"aws:SourceAccount": place.account_id},
                                "ArnLike": {"aws:SourceArn": f"arn:aws:ecs:{place.region}:{place.account_id}:*"},
                            },
                        }
                    ],
                }
            ),
            opts=self._child,
        )
        policy = aws.iam.RolePolicy(
            label,
            role=role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)}),
            opts=self._child,
        )
        return role, policy

    def _execution_statements(self, logs: aws.cloudwatch.LogGroup) -> list[Mapping[str, Any]]:
        """What ECS itself does to start a task: pull, log, read the secret. The token's action knows no resource."""
        return [
            {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
            {
                "Effect": "Allow",
                "Resource": self._args.image.repository_arn,
                "Action": ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            },
            {
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": pulumi.Output.format("{0}:*", logs.arn),
            },
            {
                "Effect": "Allow",
                "Action": "secretsmanager:GetSecretValue",
                "Resource": self._args.place.database.secret_arn,
            },
        ]

    def _containers(self, logs: aws.cloudwatch.LogGroup) -> list[dict[str, Any]]:
        """Container definitions, their keys and lists in a stable order, without fields that AWS would add or drop."""
        place, main = self._args.place, self._args.container
        database = place.database
        environment = {
            "AWS_REGION": place.region,
            "DATABASE_HOST": database.host,
            "DATABASE_NAME": database.database,
            "DATABASE_PORT": database.port.apply(str),
            "DATABASE_SSLMODE": place.sslmode,
        }
        secrets = [
            {
                "name": f"DATABASE_{key.upper()}",
                "valueFrom": pulumi.Output.format("{0}:{1}::", database.secret_arn, json_key),
            }
            for key, json_key in (("password", "password"), ("user", "username"))
        ]

        def container(
            label: str, *, essential: bool, command: Sequence[str], variables: Mapping[str, Any]
        ) -> dict[str, Any]:
            return {
                "name": label,
                "image": self._args.image.digest,
                "essential": essential,
                "command": list(command),
                "environment": [{"name": key, "value": variables[key]} for key in sorted(variables)],
                "secrets": secrets,
                "linuxParameters": {"initProcessEnabled": True},
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": logs.name,
                        "awslogs-region": place.region,
                        "awslogs-stream-prefix": label,
                    },
                },
            }

        migrate = container("migrate", essential=False, command=_MIGRATE, variables=environment)
        essential = container(
            self._name, essential=True, command=main.command, variables={**environment, **main.environment}
        )
        essential |= {
            "dependsOn": [{"containerName": "migrate", "condition": "SUCCESS"}],
            "healthCheck": {
                "command": list(main.health_command),
                "interval": 10,
                "timeout": 5,
                "retries": 3,
                "startPeriod": 30,
            },
            "stopTimeout": main.stop_timeout,
        }
        if main.port is not None:
            essential["portMappings"] = [{"containerPort": main.port, "hostPort": main.port, "protocol": "tcp"}]
        return [migrate, essential]
