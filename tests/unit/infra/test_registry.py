"""Images: built from the checkout, pushed to a repository of their own, and referred to by digest."""

import json

import pytest

from infra import build_context


@pytest.mark.parametrize("name", ["api", "worker"])
def test_a_repository_scans_encrypts_and_never_moves_a_tag(stack, name):
    repository = stack.one("Repository", name).inputs
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    assert repository["encryptionConfigurations"] == [{"encryptionType": "AES256"}]


def test_old_images_expire(stack):
    (rule,) = stack.json("LifecyclePolicy", "api", "policy")["rules"]
    assert rule["action"] == {"type": "expire"}
    assert rule["selection"]["countType"] == "imageCountMoreThan"


@pytest.mark.parametrize("name", ["api", "worker"])
def test_an_image_is_built_by_paths_that_mean_the_same_on_every_machine(stack, name):
    image = stack.one("Image", name).inputs
    assert (image["build"]["context"], image["build"]["dockerfile"]) == ("..", f"../services/{name}/Dockerfile")
    assert image["buildOnPreview"] is False
    assert (build_context.PROGRAM / image["build"]["dockerfile"]).is_file()


def test_the_platform_of_the_image_is_that_of_the_task(declare):
    for platform, architecture in (("linux/arm64", "ARM64"), ("linux/amd64", "X86_64")):
        stack = declare("dev", platform=platform)
        assert stack.one("Image", "api").inputs["build"]["platform"] == platform
        assert stack.one("TaskDefinition", "api").inputs["runtimePlatform"]["cpuArchitecture"] == architecture


def test_containers_name_an_image_by_digest(stack):
    for service in ("api", "worker"):
        for container in stack.containers(service).values():
            assert container["image"] == stack.exports[f"{service}_image"]
            assert "@sha256:" in container["image"]


def test_the_registry_token_is_a_secret_to_the_engine_and_goes_nowhere_else(stack):
    for name in ("api", "worker"):
        image = stack.one("Image", name)
        assert image.inputs["registry"]["value"]["password"] == "registry-token"
        assert "registry" in image.secrets
    elsewhere = [resource.inputs for resource in stack.resources if not resource.type.endswith(":Image")]
    assert "registry-token" not in json.dumps([*elsewhere, stack.exports])


def test_the_repository_goes_with_its_images_only_where_nothing_is_protected(declare):
    assert declare("dev").one("Repository", "api").inputs["forceDelete"] is True
    assert declare("prod").one("Repository", "api").inputs["forceDelete"] is False
