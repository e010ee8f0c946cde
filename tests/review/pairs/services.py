"""Changes of a service on Fargate behind a load balancer, of its network, and of its database."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.review.finding import Verdict
from tests.review.pairs import Pair, Program

_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
_EXECUTION = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
_REPOSITORY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/api"


@dataclass(frozen=True)
class Api:
    """A service of two tasks behind a load balancer; each pair changes one thing of it."""

    image: str = f"{_REPOSITORY}@sha256:{'a' * 64}"
    variables: dict[str, str] = field(default_factory=lambda: {"LOG_LEVEL": "info"})
    service: dict[str, Any] = field(default_factory=dict)
    balanced: bool = True
    role: bool = True
    role_name: str | None = None
    role_path: str | None = None
    attached: bool = True
    cluster_name: str | None = None

    def __call__(self) -> None:
        """Declare it."""
        role = aws.iam.Role("execution", name=self.role_name, path=self.role_path, assume_role_policy=_TRUST)
        if self.attached:
            aws.iam.RolePolicyAttachment("execution", role=role.name, policy_arn=_EXECUTION)
        cluster = aws.ecs.Cluster("cluster", name=self.cluster_name)
        container = {
            "name": "api",
            "image": self.image,
            "portMappings": [{"containerPort": 8080}],
            "environment": [{"name": name, "value": value} for name, value in self.variables.items()],
        }
        definition = aws.ecs.TaskDefinition(
            "api",
            family="api",
            cpu="256",
            memory="512",
            network_mode="awsvpc",
            requires_compatibilities=["FARGATE"],
            execution_role_arn=role.arn if self.role else None,
            container_definitions=json.dumps([container]),
        )
        group = aws.lb.TargetGroup(
            "api",
            port=8080,
            protocol="HTTP",
            target_type="ip",
            vpc_id="vpc-0a1b2c3d4e5f60718",
            health_check={"path": "/up"},
        )
        given: dict[str, Any] = {
            "cluster": cluster.arn,
            "task_definition": definition.arn,
            "desired_count": 2,
            "launch_type": "FARGATE",
            "network_configuration": {"subnets": ["subnet-0a1b2c3d4e5f60718"]},
            "deployment_circuit_breaker": {"enable": True, "rollback": True},
            **self.service,
        }
        if self.balanced:
            given["load_balancers"] = [{"target_group_arn": group.arn, "container_name": "api", "container_port": 8080}]
        aws.ecs.Service("api", **given)

    def but(self, **service: Any) -> Program:
        """With other arguments of the service."""
        return replace(self, service={**self.service, **service})


_API = Api()
_WORKER = Api(balanced=False)
_NEW_IMAGE = f"{_REPOSITORY}@sha256:{'b' * 64}"
_NO_GAP = "is deployed anew: its 2 tasks are replaced, rolling, and 2 to 4 run meanwhile"


PAIRS = [
    Pair("an image is bumped", _API, replace(_API, image=_NEW_IMAGE), Verdict.SAFE, says=(_NO_GAP,)),
    Pair(
        "another repository's image",
        _API,
        replace(_API, image=_NEW_IMAGE.replace("/api", "/other")),
        Verdict.LOOK,
        says=(_NO_GAP,),
    ),
    Pair(
        "a variable is changed",
        _API,
        replace(_API, variables={"LOG_LEVEL": "debug"}),
        Verdict.LOOK,
        says=(
            f'{_NO_GAP}; container api: environment LOG_LEVEL: "info" -> "debug"',
            "because of the variable LOG_LEVEL",
        ),
    ),
    Pair(
        "an image is bumped, and half of the tasks serve meanwhile",
        _API.but(deployment_minimum_healthy_percent=50),
        replace(_API, image=_NEW_IMAGE).but(deployment_minimum_healthy_percent=50),
        Verdict.SAFE,
        says=("and 1 to 4 run meanwhile",),
    ),
    Pair(
        "an image is bumped where no task need be healthy",
        _API.but(deployment_minimum_healthy_percent=0),
        replace(_API, image=_NEW_IMAGE).but(deployment_minimum_healthy_percent=0),
        Verdict.DANGEROUS,
        says=("with a gap: its 2 tasks may all stop before a new one runs",),
    ),
    Pair(
        "an image of a worker that may not run twice is bumped",
        _WORKER.but(deployment_minimum_healthy_percent=0, deployment_maximum_percent=100),
        replace(_WORKER, image=_NEW_IMAGE).but(deployment_minimum_healthy_percent=0, deployment_maximum_percent=100),
        Verdict.LOOK,
        says=("with a gap",),
    ),
    Pair(
        "no task need be healthy in a deployment any more",
        _API,
        _API.but(deployment_minimum_healthy_percent=0),
        Verdict.DANGEROUS,
        says=("is without any task in each deployment from now on",),
    ),
    Pair(
        "the one task can neither stop nor be joined",
        _API.but(desired_count=1),
        replace(_API, image=_NEW_IMAGE).but(desired_count=1, deployment_maximum_percent=100),
        Verdict.DANGEROUS,
        says=("no new task may start and no old one may stop",),
    ),
    Pair(
        "a service is scaled to nothing",
        _API,
        _API.but(desired_count=0),
        Verdict.DANGEROUS,
        says=("is scaled to no task: its 2 tasks stop",),
    ),
    Pair("a service gets a task more", _API, _API.but(desired_count=3), Verdict.LOOK, never_says=("stop",)),
    Pair(
        "a service gets another name",
        _API.but(name="api"),
        _API.but(name="web"),
        Verdict.DANGEROUS,
        says=("is replaced without waiting for the new one's tasks",),
    ),
    Pair(
        "a service gets another name, and waits",
        _API.but(name="api", wait_for_steady_state=True),
        _API.but(name="web", wait_for_steady_state=True),
        Verdict.LOOK,
        says=("its 2 tasks run until those of the new service are steady",),
    ),
    Pair(
        "a service that keeps its name is replaced",
        _API.but(name="api", wait_for_steady_state=True),
        _API.but(name="api", wait_for_steady_state=True, launch_type="EC2"),
        Verdict.DANGEROUS,
        says=("is deleted before its replacement is there: its 2 tasks stop before new ones run",),
    ),
    Pair(
        "a cluster gets another name",
        replace(_API, cluster_name="one"),
        replace(_API, cluster_name="two"),
        Verdict.DANGEROUS,
        says=("ecs/Cluster cluster is replaced: 1 service moves to the new one",),
    ),
    Pair(
        "a service is taken out of its load balancer",
        _API,
        _WORKER,
        Verdict.DANGEROUS,
        says=("is taken out of its load balancer",),
    ),
    Pair(
        "a failed deployment is not rolled back any more",
        _API,
        _API.but(deployment_circuit_breaker={"enable": True, "rollback": False}),
        Verdict.LOOK,
        says=("loses a guard: a deployment that fails is no longer rolled back",),
    ),
    Pair(
        "the execution role is taken away",
        _API,
        replace(_API, role=False),
        Verdict.DANGEROUS,
        says=("has no execution role any more",),
    ),
    Pair(
        "the execution role may fetch no image any more",
        _API,
        replace(_API, attached=False),
        Verdict.DANGEROUS,
        says=("takes AmazonECSTaskExecutionRolePolicy from what ecs/TaskDefinition api runs under",),
    ),
    Pair(
        "a role that keeps its name is replaced",
        replace(_API, role_name="api"),
        replace(_API, role_name="api", role_path="/tasks/"),
        Verdict.DANGEROUS,
        says=("iam/Role execution is deleted before its replacement is there",),
    ),
]


def database(**arguments: Any) -> Program:
    """A database with parameters of its own."""

    def program() -> None:
        parameters = arguments.pop("parameters", None) if "parameters" in arguments else None
        group = aws.rds.ParameterGroup("database", family="postgres17", parameters=parameters or [])
        given = {
            "engine": "postgres",
            "engine_version": "17.4",
            "instance_class": "db.t4g.micro",
            "allocated_storage": 20,
            "username": "backlog",
            "password": pulumi.Output.secret("one"),
            "storage_encrypted": True,
            "backup_retention_period": 7,
            "maintenance_window": "mon:03:00-mon:04:00",
            "skip_final_snapshot": True,
            "parameter_group_name": group.name,
            **arguments,
        }
        aws.rds.Instance("database", **given)

    return program


_CONNECTIONS = {"name": "max_connections", "value": "200"}

PAIRS += [
    Pair(
        "a database of another class, at once",
        database(apply_immediately=True),
        database(apply_immediately=True, instance_class="db.t4g.small"),
        Verdict.DANGEROUS,
        says=('changes its instanceClass "db.t4g.micro" -> "db.t4g.small" at once: it restarts',),
    ),
    Pair(
        "a database of another class, in the maintenance window",
        database(),
        database(instance_class="db.t4g.small"),
        Verdict.LOOK,
        says=("in the next maintenance window (mon:03:00-mon:04:00 UTC): it restarts",),
    ),
    Pair(
        "a database's minor version, at once",
        database(apply_immediately=True),
        database(apply_immediately=True, engine_version="17.5"),
        Verdict.DANGEROUS,
        says=("there is no way back to the older version",),
    ),
    Pair(
        "a database's backups are kept longer, at once",
        database(apply_immediately=True),
        database(apply_immediately=True, backup_retention_period=14),
        Verdict.SAFE,
        never_says=("restarts",),
    ),
    Pair(
        "a parameter that waits for a restart",
        database(),
        database(parameters=[{**_CONNECTIONS, "apply_method": "pending-reboot"}]),
        Verdict.LOOK,
        says=("rds/Instance database runs with the old ones until somebody restarts it",),
    ),
    Pair(
        "a parameter that only a restart changes, at once",
        database(),
        database(parameters=[_CONNECTIONS]),
        Verdict.LOOK,
        says=("changes at once what only a restart changes: AWS refuses that",),
    ),
    Pair(
        "a parameter that changes while the database runs",
        database(),
        database(parameters=[{"name": "log_min_duration_statement", "value": "500"}]),
        Verdict.LOOK,
        says=("changes parameters of rds/Instance database while it runs: log_min_duration_statement",),
    ),
]


def cache(*, nodes: int = 1, **arguments: Any) -> Program:
    """A cache; with more than one node another takes over."""

    def program() -> None:
        given = {
            "description": "what the API has read before",
            "engine": "valkey",
            "engine_version": "8.0",
            "node_type": "cache.t4g.micro",
            "num_cache_clusters": nodes,
            "automatic_failover_enabled": nodes > 1,
            "at_rest_encryption_enabled": True,
            "transit_encryption_enabled": True,
            "apply_immediately": True,
            **arguments,
        }
        aws.elasticache.ReplicationGroup("cache", **given)

    return program


def broker(**arguments: Any) -> Program:
    """One RabbitMQ broker."""

    def program() -> None:
        given = {
            "broker_name": "jobs",
            "engine_type": "RabbitMQ",
            "engine_version": "3.13",
            "auto_minor_version_upgrade": True,
            "host_instance_type": "mq.t3.micro",
            "publicly_accessible": False,
            "subnet_ids": ["subnet-0a1b2c3d4e5f60718"],
            "users": [{"username": "backlog", "password": pulumi.Output.secret("one-two-three-four")}],
            **arguments,
        }
        aws.mq.Broker("jobs", **given)

    return program


PAIRS += [
    Pair(
        "a cache of one node, of another type",
        cache(),
        cache(node_type="cache.t4g.small"),
        Verdict.DANGEROUS,
        says=('changes its nodeType "cache.t4g.micro" -> "cache.t4g.small" at once: it restarts',),
    ),
    Pair(
        "a cache whose nodes take over for each other, of another type",
        cache(nodes=2),
        cache(nodes=2, node_type="cache.t4g.small"),
        Verdict.LOOK,
        says=("its nodes restart one after another",),
    ),
    Pair(
        "a broker of another type, in the maintenance window",
        broker(),
        broker(host_instance_type="mq.m5.large"),
        Verdict.LOOK,
        says=("in the next maintenance window",),
    ),
    Pair(
        "a broker of another type, at once",
        broker(apply_immediately=True),
        broker(apply_immediately=True, host_instance_type="mq.m5.large"),
        Verdict.DANGEROUS,
        says=("at once: it restarts",),
    ),
]
