"""The program itself on Pulumi's real engine: every stack from nothing, unchanged, and back to nothing."""

import base64
import json

import pytest
from pulumi.automation import CommandError

from local.engine import Engine

JOB = {"meanSeconds": 0.5, "p99Seconds": 5, "hardLimitSeconds": 60, "jobsAtOnce": 2, "attempts": 3}


def opened(stack, folder, **settings):
    return Engine(stack, folder, config={f"backlog:{key}": value for key, value in settings.items()}).opened()


def changes(summary):
    return {getattr(kind, "value", kind): count for kind, count in (summary or {}).items()}


@pytest.mark.parametrize("stack", ["dev", "prod", "local", "lab"])
def test_a_stack_comes_up_and_then_nothing_changes(stack, folder):
    with opened(stack, folder) as engine:
        made = changes(engine.up().summary.resource_changes)
        assert made.keys() == {"create"}
        assert changes(engine.preview().change_summary) == {"same": made["create"]}
        assert changes(engine.up(refresh=True).summary.resource_changes) == {"same": made["create"]}


def test_a_worker_that_may_sleep_and_mail_of_its_alarms_change_nothing_the_second_time_either(folder):
    sleepy = {"worker": {"minCount": 0}, "job": {**JOB, "latencyObjectiveSeconds": 300}}
    with opened("dev", folder, alarmEmail="ops@example.com", **sleepy) as engine:
        made = changes(engine.up().summary.resource_changes)
        assert changes(engine.up(refresh=True).summary.resource_changes) == {"same": made["create"]}
        types = [resource["type"] for resource in engine.export_stack().deployment["resources"]]
    assert types.count("aws:appautoscaling/policy:Policy") == 3
    assert types.count("aws:sns/topicSubscription:TopicSubscription") == 1


def test_dev_goes_back_to_nothing(folder):
    with opened("dev", folder) as engine:
        made = changes(engine.up().summary.resource_changes)
        assert changes(engine.destroy().summary.resource_changes) == {"delete": made["create"]}
        assert engine.export_stack().deployment.get("resources", []) == []


def test_prod_refuses_to_be_destroyed_before_a_service_or_data_is_gone(folder):
    with opened("prod", folder) as engine:
        engine.up()
        with pytest.raises(CommandError, match="protect"):
            engine.destroy()
        left = {resource["type"] for resource in engine.export_stack().deployment["resources"]}
    assert {"aws:rds/instance:Instance", "aws:sqs/queue:Queue", "aws:ecs/service:Service"} <= left


def test_outputs_are_what_the_outside_world_needs(folder):
    with opened("dev", folder) as engine:
        engine.up()
        outputs = {name: output.value for name, output in engine.outputs().items()}
    assert {"url", "queue_url", "dlq_url", "database_endpoint", "api_image", "worker_image"} <= outputs.keys()
    assert "@sha256:" in outputs["api_image"]


def test_the_registrys_token_is_nowhere_in_the_state_in_clear(folder):
    """Neither the password that the images are pushed with, nor the token that it was cut from."""
    with opened("dev", folder) as engine:
        engine.up()
    state = next(folder.backend.rglob("dev.json")).read_text(encoding="utf-8")
    images = [
        resource
        for resource in json.loads(state)["checkpoint"]["latest"]["resources"]
        if resource["type"] == "docker:index/image:Image"
    ]
    assert {image["urn"].rsplit("::", 1)[1] for image in images} == {"api", "api-cache", "worker", "worker-cache"}
    for image in images:
        for held in (image["inputs"], image["outputs"]):
            assert "ciphertext" in held["registry"]["password"]
    assert "not-a-password" not in state
    assert base64.b64encode(b"AWS:not-a-password").decode()[:20] not in state
