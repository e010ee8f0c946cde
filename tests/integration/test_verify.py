"""`make verify` against an emulated AWS, in which a deployment went well, and in which it did not."""

import functools

import boto3
import pytest
from moto.ecs.models import ecs_backends
from moto.elbv2.models import elbv2_backends
from moto.server import ThreadedMotoServer
from moto.sqs.models import sqs_backends

from operations.as_declared import verify

REGION, ACCOUNT = "eu-central-1", "123456789012"
DIGEST = f"sha256:{'a' * 64}"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/api@{DIGEST}"
REDRIVE = '{"maxReceiveCount": 3, "deadLetterTargetArn": "%s"}'


class EmulatedAws:
    """A cluster with one service of two tasks behind a load balancer, and two queues; `outputs` are the stack's."""

    def __init__(self, endpoint):
        self._endpoint = endpoint
        ec2, ecs, elb, sqs = (self.client(name) for name in ("ec2", "ecs", "elbv2", "sqs"))
        network = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.modify_vpc_attribute(VpcId=network, EnableDnsHostnames={"Value": True})
        subnet = ec2.create_subnet(VpcId=network, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        group = ec2.create_security_group(GroupName="api", Description="api", VpcId=network)["GroupId"]
        self.network = {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group]}}
        self.targets = elb.create_target_group(Name="api", Protocol="HTTP", Port=6400, VpcId=network, TargetType="ip")[
            "TargetGroups"
        ][0]["TargetGroupArn"]
        elb.register_targets(TargetGroupArn=self.targets, Targets=[{"Id": "10.0.0.5"}, {"Id": "10.0.0.6"}])
        ecs.create_cluster(clusterName="backlog")
        declared = self.revision()
        ecs.create_service(cluster="backlog", serviceName="api", taskDefinition=declared, desiredCount=2)
        self.rollout("COMPLETED", running=2)
        for _ in range(2):
            self.run_task(declared)
        dead = sqs.create_queue(QueueName="dead", Attributes={"MessageRetentionPeriod": "1209600"})["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        attributes = {"VisibilityTimeout": "66", "MessageRetentionPeriod": "345600", "RedrivePolicy": REDRIVE % arn}
        self.jobs = sqs.create_queue(QueueName="jobs", Attributes=attributes)["QueueUrl"]
        self.outputs = {
            "cluster": "backlog",
            "services": {
                "api": {
                    "name": "api",
                    "task_definition": declared,
                    "image": IMAGE,
                    "target_group": self.targets,
                }
            },
            "queues": {
                "jobs": {"url": self.jobs, "attributes": attributes},
                "dead letters": {"url": dead, "attributes": {"MessageRetentionPeriod": "1209600"}},
            },
        }

    @functools.cache  # noqa: B019 - a few, for as long as the test
    def client(self, service):
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self._endpoint,
            aws_access_key_id="emulated",
            aws_secret_access_key="emulated",
        )

    def revision(self, image=IMAGE):
        return self.client("ecs").register_task_definition(
            family="api", networkMode="awsvpc", containerDefinitions=[{"name": "api", "image": image, "memory": 512}]
        )["taskDefinition"]["taskDefinitionArn"]

    def run_task(self, definition, group="service:api"):
        return self.client("ecs").run_task(
            cluster="backlog",
            taskDefinition=definition,
            group=group,
            launchType="FARGATE",
            networkConfiguration=self.network,
        )["tasks"][0]["taskArn"]

    def rollout(self, state, *, definition=None, running=None, reason=""):
        """What ECS's deployment controller would do; the emulator has none."""
        service = ecs_backends[ACCOUNT][REGION].services["backlog:api"]
        (deployment,) = service.deployments
        deployment |= {"rolloutState": state, "rolloutStateReason": reason}
        if definition:
            deployment["taskDefinition"] = service.task_definition = definition
        if running is not None:
            service.running_count = running

    def sick(self, target):
        """The emulator's targets are always healthy."""
        group = elbv2_backends[ACCOUNT][REGION].target_groups[self.targets]
        healthy = group.health_for

        def health_for(asked, ec2):
            status = healthy(asked, ec2)
            if asked["Id"] == target:
                status.status, status.reason = "unhealthy", "Target.ResponseCodeMismatch"
            return status

        group.health_for = health_for

    def wrong(self, **options):
        """What is not as declared, in words."""
        findings = verify(self, self.outputs, wait=options.pop("wait", 0), **options)
        assert findings
        return {f"{finding.subject}: {finding.what}": finding for finding in findings if not finding.right}


