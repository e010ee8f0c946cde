"""What is paid for of each type of resource: priced units a month, or nothing, for a reason that is said.

There is no third way: a type that stands in neither table fails a test.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from infra.cost.ledger import Declared, inside
from infra.cost.prices import HOURS, SPOT

_MIB = 1_024


@dataclass(frozen=True)
class Unit:
    """So many a month of a priced unit (infra/cost/prices.py), for a resource. `share` is of the price, as Spot's."""

    of: str
    unit: str
    count: float
    share: float = 1.0


Pricing = Callable[[Declared, Sequence[Declared]], Iterator[Unit]]


def _tasks(service: Declared, resources: Sequence[Declared]) -> Iterator[Unit]:
    """Fargate's vCPU and memory of the fewest tasks, and their public addresses."""
    beside = {one.type: one for one in resources if one.parent == service.parent}
    definition = beside["aws:ecs/taskDefinition:TaskDefinition"]
    scaled = beside.get("aws:appautoscaling/target:Target")
    tasks = scaled.get("min_capacity") if scaled else service.get("desired_count")
    processor, of = definition.get("runtime_platform", "cpu_architecture"), f"tasks of {service.name}"
    for count, share in _capacity(service, tasks):
        yield Unit(of, f"fargate {processor} vCPU-hour", int(definition.get("cpu")) / 1_024 * count * HOURS, share)
        yield Unit(of, f"fargate {processor} GB-hour", int(definition.get("memory")) / _MIB * count * HOURS, share)
    if service.get("network_configuration", "assign_public_ip"):
        yield Unit("public addresses", "public IPv4 address hour", tasks * HOURS)


def _capacity(service: Declared, tasks: int) -> Iterator[tuple[float, float]]:
    """How many tasks run on demand and on Spot: `base` first, the rest by weight."""
    strategies = service.get("capacity_provider_strategies") or []
    bases = sum(inside(one, "base") or 0 for one in strategies)
    weights = sum(inside(one, "weight") or 0 for one in strategies) or 1
    for one in strategies:
        base, weight = inside(one, "base") or 0, inside(one, "weight") or 0
        count = min(base, tasks) + max(0, tasks - bases) * weight / weights
        yield count, SPOT if inside(one, "capacity_provider") == "FARGATE_SPOT" else 1.0


def _database(database: Declared, _: Sequence[Declared]) -> Iterator[Unit]:
    copies = 2 if database.get("multi_az") else 1
    yield Unit("database", f"rds {database.get('instance_class')} hour", HOURS * copies)
    yield Unit("database", "rds storage GB-month", database.get("allocated_storage") * copies)
    if database.get("manage_master_user_password"):
        yield Unit("secrets", "secret month", 1)


def _interface_endpoint(endpoint: Declared, _: Sequence[Declared]) -> Iterator[Unit]:
    """An S3 gateway endpoint costs nothing."""
    if endpoint.get("vpc_endpoint_type") == "Interface":
        hours = HOURS * len(endpoint.get("subnet_ids"))
        yield Unit("endpoints", "interface endpoint and zone hour", hours)


def _load_balancer(balancer: Declared, _: Sequence[Declared]) -> Iterator[Unit]:
    """It has a public address in each zone."""
    yield Unit("load balancer", "load balancer hour", HOURS)
    if not balancer.get("internal"):
        yield Unit("public addresses", "public IPv4 address hour", HOURS * len(balancer.get("subnets")))


def _alarm(alarm: Declared, _: Sequence[Declared]) -> Iterator[Unit]:
    """By the metric, of which a formula has several. Source: Amazon CloudWatch pricing, "metric math alarms"."""
    asked = alarm.get("metric_queries") or []
    metrics = sum(1 for query in asked if inside(query, "metric") is not None)
    yield Unit("alarms", "alarm metric month", metrics or 1)


def _scaling(policy: Declared, _: Sequence[Declared]) -> Iterator[Unit]:
    """Target tracking makes an alarm for each direction. Source: Application Auto Scaling User Guide."""
    tracked = policy.get("target_tracking_scaling_policy_configuration")
    if tracked is None:
        return
    metrics = policy.get("target_tracking_scaling_policy_configuration", "customized_metric_specification", "metrics")
    count = sum(1 for metric in metrics or [] if inside(metric, "metric_stat") is not None) or 1
    yield Unit("alarms", "alarm metric month", 2 * count)


def _insights(cluster: Declared, resources: Sequence[Declared]) -> Iterator[Unit]:
    """8 metrics of a cluster, 6 of a task family, 11 of a service. Source: CloudWatch pricing, Container Insights."""
    settings = [inside(one, "value") for one in cluster.get("settings") or []]
    if settings and settings != ["disabled"]:
        kinds = Counter(resource.type for resource in resources)
        count = 8 + 6 * kinds["aws:ecs/taskDefinition:TaskDefinition"] + 11 * kinds["aws:ecs/service:Service"]
        yield Unit("Container Insights", "metric month", count)


def _broker(broker: Declared, _: Sequence[Declared]) -> Iterator[Unit]:
    nodes = 3 if broker.get("deployment_mode") == "CLUSTER_MULTI_AZ" else 1
    yield Unit("broker", f"mq {broker.get('host_instance_type')} hour", HOURS * nodes)


