"""On which ports a resource listens, by what it is given or else by what its kind listens on."""

import json
from collections.abc import Mapping
from typing import Any, Final

from infra.policy.resources import Hidden
from infra.review.contract import number_of
from infra.review.preview import State
from infra.review.references import leaves, read

#: By the beginning of the engine's name. Source: RDS User Guide, "Settings for DB instances".
_ENGINES: Final = {
    "postgres": (5432,),
    "aurora-postgres": (5432,),
    "aurora": (3306,),
    "mysql": (3306,),
    "mariadb": (3306,),
    "oracle": (1521,),
    "custom-oracle": (1521,),
    "sqlserver": (1433,),
    "custom-sqlserver": (1433,),
    "db2": (50000,),
    "docdb": (27017,),
    "neptune": (8182,),
    "memcached": (11211,),
    "redis": (6379,),
    "valkey": (6379,),
    "rabbitmq": (5671, 443),
    "activemq": (61617, 5671, 8162),
    "POSTGRESQL": (5432,),
    "MYSQL": (3306,),
    "SQLSERVER": (1433,),
}
#: What a type listens on where nothing else is said.
_DEFAULTS: Final[Mapping[str, tuple[int, ...]]] = {
    "aws:elasticache/replicationGroup:ReplicationGroup": (6379,),
    "aws:elasticache/cluster:Cluster": (6379,),
    "aws:elasticache/serverlessCache:ServerlessCache": (6379,),
    "aws:memorydb/cluster:Cluster": (6379,),
    "aws:docdb/cluster:Cluster": (27017,),
    "aws:neptune/cluster:Cluster": (8182,),
    "aws:redshift/cluster:Cluster": (5439,),
    "aws:redshiftserverless/workgroup:Workgroup": (5439,),
    "aws:msk/cluster:Cluster": (9092, 9094, 9096, 9098),
    "aws:msk/serverlessCluster:ServerlessCluster": (9098,),
    "aws:opensearch/domain:Domain": (443,),
    "aws:elasticsearch/domain:Domain": (443,),
    "aws:efs/mountTarget:MountTarget": (2049,),
    "aws:ec2/vpcEndpoint:VpcEndpoint": (443,),
    "aws:eks/cluster:Cluster": (443,),
    "aws:dax/cluster:Cluster": (8111, 9111),
}


def listening(state: State) -> tuple[int, ...]:
    """The ports of TCP; none where they are not known."""
    if (given := number_of(read(state, "port"))) is not None:
        return (int(given),)
    for named in ("engine", "engineType", "engineFamily"):
        engine = read(state, named)
        if isinstance(engine, str):
            found = next((ports for start, ports in _ENGINES.items() if engine.lower().startswith(start.lower())), None)
            if found:
                return found
    if state.type == "aws:ecs/service:Service":
        return _numbers(leaves(read(state, "loadBalancers"), "containerPort"))
    if state.type == "aws:elb/loadBalancer:LoadBalancer":
        return _numbers(leaves(read(state, "listeners"), "lbPort"))
    return _DEFAULTS.get(state.type, ())


def of_containers(definition: State) -> tuple[int, ...]:
    """The ports that a task definition's containers open."""
    text = read(definition, "containerDefinitions")
    if isinstance(text, Hidden) or not isinstance(text, str):
        return ()
    try:
        containers = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    return _numbers(leaves(containers, "portMappings.containerPort"))


def _numbers(values: Any) -> tuple[int, ...]:
    return tuple(sorted({int(number) for value in values if (number := number_of(value)) is not None}))
