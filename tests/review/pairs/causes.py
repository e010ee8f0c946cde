"""Changes that follow from one another."""

import pulumi
import pulumi_aws as aws

from infra.review.finding import Verdict
from tests.review.pairs import Pair, Program


def chain(*, cidr: str = "10.0.0.0/16", description: str = "one", cluster: str = "one") -> Program:
    """A network, what stands in it, and what takes its values from that."""

    def program() -> None:
        vpc = aws.ec2.Vpc("vpc", cidr_block=cidr)
        subnet = aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.1.0/24")
        aws.rds.SubnetGroup("database", subnet_ids=[subnet.id], name="database")
        nat = aws.ec2.NatGateway("nat", subnet_id=subnet.id, connectivity_type="private")
        table = aws.ec2.RouteTable("table", vpc_id="vpc-0a1b2c3d4e5f60718")
        aws.ec2.Route("out", route_table_id=table.id, destination_cidr_block="0.0.0.0/0", nat_gateway_id=nat.id)
        tasks = aws.ecs.Cluster("tasks", name=cluster)
        service = aws.ecs.Service("worker", cluster=tasks.arn, task_definition="worker:1", desired_count=2)
        at = {
            "resource_id": pulumi.Output.concat("service/", tasks.name, "/", service.name),
            "service_namespace": "ecs",
            "scalable_dimension": "ecs:service:DesiredCount",
        }
        target = aws.appautoscaling.Target("worker", min_capacity=1, max_capacity=4, **at)
        policy = aws.appautoscaling.Policy(
            "worker",
            policy_type="StepScaling",
            step_scaling_policy_configuration={
                "adjustment_type": "ChangeInCapacity",
                "step_adjustments": [{"scaling_adjustment": 1, "metric_interval_lower_bound": "0"}],
            },
            **{**at, "resource_id": target.resource_id},
        )
        aws.cloudwatch.MetricAlarm(
            "backlog",
            namespace="AWS/SQS",
            metric_name="ApproximateNumberOfMessagesVisible",
            statistic="Maximum",
            period=60,
            evaluation_periods=1,
            threshold=100,
            comparison_operator="GreaterThanThreshold",
            alarm_actions=[policy.arn],
        )
        parameters = aws.rds.ParameterGroup("database", family="postgres17", description=description)
        aws.rds.Instance(
            "database",
            engine="postgres",
            engine_version="17.4",
            instance_class="db.t4g.micro",
            allocated_storage=20,
            username="backlog",
            password=pulumi.Output.secret("one"),
            storage_encrypted=True,
            backup_retention_period=7,
            skip_final_snapshot=True,
            parameter_group_name=parameters.name,
        )

    return program


PAIRS = [
    Pair(
        "a network is moved, and four kinds of things follow, one from another",
        chain(),
        chain(cidr="10.0.0.0/8"),
        Verdict.DANGEROUS,
        says=("ec2/Vpc vpc is replaced because of cidrBlock; 4 resources follow",),
    ),
    Pair(
        "a cluster is renamed, and its alarm is the fourth that follows",
        chain(),
        chain(cluster="two"),
        Verdict.DANGEROUS,
        says=("ecs/Cluster tasks is replaced because of name; 4 resources follow: 3 replaced, 1 updated",),
    ),
    Pair(
        "parameters are replaced, and the database that has them follows",
        chain(),
        chain(description="two"),
        Verdict.LOOK,
        says=("rds/ParameterGroup database is replaced because of description; 1 resource follows: 1 updated",),
    ),
]
