"""Images: built from the checkout, pushed to a repository of their own, and referred to by digest."""

import json

import pulumi
import pytest

from infra import build_context
from infra.components.given_image import GivenImage


@pytest.mark.parametrize("name", ["api", "worker"])
def test_a_repository_scans_encrypts_and_moves_no_tag_but_the_caches(stack, name):
    repository = stack.one("Repository", name).inputs
    assert repository["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    assert repository["imageTagMutabilityExclusionFilters"] == [{"filter": "cache", "filterType": "WILDCARD"}]
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    assert repository["encryptionConfigurations"][0]["encryptionType"] in ("AES256", "KMS")


def test_without_a_cache_no_tag_moves_and_nothing_is_built_twice(declare):
    stack = declare("dev", registry={"cache": False})
    assert stack.one("Repository", "api").inputs["imageTagMutability"] == "IMMUTABLE"
    assert "imageTagMutabilityExclusionFilters" not in stack.one("Repository", "api").inputs
    assert sorted(image.name for image in stack.all("Image")) == ["api", "worker"]
    assert not {"args", "cacheFrom"} & stack.one("Image", "api").inputs["build"].keys()


def test_a_build_begins_with_the_layers_of_the_last_one(stack):
    """The tag that is built can't be its own cache: nothing is under it yet."""
    image, cache = stack.one("Image", "api"), stack.one("Image", "api-cache")
    assert image.inputs["build"]["cacheFrom"] == {"images": [cache.inputs["imageName"]]}
    assert image.inputs["build"]["args"] == {"BUILDKIT_INLINE_CACHE": "1"}
    assert image.inputs["imageName"] != cache.inputs["imageName"]
    assert image.inputs["build"] == cache.inputs["build"]
    assert image.urn in cache.dependencies  # its layers are at hand, and the cache is never ahead of what is deployed


def test_the_tag_that_moves_is_the_one_that_may(stack):
    (excepted,) = stack.one("Repository", "api").inputs["imageTagMutabilityExclusionFilters"]
    assert stack.one("Image", "api-cache").inputs["imageName"].rsplit(":", 1)[1] == excepted["filter"]


def test_another_cache_setting_is_another_image_and_so_another_tag(declare):
    """The same tag can't be pushed twice, and the cache is written into the image."""
    tags = {
        cache: declare("dev", registry={"cache": cache}).one("Image", "api").inputs["imageName"]
        for cache in (True, False)
    }
    assert len(set(tags.values())) == 2


def test_nobody_of_another_account_pulls_or_pushes(stack):
    (statement,) = stack.json("RepositoryPolicy", "worker", "policy")["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert {"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:PutImage"} <= set(statement["Action"])
    assert statement["Condition"]["StringNotEquals"] == {"aws:PrincipalAccount": "210987654321"}
    assert "Resource" not in statement


def test_old_images_expire(stack):
    (rule,) = stack.json("LifecyclePolicy", "api", "policy")["rules"]
    assert rule["action"] == {"type": "expire"}
    assert (rule["selection"]["countType"], rule["selection"]["countNumber"]) == ("imageCountMoreThan", 20)


@pytest.mark.parametrize("name", ["api", "worker"])
def test_an_image_is_built_by_paths_that_mean_the_same_on_every_machine(stack, name):
    image = stack.one("Image", name).inputs
    assert (image["build"]["context"], image["build"]["dockerfile"]) == ("..", f"../services/{name}/Dockerfile")
    assert image["buildOnPreview"] is False
    assert image["build"]["builderVersion"] == "BuilderBuildKit"
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


ELSEWHERE = "ghcr.io/example/backlog-api@sha256:" + "b" * 64
OTHER_ECR = "345678901234.dkr.ecr.eu-west-1.amazonaws.com/backlog/worker@sha256:" + "c" * 64


def test_an_image_that_a_pipeline_built_is_run_as_it_is(declare):
    """Where images are given, nothing is built and no Docker is needed."""
    stack = declare("dev", images={"api": ELSEWHERE, "worker": OTHER_ECR})
    assert not stack.all("Image")
    assert not stack.all("Repository")
    assert not stack.invokes
    assert stack.containers("api")["api"]["image"] == ELSEWHERE
    assert stack.containers("worker")["migrate"]["image"] == OTHER_ECR


def test_a_task_may_pull_from_the_ecr_that_its_image_is_in_and_from_no_other(declare):
    stack = declare("dev", images={"api": ELSEWHERE, "worker": OTHER_ECR})
    pulled = {
        name: [
            statement["Resource"]
            for statement in stack.json("RolePolicy", f"{name}-execution", "policy")["Statement"]
            if "ecr:BatchGetImage" in statement["Action"]
        ]
        for name in ("api", "worker")
    }
    assert pulled == {"api": [], "worker": ["arn:aws:ecr:eu-west-1:345678901234:repository/backlog/worker"]}


@pytest.mark.parametrize(
    ("registry", "arn"),
    [
        ("1" * 12 + ".dkr.ecr.cn-north-1.amazonaws.com.cn", "arn:aws-cn:ecr:cn-north-1:111111111111:repository/api"),
        (
            "1" * 12 + ".dkr.ecr.us-gov-west-1.amazonaws.com",
            "arn:aws-us-gov:ecr:us-gov-west-1:111111111111:repository/api",
        ),
        ("example.com", None),
    ],
)
def test_the_repository_is_read_off_the_images_address(registry, arn):
    assert GivenImage(digest=f"{registry}/api@sha256:{'d' * 64}").repository_arn == arn


def test_an_image_by_tag_is_refused(declare):
    with pytest.raises(pulumi.RunError, match=r"images\.api"):
        declare("dev", images={"api": "ghcr.io/example/backlog-api:latest"})
