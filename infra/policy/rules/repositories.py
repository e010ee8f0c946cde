"""ECR."""

from collections.abc import Iterator

from infra.policy.resources import Resource, Stack
from infra.policy.rule import Severity, rule
from infra.policy.rules.statements import open_to_anyone

REPOSITORY = "aws:ecr/repository:Repository"
POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"


@rule(
    "ecr-scan", REPOSITORY, control="ECR.1", severity=Severity.HIGH,
    why="Known vulnerabilities of an image are found by nobody.",
    mend="Set scan_on_push.",
)  # fmt: skip
def scan(repository: Resource, _: Stack) -> Iterator[str]:
    if repository.get("imageScanningConfiguration.scanOnPush") is not True:
        yield "does not scan what is pushed"


@rule(
    "ecr-immutable-tags", REPOSITORY, control="ECR.2", severity=Severity.MEDIUM,
    why="What a tag says was deployed may not be what was.",
    mend="Set image_tag_mutability to IMMUTABLE, or IMMUTABLE_WITH_EXCLUSION and a tag by its whole name.",
)  # fmt: skip
def immutable_tags(repository: Resource, _: Stack) -> Iterator[str]:
    """A tag that stands by its whole name, and which nobody deploys by, may move; a pattern of them may not."""
    excepted = [str(entry.get("filter")) for entry in repository.get("imageTagMutabilityExclusionFilters") or []]
    if repository.get("imageTagMutability", "MUTABLE") not in ("IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION"):
        yield "lets tags be moved"
    elif patterns := [pattern for pattern in excepted if "*" in pattern]:
        yield f"lets tags like {', '.join(patterns)} be moved"


@rule(
    "ecr-lifecycle", REPOSITORY, control="ECR.3", severity=Severity.MEDIUM,
    why="Images are kept, and paid for, for ever.",
    mend="Add a LifecyclePolicy.",
)  # fmt: skip
def lifecycle(repository: Resource, stack: Stack) -> Iterator[str]:
    policies = stack.referring("aws:ecr/lifecyclePolicy:LifecyclePolicy", "repository", repository)
    if not any(policy.document("policy").get("rules") for policy in policies):
        yield "keeps every image for ever"


@rule(
    "ecr-encrypted", REPOSITORY, severity=Severity.LOW,
    why="What encrypts the images should be said, and not be left to a default.",
    mend="Set encryption_configurations.",
)  # fmt: skip
def encrypted(repository: Resource, _: Stack) -> Iterator[str]:
    if repository.get("encryptionConfigurations.0.encryptionType") not in ("AES256", "KMS", "KMS_DSSE"):
        yield "does not say how it is encrypted"


@rule(
    "ecr-not-public", POLICY, severity=Severity.CRITICAL,
    why="Anyone can pull the images, or push others in their place.",
    mend="Name the principals.",
)  # fmt: skip
def not_public(policy: Resource, _: Stack) -> Iterator[str]:
    if open_to_anyone(policy.document("policy")):
        yield "lets anyone use the repository"
