"""What tasks and functions run under: without it they do not start, or are refused what they call."""

from collections.abc import Iterator
from typing import Final

from infra.review.finding import Finding, Verdict
from infra.review.preview import Change, Preview, State
from infra.review.serving import deleted, entries, goes_first, identity, kind, told


def find(preview: Preview) -> Iterator[Finding]:
    """Roles that go for a while, and policies without which nothing starts; what they allow is the permissions'."""
    for change in preview.changed:
        match kind(change.type):
            case "ecs/taskDefinition":
                yield from _definition(preview, change)
            case "iam/role":
                yield from _role(preview, change)
                yield from _needed(preview, change, change.urn, _managed(change.before) - _managed(change.after))
            case "iam/rolePolicyAttachment":
                if deleted(change) or change.op == "replace":
                    lost = {identity(change.before, "policyArn")} - _attached(preview, identity(change.before, "role"))
                    yield from _needed(preview, change, identity(change.before, "role"), lost)


def _definition(preview: Preview, change: Change) -> Iterator[Finding]:
    """Fargate has no rights of its own: it fetches images and secrets under the execution role."""
    old, new = change.before, change.after
    if old is None or new is None or old.raw("executionRoleArn") is None or new.raw("executionRoleArn") is not None:
        return
    users = [user for user in preview.dependents(change.urn) if kind(user.type) == "ecs/service"]
    if users:
        sentence = (
            "has no execution role any more: its tasks can't fetch images and secrets, or write logs, and don't start"
        )
        yield told(preview, change, sentence, Verdict.DANGEROUS)


def _role(preview: Preview, change: Change) -> Iterator[Finding]:
    """A role that something runs under; what it may do is the permissions' matter."""
    runs = [user for user in preview.dependents(change.urn) if kind(user.type) in RUN_UNDER_A_ROLE]
    if goes_first(change) and any(user.before for user in runs):
        sentence = "is deleted before its replacement is there: what runs under it is refused meanwhile"
        yield told(
            preview, change, sentence, Verdict.DANGEROUS, [f"runs under it: {user.label}" for user in runs], names=False
        )


def _needed(preview: Preview, change: Change, role: str, lost: set[str]) -> Iterator[Finding]:
    """Policies of AWS's own without which what runs under a role does not even start."""
    users = [user for user in preview.dependents(role) if kind(user.type) in RUN_UNDER_A_ROLE and user.after]
    for policy in sorted(lost):
        does = _NEEDED.get(policy.rsplit("/", 1)[-1])
        if does and users and (role not in preview.by_urn or preview.by_urn[role].after is not None):
            who = ", ".join(user.label for user in users[:_TOLD])
            sentence = f"takes {policy.rsplit('/', 1)[-1]} from what {who} runs under: {does}"
            yield told(preview, change, sentence, Verdict.DANGEROUS, names=False)


#: Resources that are named in a title.
_TOLD: Final = 3
#: Source: AWS Managed Policy Reference Guide.
_NEEDED: Final = {
    "AmazonECSTaskExecutionRolePolicy": "its tasks can't fetch their image or write logs, and none starts",
    "AWSLambdaVPCAccessExecutionRole": "it can't join its network, and is not invoked",
    "AmazonEKSClusterPolicy": "the cluster can't work in the account",
    "AmazonEKSWorkerNodePolicy": "its nodes can't join the cluster",
    "AmazonEKS_CNI_Policy": "its pods get no addresses",
    "AmazonEC2ContainerRegistryReadOnly": "its nodes can't fetch images",
    "AmazonEC2ContainerRegistryPullOnly": "its nodes can't fetch images",
}


def _managed(role: State | None) -> set[str]:
    """The policies that a role names itself."""
    return {one for one in entries(role.raw("managedPolicyArns")) if isinstance(one, str)} if role else set()


def _attached(preview: Preview, role: str) -> set[str]:
    """The policies that are attached to a role once all is done."""
    users = [user.after for user in preview.dependents(role) if kind(user.type) == "iam/rolePolicyAttachment"]
    own = preview.by_urn.get(role)
    return {identity(user, "policyArn") for user in users if user} | (_managed(own.after) if own else set())


RUN_UNDER_A_ROLE: Final = (
    "ecs/taskDefinition",
    "ecs/service",
    "lambda/function",
    "iam/instanceProfile",
    "eks/cluster",
    "eks/nodeGroup",
    "sfn/stateMachine",
    "apprunner/service",
    "rds/proxy",
)