@pytest.fixture(scope="module")
def endpoint():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(endpoint):
    for backends in (ecs_backends, elbv2_backends, sqs_backends):
        backends[ACCOUNT][REGION].reset()
    return EmulatedAws(endpoint)


def test_a_stack_that_runs_as_declared_has_nothing_wrong(aws):
    assert aws.wrong() == {}


def test_a_deployment_that_was_rolled_back_silently_is_found(aws):
    """ECS says COMPLETED: of the deployment of the revision before."""
    declared = aws.revision(image=IMAGE.replace("a" * 64, "b" * 64))
    aws.outputs["services"]["api"] |= {"task_definition": declared, "image": IMAGE}
    aws.rollout("COMPLETED", reason="ECS deployment circuit breaker: rolled back")
    found = aws.wrong()["service api: task definition"]
    assert (found.declared, found.found) == ("api:2", "api:1")
    assert "circuit breaker" in found.mend


def test_a_failed_rollout_is_told_with_ecs_own_reason(aws):
    aws.rollout("FAILED", reason="tasks failed to start")
    assert aws.wrong()["service api: rollout"].mend == "tasks failed to start"


def test_a_rollout_under_way_is_waited_for(aws):
    aws.rollout("IN_PROGRESS", running=1)
    looks = []

    def time_passes(seconds):
        looks.append(seconds)
        aws.rollout("COMPLETED", running=2)

    assert aws.wrong(wait=60, sleep=time_passes) == {}
    assert len(looks) == 1


def test_a_rollout_that_does_not_end_in_time_is_not_as_declared(aws):
    aws.rollout("IN_PROGRESS", running=1)
    assert {"service api: rollout", "service api: tasks running"} <= aws.wrong().keys()


def test_a_task_with_another_image_than_the_declared_is_found(aws):
    other = aws.revision(image=IMAGE.replace("a" * 64, "c" * 64))
    aws.run_task(other)
    wrong = [finding for finding in aws.wrong().values() if finding.what == "image of api"]
    assert [finding.found for finding in wrong] == [f"sha256:{'c' * 64}"]


def test_an_image_whose_digest_nobody_tells_is_not_taken_for_right(aws):
    aws.run_task(aws.revision(image="api:latest"))
    assert [at.found for at in aws.wrong().values() if at.what == "image of api"] == ["not told"]


def test_tasks_of_other_services_are_not_looked_at(aws):
    aws.run_task(aws.revision(image="other:latest"), group="service:other")
    assert aws.wrong() == {}


def test_a_target_that_is_not_healthy_is_found(aws):
    aws.sick("10.0.0.5")
    assert [finding.subject for finding in aws.wrong().values()] == ["targets of api"]


def test_a_service_that_is_gone_is_said_to_be_missing(aws):
    aws.client("ecs").delete_service(cluster="backlog", service="api", force=True)
    assert "service api: status" in aws.wrong()


def test_a_visibility_timeout_that_somebody_changed_is_found(aws):
    aws.client("sqs").set_queue_attributes(QueueUrl=aws.jobs, Attributes={"VisibilityTimeout": "30"})
    found = aws.wrong()["queue jobs: VisibilityTimeout"]
    assert (found.declared, found.found) == ("66", "30")


def test_a_redrive_policy_that_is_only_written_differently_is_right(aws):
    queue = aws.outputs["queues"]["jobs"]["attributes"]
    queue["RedrivePolicy"] = queue["RedrivePolicy"].replace("3,", '"3",').replace(" ", "")
    assert aws.wrong() == {}


def test_a_stack_without_sqs_has_no_queue_to_look_at(aws):
    del aws.outputs["queues"]
    assert aws.wrong() == {}
