"""Changes of the numbers of queues and workers."""

import json

import pulumi
import pulumi_aws as aws

from infra.review.finding import Verdict
from tests.review.pairs import Pair, Program


def jobs(
    *, visibility: int = 60, receives: int = 5, counts_on: int = 60, stop: int = 65, least: int = 1, most: int = 10
) -> Program:
    """A queue with dead letters, and a worker on Fargate that is scaled."""

    def program() -> None:
        letters = aws.sqs.Queue("letters", message_retention_seconds=1_209_600)
        queue = aws.sqs.Queue("jobs", visibility_timeout_seconds=visibility, message_retention_seconds=345_600)
        aws.sqs.RedrivePolicy(
            "jobs",
            queue_url=queue.url,
            redrive_policy=letters.arn.apply(
                lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": receives})
            ),
        )
        role = aws.iam.Role("task", assume_role_policy=_TRUST)
        cluster = aws.ecs.Cluster("cluster")
        definition = aws.ecs.TaskDefinition(
            "worker",
            family="worker",
            cpu="256",
            memory="512",
            network_mode="awsvpc",
            requires_compatibilities=["FARGATE"],
            task_role_arn=role.arn,
            execution_role_arn=role.arn,
            container_definitions=queue.url.apply(lambda url: json.dumps([_container(url, counts_on, stop)])),
        )
        service = aws.ecs.Service(
            "worker",
            cluster=cluster.arn,
            task_definition=definition.arn,
            desired_count=2,
            capacity_provider_strategies=[{"capacity_provider": "FARGATE", "weight": 1}],
            network_configuration={"subnets": ["subnet-0a1b2c3d4e5f60718"]},
            opts=pulumi.ResourceOptions(ignore_changes=["desiredCount"]),
        )
        target = aws.appautoscaling.Target(
            "worker",
            min_capacity=least,
            max_capacity=most,
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=pulumi.Output.concat("service/", cluster.name, "/", service.name),
        )
        aws.appautoscaling.Policy(
            "worker",
            policy_type="TargetTrackingScaling",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            target_tracking_scaling_policy_configuration={
                "target_value": 60,
                "predefined_metric_specification": {"predefined_metric_type": "ECSServiceAverageCPUUtilization"},
            },
        )

    return program


_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


def _container(url: str, counts_on: int, stop: int) -> dict[str, object]:
    variables = {"QUEUE_URL": url, "JOB_VISIBILITY_TIMEOUT_SECONDS": counts_on, "JOB_SHUTDOWN_SECONDS": 60}
    return {
        "name": "worker",
        "image": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/worker@sha256:" + "a" * 64,
        "stopTimeout": stop,
        "environment": [{"name": name, "value": str(value)} for name, value in variables.items()],
    }


PAIRS = [
    Pair(
        "a queue hides messages for longer",
        jobs(),
        jobs(visibility=90),
        Verdict.LOOK,
        says=("visibility timeout (s) 60 -> 90: a job of a worker that died is tried again that much later",),
    ),
    Pair(
        "a queue hides messages for less than the worker counts on",
        jobs(),
        jobs(visibility=20),
        Verdict.DANGEROUS,
        says=("hides a message for 20 s, and ecs/TaskDefinition worker counts on 60 s",),
    ),
    Pair(
        "a job has fewer attempts",
        jobs(),
        jobs(receives=2),
        Verdict.LOOK,
        says=("attempts (maxReceiveCount) 5 -> 2",),
    ),
    Pair(
        "a worker is killed before its jobs are done",
        jobs(),
        jobs(stop=30),
        Verdict.DANGEROUS,
        says=("killed 30 s after it is asked to stop, and waits 60 s for its jobs",),
    ),
    Pair("a burst may use more tasks", jobs(), jobs(most=20), Verdict.LOOK, says=("most tasks 10 -> 20",)),
    Pair(
        "no task is left to be measured",
        jobs(),
        jobs(least=0),
        Verdict.DANGEROUS,
        says=("nothing starts the first one again",),
    ),
]
