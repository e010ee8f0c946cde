"""An image: its repository, its build and its push.

Creates: ECR repository (scan on push, tags that don't move, encrypted) with a policy and a lifecycle policy, and the
image, built from the checkout and pushed; by setting, its layers again under the tag that the next build begins with.
"""

import json
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker

from infra.build_context import context_digest

#: The one tag that moves. No task definition names it: they name digests.
CACHE_TAG = "cache"


@dataclass(frozen=True, kw_only=True)
class ServiceImageArgs:
    """`dockerfile` is relative to the program; without `protect` the repository goes with the images in it.

    `encryption` is "aes256" or "kms"; `kept` is how many images stay; with `cache` a build begins with the last
    one's layers.
    """

    dockerfile: str
    platform: str
    protect: bool
    encryption: str
    kept: int
    cache: bool


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
            image_tag_mutability="IMMUTABLE_WITH_EXCLUSION" if args.cache else "IMMUTABLE",
            image_tag_mutability_exclusion_filters=[
                aws.ecr.RepositoryImageTagMutabilityExclusionFilterArgs(filter=CACHE_TAG, filter_type="WILDCARD")
            ]
            if args.cache
            else None,
            force_delete=not args.protect,
            image_scanning_configuration=aws.ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
            encryption_configurations=[
                aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type=args.encryption.upper()),
            ],
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        aws.ecr.RepositoryPolicy(
            name, repository=repository.name, policy=repository.registry_id.apply(_own_account), opts=child
        )
        aws.ecr.LifecyclePolicy(name, repository=repository.name, policy=_keep(args.kept), opts=child)
        image = _pushed(name, args, repository, child)
        self.digest: pulumi.Output[str] = image.repo_digest
        self.repository_arn: pulumi.Output[str] = repository.arn
        self.register_outputs({"digest": self.digest})


def _pushed(
    name: str, args: ServiceImageArgs, repository: aws.ecr.Repository, opts: pulumi.ResourceOptions
) -> docker.Image:
    """The image under a tag that follows from what it is built from, and with `cache` under the tag that moves.

    BuildKit writes into an image what it takes to build on it (an inline cache); the docker plugin pulls the one that
    is named in `cache_from`, and goes on without where there is none yet. A tag is used once, so the next build can't
    know this one's: the same build, which is at hand by now, is pushed again under a tag that every build knows.
    Sources: Docker's documentation, "Inline cache"; pulumi-docker's provider, `dockerBuild`.
    """
    login = aws.ecr.get_authorization_token_output(
        registry_id=repository.registry_id, opts=pulumi.InvokeOutputOptions(parent=opts.parent)
    )
    build: dict[str, Any] = {"context": "..", "dockerfile": args.dockerfile, "platform": args.platform}
    if args.cache:
        build["args"] = {"BUILDKIT_INLINE_CACHE": "1"}
    cached = pulumi.Output.format("{0}:{1}", repository.repository_url, CACHE_TAG)

    def pushed(resource: str, tag: str, after: list[pulumi.Resource]) -> docker.Image:
        return docker.Image(
            resource,
            image_name=pulumi.Output.format("{0}:{1}", repository.repository_url, tag),
            build_on_preview=False,
            build=docker.DockerBuildArgs(
                **build,
                builder_version=docker.BuilderVersion.BUILDER_BUILD_KIT,
                cache_from=docker.CacheFromArgs(images=[cached]) if args.cache else None,
            ),
            registry=docker.RegistryArgs(
                server=repository.repository_url,
                username=login.user_name,
                password=pulumi.Output.secret(login.password),
            ),
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=after)),
        )

    image = pushed(name, context_digest(build)[:12], [])
    if args.cache:
        pushed(f"{name}-cache", CACHE_TAG, [image])
    return image


def _keep(images: int) -> str:
    return json.dumps(
        {
            "rules": [
                {
                    "rulePriority": 1,
                    "description": f"Keep the last {images} images",
                    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": images},
                    "action": {"type": "expire"},
                }
            ]
        }
    )


def _own_account(account: str) -> str:
    """Nobody of another account pulls or pushes, whatever rights somebody grants later; AWS's own services may scan.

    Source: Amazon ECR User Guide, "Private repository policies": statements name no resource.
    """
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "OwnAccountOnly",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": [
                        "ecr:BatchGetImage",
                        "ecr:CompleteLayerUpload",
                        "ecr:GetDownloadUrlForLayer",
                        "ecr:InitiateLayerUpload",
                        "ecr:PutImage",
                        "ecr:UploadLayerPart",
                    ],
                    "Condition": {
                        "StringNotEquals": {"aws:PrincipalAccount": account},
                        "Bool": {"aws:PrincipalIsAWSService": "false"},
                    },
                }
            ],
        }
    )
