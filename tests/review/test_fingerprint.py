"""What an approval is held against: the same for the same change, another for any other."""

import json

import pulumi_aws as aws

from infra.policy.resources import SECRET, UNKNOWN
from infra.review.fingerprint import fingerprint
from tests.review.hand_built import preview, state, urn
from tests.review.previewed import previewed

DEFINITION, QUEUE = "aws:ecs/taskDefinition:TaskDefinition", "aws:sqs/queue:Queue"


def task(level, *, cpu="256"):
    """A container that is told of a queue: its definition comes from elsewhere, with the program's own values in it."""

    def program():
        queue = aws.sqs.Queue("jobs")
        container = {"name": "worker", "image": "worker:1", "environment": [{"name": "LOG_LEVEL", "value": level}]}
        told = queue.url.apply(lambda url: json.dumps([{**container, "command": [url]}]))
        aws.ecs.TaskDefinition("worker", family="worker", cpu=cpu, memory="512", container_definitions=told)

    return program


def test_two_previews_of_one_change_have_the_same():
    one, other = (fingerprint(previewed(task("info"), task("debug"))) for _ in range(2))
    assert one == other


def test_a_variable_beside_a_value_from_elsewhere_makes_another():
    assert fingerprint(previewed(task("info"), task("debug"))) != fingerprint(previewed(task("info"), task("trace")))


def of(value, *sources, protect=False):
    links = {"text": tuple(urn(QUEUE, name) for name in sources)}
    return fingerprint(
        preview([], [state(DEFINITION, "one", {"text": value}, links, declared={"text"}, protect=protect)])
    )


def test_of_what_is_not_known_it_is_whence_it_comes():
    assert of(UNKNOWN, "jobs", "letters") == of(UNKNOWN, "letters", "jobs")
    assert of(UNKNOWN, "jobs") != of(UNKNOWN, "letters")
    assert of({"url": UNKNOWN, "level": "info"}, "jobs") != of({"url": UNKNOWN, "level": "debug"}, "jobs")


def test_of_what_is_known_it_is_the_value_alone():
    assert of("info", "jobs") == of("info", "letters")
    assert of("info", "jobs") != of("debug", "jobs")


def test_no_secret_is_part_of_it_but_that_there_is_one():
    assert of(SECRET) == of(SECRET)
    assert of(SECRET) != of("public")


def test_what_guards_a_resource_is_part_of_it():
    assert of("info", protect=True) != of("info")


def test_what_the_cloud_makes_of_it_is_not():
    def named(identity, generated):
        after = state(QUEUE, "jobs", {"delay": 3, "name": generated}, declared={"delay"}, id=identity)
        return fingerprint(preview([], [after]))

    assert named("", "jobs-1a2b3c4") == named("https://sqs/jobs", "jobs-9f8e7d6")