def _cache(group: Declared, _: Sequence[Declared]) -> Iterator[Unit]:
    nodes = group.get("num_cache_clusters") or 1
    yield Unit("broker", f"valkey {group.get('node_type')} hour", HOURS * nodes)


def _web_acl(acl: Declared, _: Sequence[Declared]) -> Iterator[Unit]:
    yield Unit("web ACL", "web ACL month", 1)
    yield Unit("web ACL", "web ACL rule month", len(acl.get("rules") or []))


def _each(of: str, unit: str, count: float = 1) -> Pricing:
    def pricing(_: Declared, __: Sequence[Declared]) -> Iterator[Unit]:
        yield Unit(of, unit, count)

    return pricing


PRICED: Mapping[str, Pricing] = {
    "aws:appautoscaling/policy:Policy": _scaling,
    "aws:cloudwatch/dashboard:Dashboard": _each("dashboard", "dashboard month"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:ec2/eip:Eip": _each("public addresses", "public IPv4 address hour", HOURS),
    "aws:ec2/natGateway:NatGateway": _each("NAT gateways", "NAT gateway hour", HOURS),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _interface_endpoint,
    "aws:ecs/cluster:Cluster": _insights,
    "aws:ecs/service:Service": _tasks,
    "aws:elasticache/replicationGroup:ReplicationGroup": _cache,
    "aws:kms/key:Key": _each("keys", "KMS key month"),
    "aws:lb/loadBalancer:LoadBalancer": _load_balancer,
    "aws:mq/broker:Broker": _broker,
    "aws:msk/serverlessCluster:ServerlessCluster": _each("event stream", "kafka serverless cluster hour", HOURS),
    "aws:rds/instance:Instance": _database,
    "aws:secretsmanager/secret:Secret": _each("secrets", "secret month"),
    "aws:wafv2/webAcl:WebAcl": _web_acl,
}

_CONFIGURATION = "a setting of something else"
_BY_USE = "paid by use"

#: Types that a floor has nothing of, and why.
FREE: Mapping[str, str] = {
    "aws:acm/certificate:Certificate": "free where it is public and used by a load balancer",
    "aws:acm/certificateValidation:CertificateValidation": _CONFIGURATION,
    "aws:appautoscaling/target:Target": _CONFIGURATION,
    "aws:budgets/budget:Budget": "free as long as it only tells",
    "aws:cloudwatch/logGroup:LogGroup": _BY_USE,
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "free",
    "aws:ec2/flowLog:FlowLog": _BY_USE,
    "aws:ec2/internetGateway:InternetGateway": "free",
    "aws:ec2/route:Route": "free",
    "aws:ec2/routeTable:RouteTable": "free",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "free",
    "aws:ec2/securityGroup:SecurityGroup": "free",
    "aws:ec2/subnet:Subnet": "free",
    "aws:ec2/vpc:Vpc": "free",
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": _CONFIGURATION,
    "aws:ecr/repository:Repository": _BY_USE,
    "aws:ecr/repositoryPolicy:RepositoryPolicy": _CONFIGURATION,
    "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": _CONFIGURATION,
    "aws:ecs/taskDefinition:TaskDefinition": "paid as tasks of its service",
    "aws:elasticache/parameterGroup:ParameterGroup": _CONFIGURATION,
    "aws:elasticache/subnetGroup:SubnetGroup": _CONFIGURATION,
    "aws:elasticache/user:User": _CONFIGURATION,
    "aws:elasticache/userGroup:UserGroup": _CONFIGURATION,
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "free",
    "aws:iam/policy:Policy": "free",
    "aws:iam/role:Role": "free",
    "aws:iam/rolePolicy:RolePolicy": "free",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "free",
    "aws:lb/listener:Listener": "paid with its load balancer",
    "aws:lb/listenerRule:ListenerRule": "paid with its load balancer",
    "aws:lb/targetGroup:TargetGroup": "paid with its load balancer",
    "aws:mq/configuration:Configuration": _CONFIGURATION,
    "aws:rds/parameterGroup:ParameterGroup": _CONFIGURATION,
    "aws:rds/subnetGroup:SubnetGroup": _CONFIGURATION,
    "aws:route53/record:Record": "paid with its zone, which is not the stack's",
    "aws:s3/bucket:Bucket": _BY_USE,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _CONFIGURATION,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _CONFIGURATION,
    "aws:s3/bucketPolicy:BucketPolicy": _CONFIGURATION,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _CONFIGURATION,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _CONFIGURATION,
    "aws:secretsmanager/secretVersion:SecretVersion": "paid with its secret",
    "aws:sns/topic:Topic": _BY_USE,
    "aws:sns/topicPolicy:TopicPolicy": _CONFIGURATION,
    "aws:sns/topicSubscription:TopicSubscription": _BY_USE,
    "aws:sqs/queue:Queue": _BY_USE,
    "aws:sqs/queuePolicy:QueuePolicy": _CONFIGURATION,
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": _CONFIGURATION,
    "aws:sqs/redrivePolicy:RedrivePolicy": _CONFIGURATION,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "free",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "free",
    "aws:wafv2/webAclAssociation:WebAclAssociation": _CONFIGURATION,
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": _BY_USE,
    "docker:index/image:Image": "not AWS's; its layers are the repository's",
}
