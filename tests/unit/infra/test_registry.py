"""Images: built from the checkout, pushed to a repository of their own, and referred to by digest."""

import json
import shutil

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


@pytest.fixture
def context(tmp_path, monkeypatch):
    """A small program and what its image is built from."""
    (tmp_path / "infra").mkdir()
    service = tmp_path / "services" / "api"
    service.mkdir(parents=True)
    (service / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    (service / "Dockerfile.dockerignore").write_text("*\n!services/api/app.py\n**/__pycache__\n", encoding="utf-8")
    (service / "app.py").write_text("1\n", encoding="utf-8")
    monkeypatch.setattr(build_context, "PROGRAM", tmp_path / "infra")
    return tmp_path


BUILD = {"context": "..", "dockerfile": "../services/api/Dockerfile", "platform": "linux/arm64"}


def test_the_tag_changes_with_every_file_that_the_image_holds(context):
    before = build_context.context_digest(BUILD)
    (context / "services/api/app.py").write_text("2\n", encoding="utf-8")
    assert build_context.context_digest(BUILD) != before


def test_the_tag_changes_with_the_dockerfile_and_with_the_platform(context):
    before = build_context.context_digest(BUILD)
    assert build_context.context_digest({**BUILD, "platform": "linux/amd64"}) != before
    (context / "services/api/Dockerfile").write_text("FROM debian\n", encoding="utf-8")
    assert build_context.context_digest(BUILD) != before


def test_the_tag_does_not_change_with_what_is_ignored(context):
    before = build_context.context_digest(BUILD)
    (context / "README.md").write_text("new\n", encoding="utf-8")
    (context / "services/api/__pycache__").mkdir()
    (context / "services/api/__pycache__/app.pyc").write_text("new\n", encoding="utf-8")
    assert build_context.context_digest(BUILD) == before


def test_the_tag_is_the_same_in_another_checkout(context, tmp_path_factory, monkeypatch):
    before = build_context.context_digest(BUILD)
    other = tmp_path_factory.mktemp("other") / "checkout"
    shutil.copytree(context, other)
    monkeypatch.setattr(build_context, "PROGRAM", other / "infra")
    assert build_context.context_digest(BUILD) == before
