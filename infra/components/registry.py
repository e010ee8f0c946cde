"""An image: its repository, its build and its push.

Creates: ECR repository (scan on push, immutable tags, encrypted) with a lifecycle policy, and the image, built from the
checkout and pushed. The tag follows from what the image is built from; tasks refer to it by digest.
"""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker

from infra.build_context import context_digest

_KEPT_IMAGES = 20


@dataclass(frozen=True, kw_only=True)
class ServiceImageArgs:
    """`dockerfile` is relative to the program; without `protect` the repository goes with the images in it."""

    dockerfile: str
    platform: str
    protect: bool


class ServiceImage(pulumi.ComponentResource):
    """An image in its repository.

    Attributes:
        digest: `repository@sha256:...`, what a task definition names.
        repository_arn: whom a task's execution role may pull from.
    """

    def __init__(self, name: str, args: ServiceImageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:ServiceImage", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        repository = aws.ecr.Repository(
            name,
            image_tag_mutability="IMMUTABLE",
            force_delete=not args.protect,
            image_scanning_configuration=aws.ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
            encryption_configurations=[aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type="AES256")],
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        aws.ecr.LifecyclePolicy(
            name,
            repository=repository.name,
            policy=json.dumps(
                {
                    "rules": [
                        {
                            "rulePriority": 1,
                            "description": f"Keep the last {_KEPT_IMAGES} images",
                            "selection": {
                                "tagStatus": "any",
                                "countType": "imageCountMoreThan",
                                "countNumber": _KEPT_IMAGES,
                            },
                            "action": {"type": "expire"},
                        }
                    ]
                }
            ),
            opts=child,
        )
        login = aws.ecr.get_authorization_token_output(
            registry_id=repository.registry_id, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        build = {"context": "..", "dockerfile": args.dockerfile, "platform": args.platform}
        tag = context_digest(build)[:12]
        # BuildKit writes its cache into the image itself, so that any machine can build on what was pushed.
        image = docker.Image(
            name,
            image_name=pulumi.Output.format("{0}:{1}", repository.repository_url, tag),
            build_on_preview=False,
            build=docker.DockerBuildArgs(
                **build,
                builder_version=docker.BuilderVersion.BUILDER_BUILD_KIT,
                args={"BUILDKIT_INLINE_CACHE": "1"},
                cache_from=docker.CacheFromArgs(
                    images=[pulumi.Output.format("{0}:{1}", repository.repository_url, tag)]
                ),
            ),
            registry=docker.RegistryArgs(
                server=repository.repository_url,
                username=login.user_name,
                password=pulumi.Output.secret(login.password),
            ),
            opts=child,
        )
        self.digest: pulumi.Output[str] = image.repo_digest
        self.repository_arn: pulumi.Output[str] = repository.arn
        self.register_outputs({"digest": self.digest})
