"""Pulumi's real engine over the embedded cloud, with nothing started: what a preview in CI relies on."""

import json

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker
import pytest
from pulumi.automation import CommandError

POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)


def queue(**arguments):
    def program():
        made = aws.sqs.Queue("jobs", **arguments)
        pulumi.export("url", made.url)
        pulumi.export("name", made.name)

    return program


def database(*, protect=False, deletion_protection=False, **arguments):
    def program():
        aws.rds.Instance(
            "database",
            engine="postgres",
            instance_class="db.t4g.micro",
            allocated_storage=20,
            username="backlog",
            skip_final_snapshot=True,
            deletion_protection=deletion_protection,
            **arguments,
            opts=pulumi.ResourceOptions(protect=protect),
        )

    return program


def test_creates_what_the_program_declares(synthesised):
    assert synthesised.up(queue())["create"] == 2  # the stack and the queue


def test_outputs_have_the_form_that_aws_gives_them(synthesised):
    synthesised.up(queue())
    outputs = synthesised.outputs()
    assert outputs["url"] == f"https://sqs.eu-central-1.amazonaws.com/123456789012/{outputs['name']}"


def test_a_second_preview_shows_no_changes(synthesised):
    synthesised.up(queue())
    assert synthesised.preview(queue()) == {"same": 2}


def test_a_refresh_finds_no_changes(synthesised):
    synthesised.up(queue())
    assert synthesised.up(queue(), refresh=True) == {"same": 2}


def test_names_are_the_same_on_each_run(synthesised):
    synthesised.up(queue())
    first = synthesised.outputs()
    synthesised.destroy()
    synthesised.up(queue())
    assert synthesised.outputs() == first


def test_a_changed_visibility_timeout_is_an_update_in_place(synthesised):
    synthesised.up(queue(visibility_timeout_seconds=30))
    assert synthesised.up(queue(visibility_timeout_seconds=60))["update"] == 1


def test_an_update_in_place_keeps_the_resources_identity(synthesised):
    synthesised.up(queue(visibility_timeout_seconds=30))
    before = synthesised.outputs()
    synthesised.up(queue(visibility_timeout_seconds=60))
    assert synthesised.outputs() == before


def test_a_queue_that_becomes_fifo_is_replaced_under_another_name(synthesised):
    synthesised.up(queue())
    before = synthesised.outputs()
    assert synthesised.up(queue(fifo_queue=True))["replace"] == 1
    assert synthesised.outputs()["name"] != before["name"]
    assert synthesised.outputs()["name"].endswith(".fifo")


@pytest.mark.parametrize(
    ("arguments", "order"),
    [
        ({"identifier": "fixed"}, ["delete-replaced", "replace", "create-replacement"]),
        ({}, ["create-replacement", "replace", "delete-replaced"]),
    ],
    ids=["given name", "name of Pulumi's"],
)
def test_what_the_program_names_goes_before_its_replacement_comes(synthesised, arguments, order):
    synthesised.up(database(storage_encrypted=False, **arguments))
    steps = []

    def keep(event):
        if event.resource_pre_event and event.resource_pre_event.metadata.type == "aws:rds/instance:Instance":
            steps.append(event.resource_pre_event.metadata.op)

    synthesised.up(database(storage_encrypted=True, **arguments), on_event=keep)
    assert [getattr(step, "value", step) for step in steps] == order


def test_json_that_is_only_written_differently_is_no_change(synthesised):
    def program(indent):
        return lambda: aws.iam.Role("task", assume_role_policy=json.dumps(json.loads(POLICY), indent=indent))

    synthesised.up(program(None))
    assert synthesised.preview(program(2)) == {"same": 2}


def test_the_engine_refuses_to_delete_a_protected_database(synthesised):
    synthesised.up(database(protect=True))
    with pytest.raises(CommandError, match="protect"):
        synthesised.up(lambda: None)
    assert any(resource["type"] == "aws:rds/instance:Instance" for resource in synthesised.resources())


def test_a_database_with_deletion_protection_is_refused_as_aws_refuses_it(synthesised):
    synthesised.up(database(deletion_protection=True))
    with pytest.raises(CommandError, match="deletionProtection"):
        synthesised.destroy()
    synthesised.up(database(deletion_protection=False))
    synthesised.destroy()
    assert synthesised.resources() == []


def test_destroy_leaves_nothing(synthesised):
    synthesised.up(queue())
    assert synthesised.destroy()["delete"] == 2
    assert synthesised.resources() == []


def test_no_secret_stands_in_clear_in_the_state(synthesised):
    def program():
        secret = aws.secretsmanager.Secret("token")
        aws.secretsmanager.SecretVersion("token", secret_id=secret.arn, secret_string="correct-horse")
        aws.rds.Instance(
            "database",
            engine="postgres",
            instance_class="db.t4g.micro",
            allocated_storage=20,
            username="backlog",
            password="battery-staple",
            skip_final_snapshot=True,
        )

    synthesised.up(program)
    assert "correct-horse" not in synthesised.state_text()
    assert "battery-staple" not in synthesised.state_text()


def test_the_registry_token_reaches_the_image_and_not_the_state(synthesised):
    def program():
        repository = aws.ecr.Repository("api")
        token = aws.ecr.get_authorization_token_output()
        image = docker.Image(
            "api",
            image_name=repository.repository_url.apply(lambda url: f"{url}:latest"),
            build=docker.DockerBuildArgs(context="..", dockerfile="../services/api/pyproject.toml"),
            registry=docker.RegistryArgs(server=repository.repository_url, username="AWS", password=token.password),
        )
        pulumi.export("digest", image.repo_digest)

    synthesised.up(program)
    assert "@sha256:" in synthesised.outputs()["digest"]
    assert "not-a-password" not in synthesised.state_text()


def test_a_type_that_the_cloud_does_not_know_says_where_to_add_it(synthesised):
    with pytest.raises(CommandError, match=r"aws:glue/job:Job.*local/resources"):
        synthesised.preview(
            lambda: aws.glue.Job(
                "nope", role_arn="arn:aws:iam::123456789012:role/x", command={"script_location": "s3://x"}
            )
        )


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        (queue(name="jobs.fifo"), "FIFO"),
        (queue(visibility_timeout_seconds=50_000), "outside SQS's 0 to 43200 seconds"),
        (lambda: aws.iam.Role("r", assume_role_policy="{not json"), "is not JSON"),
        (
            lambda: aws.ecs.TaskDefinition(
                "t",
                family="t",
                cpu="256",
                memory="4096",
                network_mode="awsvpc",
                requires_compatibilities=["FARGATE"],
                container_definitions="[]",
            ),
            "no 4096 MiB with 256 CPU",
        ),
        (lambda: aws.lb.TargetGroup("t", name="a" * 33), "33 characters; AWS takes 32"),
        (lambda: aws.lb.TargetGroup("a" * 25), "33 characters; AWS takes 32"),
        (
            lambda: aws.ecs.Service("s", network_configuration={"subnetz": ["x"], "subnets": ["y"]}),
            "did you mean 'subnets'",
        ),
    ],
    ids=["fifo name", "visibility", "policy", "fargate", "name", "logical name", "nested property"],
)
def test_a_mistake_is_refused_with_the_property_and_the_reason(synthesised, program, sentence):
    with pytest.raises(CommandError) as refused:
        synthesised.preview(program)
    assert sentence in " ".join(str(refused.value).split())
